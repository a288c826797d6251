"""What entries mean: taps with both verdicts, passages, punches, alarms, effects."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Index,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from core.ids import EdgeId, EntitlementId, EpochId, HolderId, ZoneId
from hub.columns import TENANT, Flag, Instant, Whole, table


def _of_an_entry() -> list[Column[Any]]:
    """Whose entry it is, when it happened by the corrected clock, and by the edge's own."""
    return [
        Column("position", Whole, primary_key=True, autoincrement=False),
        Column("edge", Text, nullable=False),
        Column("epoch", Text, nullable=False),
        Column("seq", Whole, nullable=False),
        Column("site", Text, nullable=False),
        Column("at", Instant, nullable=False),
        Column("raw_at", Instant, nullable=False),
        Column("clock", Text, nullable=False),
        Column("uncertainty_ms", Whole, nullable=False),
    ]


_taps = table(
    TENANT,
    "taps",
    *_of_an_entry(),
    Column("access_point", Text, nullable=False),
    Column("credential", Text, nullable=False),
    Column("credential_kind", Text, nullable=False),
    Column("holder", Text),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("entitlement", Text),
    Column("units", Whole, nullable=False),
    Column("zone_to", Text),
    Column("retry_at", Instant),
    Column("cache_version", Whole, nullable=False),
    Column("facts", Text, nullable=False),
    Column("hub_verdict", Text),
    Column("hub_reason", Text),
    Column("hub_facts", Text),
    Column("opinion", Text),
    Column("judged_at", Instant),
)
Index(None, _taps.c.entitlement, _taps.c.at)
Index(None, _taps.c.holder, _taps.c.at)
Index(None, _taps.c.at)

_passages = table(
    TENANT,
    "passages",
    *_of_an_entry(),
    Column("door", Text, nullable=False),
    Column("access_point", Text),
    Column("movement", Text, nullable=False),
    Column("grant_epoch", Text),
    Column("grant_seq", Whole),
    Column("holder", Text),
    Column("entitlement", Text),
    Column("units", Whole, nullable=False),
    Column("zone_to", Text),
)
Index(None, _passages.c.at)

_punches = table(
    TENANT,
    "punches",
    *_of_an_entry(),
    Column("access_point", Text, nullable=False),
    Column("credential", Text, nullable=False),
    Column("credential_kind", Text, nullable=False),
    Column("holder", Text),
    Column("kind", Text, nullable=False),
    Column("cache_version", Whole, nullable=False),
)
Index(None, _punches.c.holder, _punches.c.at)
Index(None, _punches.c.at)

