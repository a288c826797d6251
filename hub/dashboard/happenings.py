"""What happened at gates and terminals, as rows that people read: newest first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from core.entitlement import Entitlement
from core.entries import Entry, Verdict
from core.ids import EntitlementId, HolderId
from core.punch import PunchKind
from core.reasons import SAYINGS, Language, Reason, come_back, units_left
from hub.dashboard.gathering import KINDS, ROWS_MAX, Found, Row, gathered, with_announced
from hub.dashboard.hints import Hinted
from hub.dashboard.places import Places
from hub.dashboard.words import (
    CALM,
    MOVEMENTS,
    OPINIONS,
    PUNCHES,
    VERDICTS,
    alarm_text,
    reason_text,
    sentence,
)
from hub.edges import service as edges
from hub.entitlements import service as entitlements
from hub.errors import NotFoundError, message
from hub.taps import figures
from hub.taps.opinion import Opinion
from hub.taps.service import Filter

_OF_A_GRANT = frozenset({"passed", "no-show"})
_TOLD_AS_PASSAGE = frozenset({"forced", "reverse", "tailgate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A person as a link."""

    id: HolderId
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One row. `why` is its reason, `then` what followed; `state` changes when its words do."""

    id: str
    kind: str
    at: datetime
    zone: ZoneInfo
    place: str
    why: str
    person: Who | None = None
    verdict: Verdict | None = None
    punch: PunchKind | None = None
    calm: bool = False
    hinted: bool = False
    then: str = ""
    opinion: str = ""
    with_what: str = ""
    says: str = ""

    @property
    def state(self) -> str:
        return f"{self.then}|{self.opinion}|{self.with_what}|{self.person}"


def newest(
    connection: Connection,
    where: Places,
    language: Language,
    *,
    kinds: Sequence[str] = KINDS,
    announced: Sequence[Entry] = (),
) -> list[Happening]:
    """The newest of these kinds together, ROWS_MAX at most, with what is announced of them."""
    found = gathered(connection, KINDS, Filter(limit=ROWS_MAX))
    if announced:
        found = with_announced(found, connection, announced)
    return _told(connection, where, language, found, kinds)


def of_holder(
    connection: Connection, holder: HolderId, where: Places, language: Language
) -> list[Happening]:
    """What one person did, newest first."""
    kinds = ("taps", "passages", "punches")
    wanted = Filter(holder=holder, limit=ROWS_MAX)
    return _told(connection, where, language, gathered(connection, kinds, wanted), kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Telling:
    """What is needed to tell rows: where, in which language, and the names in them."""

    connection: Connection
    where: Places
    language: Language
    names: Mapping[HolderId, str]
    rights: dict[EntitlementId, Entitlement | None]
    edges: Mapping[str, str]

    def who(self, holder: HolderId | None) -> Who | None:
        name = self.names.get(holder) if holder else None
        return Who(id=holder, name=name) if holder and name else None

    def right(self, entitlement: EntitlementId | None) -> Entitlement | None:
        """An entitlement, looked up once; None if there is none."""
        if entitlement is None:
            return None
        if entitlement not in self.rights:
            try:
                self.rights[entitlement] = entitlements.get(
                    self.connection, entitlement
                ).entitlement
            except NotFoundError:
                self.rights[entitlement] = None
        return self.rights[entitlement]


def _told(
    connection: Connection,
    where: Places,
    language: Language,
    found: Found,
    kinds: Sequence[str],
) -> list[Happening]:
    telling = _Telling(
        connection=connection,
        where=where,
        language=language,
        names=found.names,
        rights={},
        edges={each.id: each.name for each in edges.everyone(connection)},
    )
    endings = {
        (row.edge, row.grant_epoch, row.grant_seq): row.movement
        for row in found.rows.get("passages", ())
        if row.grant_epoch is not None
    }
    tellers: dict[str, Callable[[Row], Happening | None]] = {
        "taps": lambda row: _tap(row, endings.get((row.edge, row.epoch, row.seq)), telling),
        "passages": lambda row: _passage(row, telling),
        "punches": lambda row: _punch(row, telling),
        "alarms": lambda row: _alarm(row, telling),
    }
    told = [
        _marked(tellers[kind](row), row, language)
        for kind in kinds
        for row in found.rows.get(kind, ())
    ]
    shown = sorted((each for each in told if each), key=lambda each: each.at, reverse=True)
    return [_said(each, language) for each in shown[:ROWS_MAX]]


def _marked(each: Happening | None, row: Row, language: Language) -> Happening | None:
    """What is only announced says so, so that nobody takes it for the record."""
    if each is None or not isinstance(row, Hinted):
        return each
    return replace(each, hinted=True, opinion=message("Not stored yet").in_(language))


def _tap(row: Row, ending: str | None, telling: _Telling) -> Happening:
    verdict, reason = Verdict(row.verdict), Reason(row.reason)
    zone = telling.where.zone_at(row.site)
    return Happening(
        id=_id(row),
        kind="tap",
        at=row.at,
        zone=zone,
        place=telling.where.name_of(row.access_point),
        person=telling.who(row.holder),
        verdict=verdict,
        why=reason_text(reason, telling.language),
        then=_after(ending, telling.language) if verdict.opens else _help(row, reason, telling),
        opinion=_opinion(row, telling.language),
        with_what=_used(row, telling),
    )


def _after(ending: str | None, language: Language) -> str:
    """Whether the person went through, once the barrier has told."""
    if ending is None:
        return ""
    told = MOVEMENTS.get(ending)
    return told.in_(language) if told else ending


def _help(row: Row, reason: Reason, telling: _Telling) -> str:
    """When to come back, else what would help."""
    if row.retry_at is not None:
        zone = telling.where.zone_at(row.site)
        return come_back(row.retry_at, row.at, zone).in_(telling.language)
    return SAYINGS[reason].remedy.in_(telling.language)


def _opinion(row: Row, language: Language) -> str:
    if row.opinion is None or row.opinion == Opinion.AGREE:
        return ""
    told = OPINIONS[Opinion(row.opinion)].in_(language)
    reason = SAYINGS[Reason(row.hub_reason)].title.in_(language) if row.hub_reason else ""
    return f"{told} ({reason})" if reason else told


def _used(row: Row, telling: _Telling) -> str:
    """The right that was used, and what was left of it after this."""
    right = telling.right(row.entitlement)
    if right is None:
        return ""
    if right.units is None or not row.units:
        return right.name
    taken = figures.taken_until(
        telling.connection, right.id, edge=row.edge, epoch=row.epoch, seq=row.seq, at=row.at
    )
    left = units_left(max(right.units - taken, 0))
    return f"{right.name} · {left.in_(telling.language)}"


def _passage(row: Row, telling: _Telling) -> Happening | None:
    """A passage that belongs to a person's tap is told with the tap."""
    if row.movement in _OF_A_GRANT and (row.holder or row.entitlement or not row.grant_epoch):
        return None
    opened = row.grant_epoch is not None and row.movement in _OF_A_GRANT
    told = MOVEMENTS.get(row.movement)
    movement = told.in_(telling.language) if told else row.movement
    by_staff = SAYINGS[Reason.OPENED_BY_COMMAND].remedy.in_(telling.language)
    return Happening(
        id=_id(row),
        kind="passage",
        at=row.at,
        zone=telling.where.zone_at(row.site),
        place=telling.where.name_of(row.access_point) if row.access_point else row.door,
        person=telling.who(row.holder),
        why=by_staff if opened else sentence(movement),
        then=movement if opened else "",
        calm=opened,
    )


