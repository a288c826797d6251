"""A tap at a gate: facts, decide, record, release, show; in this order, always."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count

from core.access import Decision, Facts, Tap, decide
from core.credential import key_of
from core.entries import Commanded, Entry, Grant, Passed, Tapped, Verdict
from core.ids import AccessPointId, CommandId, DoorId, EntitlementId, HolderId, ZoneId
from core.ledger import digest, facts_of
from core.reasons import Reason
from edge_agent.cache import Picture
from edge_agent.clock import Reading
from edge_agent.commands import Outcome, judged
from edge_agent.health import Condition
from edge_agent.history import state_of
from edge_agent.journal import JournalError, OpenGrant
from edge_agent.ports import Cache, Display, Door, Moved, Movement, Presented, Shown
from edge_agent.recorder import Recorder, alarm
from wire.messages import Command

_NO_FACTS = "0" * 16
_NO_DOOR = DoorId("unknown")
_UNASKED = frozenset({Movement.FORCED, Movement.REVERSE, Movement.TAILGATE})
_ENDS = frozenset({Movement.PASSED, Movement.NO_SHOW})


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The door that an access point leads through."""

    id: DoorId
    door: Door


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """A tap that is judged but not yet recorded; `picture` and `facts` are what was seen."""

    tap: Tap
    decision: Decision
    picture: Picture | None
    facts: Facts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Released:
    """What a release reserved, until the barrier tells how it ended."""

    grant: Grant
    holder: HolderId | None = None
    entitlement: EntitlementId | None = None
    units: int = 0
    zone_to: ZoneId | None = None


class Gate:
    """All gates of one edge; one thread."""

    def __init__(
        self,
        *,
        gateways: Mapping[AccessPointId, Gateway],
        recorder: Recorder,
        cache: Cache,
        display: Display,
        site_key: bytes,
    ) -> None:
        self._gateways = gateways
        self._recorder = recorder
        self._cache = cache
        self._display = display
        self._site_key = site_key
        self._numbers = count(1)
        # A door settles every release, so this holds no more than stand before the gates.
        self._released: dict[int, _Released] = {}

    def tap(self, presented: Presented, reading: Reading, condition: Condition) -> Considered:
        """The whole way of a tap that waits for nothing."""
        considered = self.consider(presented, reading, condition)
        self.conclude(considered, reading)
        return considered

    def consider(self, presented: Presented, reading: Reading, condition: Condition) -> Considered:
        """Look the tap up and judge it; nothing has happened yet."""
        tap = Tap(
            access_point=presented.access_point,
            credential=key_of(self._site_key, presented.credential),
            credential_kind=presented.credential.kind,
            moment=reading.moment,
        )
        picture = self._cache.rows_for(tap.credential, tap.access_point)
        if picture is None:
            # Without any rows nobody can be known: the person is told of the gate, not the card.
            return _refused(tap, Reason.CACHE_TOO_OLD, None, None)
        try:
            facts = facts_of(picture.rows, state_of(self._recorder.journal, picture))
        except JournalError:
            return _refused(tap, Reason.NOT_RECORDED, picture, None)
        if self._gateways[tap.access_point].id in condition.out_of_order:
            return _refused(tap, Reason.OUT_OF_ORDER, picture, facts)
        return Considered(tap=tap, decision=decide(tap, facts), picture=picture, facts=facts)

    def conclude(self, considered: Considered, reading: Reading) -> None:
        """Record, then release, then show; what cannot be recorded is not released."""
        access_point = considered.tap.access_point
        gateway = self._gateways[access_point]
        body = _tapped(considered)
        try:
            entry = self._recorder.record(body, reading, door=gateway.id)
        except JournalError:
            not_recorded = Decision(verdict=Verdict.DENY, reason=Reason.NOT_RECORDED)
            self._show(replace(considered, decision=not_recorded))
            return
        if considered.decision.verdict.opens:
            self._release(access_point, _reserved(body, entry))
        self._show(considered)

    def moved(self, moved: Moved, reading: Reading) -> None:
        """Keep what a barrier did, with what its release had reserved."""
        if moved.movement in _ENDS:
            released = self._released.pop(moved.grant, None) if moved.grant is not None else None
            self._recorder.owe(_passed(moved, released), reading)
            return
        if moved.movement in _UNASKED:
            self._recorder.owe(_passed(moved, None), reading)
        detail = moved.access_point or ""
        self._recorder.owe(alarm(moved.door, moved.movement.value, detail), reading)

    def settle_earlier(self, reading: Reading) -> int:
        """Give back what was left open before this start; returns how many grants."""
        ours = {released.grant for released in self._released.values()}
        opened = self._recorder.journal.open_grants()
        earlier = [each for each in opened if each.grant not in ours]
        for each in earlier:
            self._recorder.owe(_given_back(each), reading)
        return len(earlier)

    def command(self, command: Command, reading: Reading, condition: Condition) -> Outcome | None:
        """Carry out an order to open, at most once; None if it ended already. JournalError."""
        if self._recorder.journal.knows_command(CommandId(command.id)):
            return None
        point = AccessPointId(command.access_point) if command.access_point else None
        gateway = self._gateways.get(point) if point else None
        is_working = gateway is not None and gateway.id not in condition.out_of_order
        outcome = judged(command, reading, is_gate=gateway is not None, is_working=is_working)
        entry = self._recorder.record(_commanded(command, point, outcome), reading)
        if outcome.executes and point is not None:
            self._release(point, _Released(grant=_grant(entry)))
            opened = Reason.OPENED_BY_COMMAND
            at = reading.moment.at
            self._display.show(
                Shown(access_point=point, verdict=Verdict.ALLOW, reason=opened, at=at)
            )
        return outcome

    def _show(self, considered: Considered) -> None:
        decision, picture = considered.decision, considered.picture
        self._display.show(
            Shown(
                access_point=considered.tap.access_point,
                verdict=decision.verdict,
                reason=decision.reason,
                at=considered.tap.moment.at,
                units_left=decision.units_left,
                retry_at=decision.retry_at,
                timezone=picture.rows.calendar.zone.key if picture else None,
            )
        )

    def _release(self, access_point: AccessPointId, released: _Released) -> None:
        number = next(self._numbers)
        self._released[number] = released
        self._gateways[access_point].door.release(access_point, number)