_alarms = table(
    TENANT,
    "alarms",
    Column("id", Whole, primary_key=True),
    # Of the entry that told it, or of the tap that was judged; null where the hub found it.
    Column("position", Whole),
    Column("edge", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("part", Text, nullable=False),
    Column("alarm", Text, nullable=False),
    Column("detail", Text, nullable=False),
)
Index(None, _alarms.c.at)
Index(None, _alarms.c.position)

_effects = table(
    TENANT,
    "effects",
    *_of_an_entry(),
    Column("holder", Text),
    Column("entitlement", Text),
    Column("units", Whole, nullable=False),
    Column("moves", Flag, nullable=False),
    Column("zone", Text),
    Column("opens", Flag, nullable=False),
    Column("settles_epoch", Text),
    Column("settles_seq", Whole),
)
Index(None, _effects.c.entitlement, _effects.c.at)
Index(None, _effects.c.holder, _effects.c.at)
Index(None, _effects.c.edge, _effects.c.settles_epoch, _effects.c.settles_seq)

_offsets = table(
    TENANT,
    "projections",
    Column("name", Text, primary_key=True),
    Column("position", Whole, nullable=False),
)
_PROJECTOR = "taps"

KINDS: Mapping[str, Table] = {
    "taps": _taps,
    "passages": _passages,
    "punches": _punches,
    "alarms": _alarms,
}
"""What can be listed."""

_INSERTS = {kind: insert(each) for kind, each in KINDS.items()}
_INSERT_EFFECT = insert(_effects)
_SET_OPINION = update(_taps).where(_taps.c.position == bindparam("judged_position"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands among an edge's entries, and when, by the corrected clock."""

    edge: EdgeId
    epoch: EpochId
    seq: int
    at: datetime


def offset(connection: Connection) -> int:
    """The position of the last entry that was folded."""
    query = select(_offsets.c.position).where(_offsets.c.name == _PROJECTOR)
    return connection.execute(query).scalar() or 0


def set_offset(connection: Connection, position: int) -> None:
    changed = connection.execute(
        update(_offsets).where(_offsets.c.name == _PROJECTOR).values(position=position)
    )
    if changed.rowcount == 0:
        connection.execute(insert(_offsets).values(name=_PROJECTOR, position=position))


def forget(connection: Connection) -> None:
    """Remove all that follows from entries, for a run from the beginning."""
    for each in (_taps, _passages, _punches, _effects):
        connection.execute(delete(each))
    connection.execute(delete(_alarms).where(_alarms.c.position.is_not(None)))
    set_offset(connection, 0)


def add(connection: Connection, kind: str, values: Mapping[str, object]) -> None:
    """One row of a listed kind."""
    connection.execute(_INSERTS[kind], dict(values))


def add_effect(connection: Connection, values: Mapping[str, object]) -> None:
    connection.execute(_INSERT_EFFECT, dict(values))


def set_opinion(connection: Connection, position: int, values: Mapping[str, object]) -> None:
    connection.execute(_SET_OPINION, {"judged_position": position, **values})


def tap(connection: Connection, position: int) -> Any:
    """The row of one tap, None if there is none."""
    return connection.execute(select(_taps).where(_taps.c.position == position)).first()


def later_taps(
    connection: Connection, entitlement: EntitlementId, after: datetime, limit: int
) -> list[Any]:
    """Taps that used or were refused this right after an instant, first first."""
    query = (
        select(_taps)
        .where(_taps.c.entitlement == entitlement, _taps.c.at > after)
        .order_by(_taps.c.at)
        .limit(limit)
    )
    return list(connection.execute(query))


def taken(
    connection: Connection, entitlements: Iterable[EntitlementId], before: Place | None
) -> dict[EntitlementId, int]:
    """Units taken of each entitlement, by everything or by what was before a place."""
    values = {"entitlements": list(entitlements)} | _values(before)
    found = connection.execute(_TAKEN if before is None else _TAKEN_BEFORE, values)
    return {EntitlementId(row.entitlement): row.units for row in found}


def last_move(
    connection: Connection, holder: HolderId, before: Place | None
) -> tuple[ZoneId | None, datetime] | None:
    """The zone a holder moved into last, and when by the edge's clock."""
    query = _LAST_MOVE if before is None else _LAST_MOVE_BEFORE
    row = connection.execute(query, {"holder": holder} | _values(before)).first()
    return None if row is None else (row.zone, row.raw_at)


def open_grant(
    connection: Connection, holder: HolderId, before: Place
) -> tuple[EpochId, int] | None:
    """A grant of the holder at that edge that was not settled yet."""
    row = connection.execute(_OPEN_GRANT, {"holder": holder} | _values(before)).first()
    return None if row is None else (EpochId(row.epoch), row.seq)


def _values(place: Place | None) -> dict[str, object]:
    if place is None:
        return {}
    return {
        "before_edge": place.edge,
        "before_epoch": place.epoch,
        "before_seq": place.seq,
        "before_at": place.at,
    }


def _is_earlier(effects: FromClause) -> ColumnElement[bool]:
    """Earlier among the entries of one edge."""
    epoch: BindParameter[str] = bindparam("before_epoch")
    return or_(
        effects.c.epoch < epoch,
        and_(effects.c.epoch == epoch, effects.c.seq < bindparam("before_seq")),
    )


# Built once: these run for every tap, and building costs more than running.
# Within an edge order is epoch and seq; across edges it is corrected time.
_IS_BEFORE = or_(
    and_(_effects.c.edge == bindparam("before_edge"), _is_earlier(_effects)),
    and_(_effects.c.edge != bindparam("before_edge"), _effects.c.at < bindparam("before_at")),
)
_TAKEN = (
    select(_effects.c.entitlement, func.sum(_effects.c.units).label("units"))
    .where(_effects.c.entitlement.in_(bindparam("entitlements", expanding=True)))
    .group_by(_effects.c.entitlement)
)
_TAKEN_BEFORE = _TAKEN.where(_IS_BEFORE)
_LAST_MOVE = (
    select(_effects.c.zone, _effects.c.raw_at)
    .where(_effects.c.holder == bindparam("holder"), _effects.c.moves)
    .order_by(_effects.c.at.desc(), _effects.c.epoch.desc(), _effects.c.seq.desc())
    .limit(1)
)
_LAST_MOVE_BEFORE = _LAST_MOVE.where(_IS_BEFORE)
_settling = _effects.alias("settling")
_OPEN_GRANT = (
    select(_effects.c.epoch, _effects.c.seq)
    .where(
        _effects.c.holder == bindparam("holder"),
        _effects.c.opens,
        _effects.c.edge == bindparam("before_edge"),
        _is_earlier(_effects),
        ~exists().where(
            _settling.c.edge == _effects.c.edge,
            _settling.c.settles_epoch == _effects.c.epoch,
            _settling.c.settles_seq == _effects.c.seq,
            _is_earlier(_settling),
        ),
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which rows are wanted, newest first; `cursor` is the last position already seen."""

    edge: str | None = None
    holder: str | None = None
    access_point: str | None = None
    opinion: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    cursor: int | None = None
    limit: int = 100


def listed(connection: Connection, kind: str, wanted: Filter) -> Sequence[Any]:
    """Rows of a kind; a filter by a column that the kind lacks selects nothing of it."""
    rows = KINDS[kind]
    number = rows.c.id if kind == "alarms" else rows.c.position
    query = select(rows).order_by(number.desc()).limit(wanted.limit)
    for name in ("edge", "holder", "access_point", "opinion"):
        value = getattr(wanted, name)
        if value is not None and name in rows.c:
            query = query.where(rows.c[name] == value)
    if wanted.since is not None:
        query = query.where(rows.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(rows.c.at < wanted.until)
    if wanted.cursor is not None:
        query = query.where(number < wanted.cursor)
    return list(connection.execute(query))