def _punch(row: Row, telling: _Telling) -> Happening:
    kind = PunchKind(row.kind)
    recorded = Reason.PUNCHED_IN if kind is PunchKind.IN else Reason.PUNCHED_OUT
    reason = recorded if row.holder else Reason.PUNCHED_UNASSIGNED
    return Happening(
        id=_id(row),
        kind="punch",
        at=row.at,
        zone=telling.where.zone_at(row.site),
        place=telling.where.name_of(row.access_point),
        person=telling.who(row.holder),
        punch=kind,
        why=reason_text(reason, telling.language),
    )


def _alarm(row: Row, telling: _Telling) -> Happening | None:
    """A passage nobody released is told as a passage; the list of alarms has it too."""
    if row.alarm in _TOLD_AS_PASSAGE:
        return None
    return Happening(
        id=f"a-{row.id}",
        kind="alarm",
        at=row.at,
        zone=telling.where.zone_at(None),
        place=telling.edges.get(row.edge, row.edge),
        why=sentence(alarm_text(row.alarm, row.part, telling.language)),
        then=row.detail,
        calm=row.alarm in CALM,
    )


def _said(each: Happening, language: Language) -> Happening:
    """With a sentence for screen readers."""
    unknown = message("unknown card").in_(language) if each.kind in ("tap", "punch") else ""
    outcome = VERDICTS.get(each.verdict) if each.verdict else None
    punched = PUNCHES.get(each.punch) if each.punch else None
    words = (
        each.place,
        each.person.name if each.person else unknown,
        outcome.in_(language) if outcome else punched.in_(language) if punched else "",
        each.why,
    )
    return replace(each, says=", ".join(word for word in words if word))


def _id(row: Row) -> str:
    return f"e-{row.edge}-{row.epoch}-{row.seq}"
