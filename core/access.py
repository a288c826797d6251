"""The one decision: may this credential pass here now, why, with which right, and when if not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from core.credential import CredentialKey, CredentialKind
from core.entitlement import Entitlement, usable_from
from core.entries import Verdict
from core.ids import AccessPointId, EntitlementId, HolderId
from core.instants import ClockState, Moment
from core.presence import AccessPoint, AntiPassback, Presence
from core.reasons import Reason
from core.schedule import Calendar, is_open


class SiteMode(StrEnum):
    """The mode of a whole site."""

    NORMAL = "normal"
    LOCKDOWN = "lockdown"
    FREE = "free"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """A credential presented at an access point."""

    access_point: AccessPointId
    credential: CredentialKey
    credential_kind: CredentialKind
    moment: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCredential:
    """What is known of a presented credential; a holder who may never enter keeps it, blocked."""

    holder: HolderId
    blocked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """An entitlement with what is left of its units (None: without limit)."""

    entitlement: Entitlement
    units_left: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that a decision may look at besides the tap.

    `cache_as_of` is when the rows were last known to be the hub's current ones, None for never.
    `holdings` are all of the holder's, in the order of their ids.
    """

    access_point: AccessPoint
    mode: SiteMode
    calendar: Calendar
    credential: IssuedCredential | None
    holder_blocked: bool
    holdings: tuple[Holding, ...]
    presence: Presence | None
    passage_pending: bool
    cache_as_of: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The verdict and all a person at the gate is told; `units` are reserved by it."""

    verdict: Verdict
    reason: Reason
    entitlement: EntitlementId | None = None
    units: int = 0
    units_left: int | None = None
    retry_at: datetime | None = None


def decide(tap: Tap, facts: Facts) -> Decision:
    """Grant or deny, by checks in a fixed order; the first that applies gives the reason.

    Person and place: malformed, unknown, free passage, exit, blocked, lockdown, nothing for this
    access point. Each right: clock unknown, cache too old, not yet valid, expired, outside its
    window. Then: passage pending, already inside, no units left.
    """
    reason = _person_and_place(tap, facts)
    if reason is not None:
        opens = reason in _OPENING
        return Decision(verdict=Verdict.ALLOW if opens else Verdict.DENY, reason=reason)
    here = [h for h in facts.holdings if facts.access_point.zone_to in h.entitlement.zones]
    if not here:
        return Decision(verdict=Verdict.DENY, reason=Reason.NO_ENTITLEMENT)
    hindrances = {h.entitlement.id: _hindrance(h.entitlement, tap.moment, facts) for h in here}
    usable = [h for h in here if hindrances[h.entitlement.id] is None]
    if not usable:
        return _nearest_denial(here, hindrances, tap.moment, facts)
    return _with_usable(usable, facts)


_OPENING = frozenset({Reason.FREE_PASSAGE, Reason.EXIT})

# How far a right got through the checks: the reason told is that of the one that got furthest,
# since it is the one most easily put right.
_ORDER = (
    Reason.CLOCK_UNKNOWN,
    Reason.CACHE_TOO_OLD,
    Reason.NOT_YET_VALID,
    Reason.EXPIRED,
    Reason.OUTSIDE_WINDOW,
)
_RANK = {reason: rank for rank, reason in enumerate(_ORDER)}
_FAR = datetime.max.replace(tzinfo=UTC)


def _person_and_place(tap: Tap, facts: Facts) -> Reason | None:
    checks: tuple[tuple[Callable[[], bool], Reason], ...] = (
        (lambda: tap.credential_kind is CredentialKind.MALFORMED, Reason.MALFORMED_CREDENTIAL),
        (lambda: facts.credential is None, Reason.UNKNOWN_CREDENTIAL),
        (lambda: facts.mode in (SiteMode.FREE, SiteMode.EMERGENCY), Reason.FREE_PASSAGE),
        # Nobody is held inside: not the blocked, not in lockdown, not after expiry.
        (lambda: facts.access_point.leads_out, Reason.EXIT),
        (
            lambda: facts.credential is not None and facts.credential.blocked,
            Reason.CREDENTIAL_BLOCKED,
        ),
        (lambda: facts.holder_blocked, Reason.HOLDER_BLOCKED),
        (lambda: facts.mode is SiteMode.LOCKDOWN, Reason.LOCKDOWN),
    )
    return next((reason for applies, reason in checks if applies()), None)


def _hindrance(entitlement: Entitlement, moment: Moment, facts: Facts) -> Reason | None:
    """Why the right does not count at this moment, None if it does.

    A drifting clock must pass at both ends of its uncertainty: no doubt opens a gate.
    """
    if not entitlement.is_time_bound:
        return None
    if moment.clock is ClockState.UNKNOWN:
        return Reason.CLOCK_UNKNOWN
    ends = (moment.earliest, moment.latest) if moment.uncertainty else (moment.at,)
    reasons = [reason for at in ends if (reason := _hindrance_at(entitlement, at, facts))]
    return min(reasons, key=_RANK.__getitem__, default=None)


def _hindrance_at(entitlement: Entitlement, at: datetime, facts: Facts) -> Reason | None:
    bound = entitlement.staleness_bound
    if bound is not None and (facts.cache_as_of is None or at - facts.cache_as_of > bound):
        return Reason.CACHE_TOO_OLD
    if entitlement.valid_from is not None and at < entitlement.valid_from:
        return Reason.NOT_YET_VALID
    if entitlement.valid_until is not None and at >= entitlement.valid_until:
        return Reason.EXPIRED
    if not is_open(entitlement.weekly, facts.calendar, at):
        return Reason.OUTSIDE_WINDOW
    return None


def _nearest_denial(
    holdings: Iterable[Holding],
    hindrances: dict[EntitlementId, Reason | None],
    moment: Moment,
    facts: Facts,
) -> Decision:
    """The denial by the right that got furthest; among equals the one usable soonest."""
    denials = [
        Decision(
            verdict=Verdict.DENY,
            reason=reason,
            entitlement=holding.entitlement.id,
            retry_at=_retry_at(holding.entitlement, reason, moment, facts),
        )
        for holding in holdings
        if (reason := hindrances[holding.entitlement.id]) is not None
    ]
    return min(denials, key=lambda d: (-_RANK[d.reason], d.retry_at or _FAR, d.entitlement or ""))


def _retry_at(
    entitlement: Entitlement, reason: Reason, moment: Moment, facts: Facts
) -> datetime | None:
    if reason not in (Reason.NOT_YET_VALID, Reason.OUTSIDE_WINDOW):
        return None
    return usable_from(entitlement, facts.calendar, moment.at)


def _with_usable(usable: list[Holding], facts: Facts) -> Decision:
    if facts.passage_pending:
        return Decision(verdict=Verdict.DENY, reason=Reason.PASSAGE_PENDING)
    if _is_inside_already(facts):
        return Decision(verdict=Verdict.DENY, reason=Reason.ALREADY_INSIDE)
    with_units = [h for h in usable if h.units_left is None or h.units_left > 0]
    if not with_units:
        first = min(usable, key=_preference)
        return Decision(
            verdict=Verdict.DENY,
            reason=Reason.NO_UNITS_LEFT,
            entitlement=first.entitlement.id,
            units_left=0,
        )
    chosen = min(with_units, key=_preference)
    left = chosen.units_left
    return Decision(
        verdict=Verdict.ALLOW,
        reason=Reason.GRANTED,
        entitlement=chosen.entitlement.id,
        units=0 if left is None else 1,
        units_left=None if left is None else left - 1,
    )


def _is_inside_already(facts: Facts) -> bool:
    return (
        facts.access_point.anti_passback is AntiPassback.HARD
        and facts.presence is not None
        and facts.presence.zone == facts.access_point.zone_to
    )


def _preference(holding: Holding) -> tuple[datetime, int, str]:
    """Soonest to expire, then fewest units left, then by id: stated, not chance."""
    units = holding.units_left
    unlimited = 1 << 62
    return (
        holding.entitlement.valid_until or _FAR,
        unlimited if units is None else units,
        holding.entitlement.id,
    )
