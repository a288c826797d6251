"""What entries do to units and presence, and the facts that follow: the one place for both."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.access import Facts, Holding, IssuedCredential, SiteMode
from core.chain import Json, canonical
from core.entitlement import Entitlement
from core.entries import Entry, Grant, Passed, Tapped
from core.ids import EntitlementId, HolderId, ZoneId
from core.instants import to_ms
from core.presence import AccessPoint, Presence
from core.schedule import Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one entry changes; stores keep these as rows with the entry's key and time.

    `units` is added to what is taken of `entitlement` (negative gives back). `presence` is the
    zone that `holder` is in afterwards. `opens` and `settles` name a grant that begins or ends.
    """

    holder: HolderId | None = None
    entitlement: EntitlementId | None = None
    units: int = 0
    moves: bool = False
    zone: ZoneId | None = None
    opens: Grant | None = None
    settles: Grant | None = None


NOTHING = Effect()


def effect_of(entry: Entry) -> Effect:
    """What the entry does: a grant reserves, a passage moves the holder, a no-show gives back."""
    match entry.body:
        case Tapped(verdict=verdict) as tapped if verdict.opens:
            return Effect(
                holder=tapped.holder,
                entitlement=tapped.entitlement,
                units=tapped.units,
                opens=Grant(epoch=entry.key.epoch, seq=entry.key.seq),
            )
        case Passed(movement="passed") as passed:
            return Effect(
                holder=passed.holder,
                moves=passed.holder is not None,
                zone=passed.zone_to,
                settles=passed.grant,
            )
        case Passed(movement="no-show") as passed:
            return Effect(
                holder=passed.holder,
                entitlement=passed.entitlement,
                units=-passed.units,
                settles=passed.grant,
            )
        case _:
            return NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Units taken, presence and open grants after a history; a store's rows say the same."""

    taken: Mapping[EntitlementId, int] = field(default_factory=dict)
    presence: Mapping[HolderId, Presence] = field(default_factory=dict)
    pending: Mapping[Grant, HolderId | None] = field(default_factory=dict)


def fold(state: State, entry: Entry) -> State:
    """The state after one more entry."""
    effect = effect_of(entry)
    if effect is NOTHING:
        return state
    taken, presence, pending = dict(state.taken), dict(state.presence), dict(state.pending)
    if effect.entitlement is not None and effect.units:
        taken[effect.entitlement] = taken.get(effect.entitlement, 0) + effect.units
    if effect.moves and effect.holder is not None:
        presence[effect.holder] = Presence(zone=effect.zone, since=entry.moment.at)
    if effect.opens is not None:
        pending[effect.opens] = effect.holder
    if effect.settles is not None:
        pending.pop(effect.settles, None)
    return replace(state, taken=taken, presence=presence, pending=pending)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What a store holds for one tap: the hub's rows as of some version.

    `entitlements` are all of the holder's.
    """

    access_point: AccessPoint
    mode: SiteMode
    calendar: Calendar
    credential: IssuedCredential | None
    holder_blocked: bool
    entitlements: tuple[Entitlement, ...]
    cache_as_of: datetime | None


def facts_of(rows: Rows, state: State) -> Facts:
    """The facts of one tap: rows and what the history made of them."""
    holder = rows.credential.holder if rows.credential else None
    return Facts(
        access_point=rows.access_point,
        mode=rows.mode,
        calendar=rows.calendar,
        credential=rows.credential,
        holder_blocked=rows.holder_blocked,
        holdings=tuple(_holdings(rows.entitlements, state)),
        presence=state.presence.get(holder) if holder else None,
        passage_pending=holder is not None and holder in state.pending.values(),
        cache_as_of=rows.cache_as_of,
    )


def _holdings(entitlements: Iterable[Entitlement], state: State) -> Iterable[Holding]:
    for entitlement in sorted(entitlements, key=lambda e: e.id):
        units = entitlement.units
        left = None if units is None else units - state.taken.get(entitlement.id, 0)
        yield Holding(entitlement=entitlement, units_left=left)


def digest(facts: Facts) -> str:
    """A short digest of the facts without their age: equal facts, equal digest (16 hex digits)."""
    return hashlib.sha256(canonical(plain(facts))).hexdigest()[:16]


def plain(facts: Facts) -> dict[str, Json]:
    """The facts as plain values, the same at edge and hub for equal histories."""
    credential, presence = facts.credential, facts.presence
    return {
        "access_point": facts.access_point.id,
        "anti_passback": facts.access_point.anti_passback.value,
        "zone_to": facts.access_point.zone_to,
        "mode": facts.mode.value,
        "timezone": facts.calendar.zone.key,
        "holidays": [day.isoformat() for day in sorted(facts.calendar.holidays)],
        "credential": [credential.holder, credential.blocked] if credential else None,
        "holder_blocked": facts.holder_blocked,
        "holdings": [_plain_holding(holding) for holding in facts.holdings],
        "presence": [presence.zone, to_ms(presence.since)] if presence else None,
        "passage_pending": facts.passage_pending,
    }


def _plain_holding(holding: Holding) -> Json:
    e = holding.entitlement
    return [
        e.id,
        e.holder,
        list(e.zones),
        [[list(w.days), w.start_minute, w.end_minute] for w in e.weekly.windows],
        e.weekly.holiday_policy.value,
        to_ms(e.valid_from) if e.valid_from else None,
        to_ms(e.valid_until) if e.valid_until else None,
        e.units,
        holding.units_left,
        int(e.staleness_bound.total_seconds()) if e.staleness_bound is not None else None,
    ]