def _refused(tap: Tap, reason: Reason, picture: Picture | None, facts: Facts | None) -> Considered:
    """A gate that cannot judge or act stays shut; opening is for `decide` alone."""
    decision = Decision(verdict=Verdict.DENY, reason=reason)
    return Considered(tap=tap, decision=decision, picture=picture, facts=facts)


def _tapped(considered: Considered) -> Tapped:
    tap, decision, picture = considered.tap, considered.decision, considered.picture
    issued = picture.rows.credential if picture else None
    return Tapped(
        access_point=tap.access_point,
        credential=tap.credential,
        credential_kind=tap.credential_kind,
        holder=issued.holder if issued else None,
        verdict=decision.verdict,
        reason=decision.reason,
        entitlement=decision.entitlement,
        units=decision.units,
        zone_to=picture.rows.access_point.zone_to if picture else None,
        retry_at=decision.retry_at,
        cache_version=picture.version if picture else 0,
        facts=digest(considered.facts) if considered.facts else _NO_FACTS,
    )


def _grant(entry: Entry) -> Grant:
    return Grant(epoch=entry.key.epoch, seq=entry.key.seq)


def _reserved(body: Tapped, entry: Entry) -> _Released:
    return _Released(
        grant=_grant(entry),
        holder=body.holder,
        entitlement=body.entitlement,
        units=body.units,
        zone_to=body.zone_to,
    )


def _passed(moved: Moved, released: _Released | None) -> Passed:
    return Passed(
        door=moved.door,
        access_point=moved.access_point,
        movement=moved.movement.value,
        grant=released.grant if released else None,
        holder=released.holder if released else None,
        entitlement=released.entitlement if released else None,
        units=released.units if released else 0,
        zone_to=released.zone_to if released else None,
    )


def _given_back(opened: OpenGrant) -> Passed:
    return Passed(
        door=opened.door or _NO_DOOR,
        access_point=opened.access_point,
        movement=Movement.NO_SHOW.value,
        grant=opened.grant,
        holder=opened.holder,
        entitlement=opened.entitlement,
        units=opened.units,
        zone_to=opened.zone_to,
    )


def _commanded(command: Command, point: AccessPointId | None, outcome: Outcome) -> Commanded:
    return Commanded(
        command=CommandId(command.id),
        action=command.action,
        access_point=point,
        outcome=outcome.ending.value,
        detail=outcome.detail,
    )
