"""How far the edge's clock can be trusted, from its last comparison with the hub's."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.instants import ClockState, Moment, whole_ms
from edge_agent.cache import HubClock

TRUSTED_FOR = timedelta(minutes=10)
"""So long after a comparison the clock is as good as compared."""

DRIFT_PPM_MAX = 50
"""The worst that a crystal of a Raspberry Pi or of a clock chip does."""

JUMP = timedelta(seconds=2)
"""A wall clock that moves further than this against the monotonic one was set by somebody."""

_MILLION = 1_000_000
# The error of an unknown clock has no bound; this one says so and still fits every field.
_NO_BOUND = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """Both of the edge's clocks, read at once; `boot_id` says what monotonic counts from."""

    wall: datetime
    monotonic_ms: int
    boot_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The moment that is recorded, and the best guess of true time with its margin.

    `corrected` is None when the clock is unknown.
    """

    moment: Moment
    monotonic_ms: int
    corrected: datetime | None
    margin: timedelta


def read(
    now: Instant, compared: HubClock | None, *, has_battery: bool, newest_at: datetime | None
) -> Reading:
    """The reading of `now`; `newest_at` is the time of the last entry before this start."""
    wall = whole_ms(now.wall)
    if compared is not None and compared.boot_id == now.boot_id:
        return _of_this_boot(wall, now.monotonic_ms, compared)
    # A clock that stands before what it has already stamped did not go on through the power cut.
    stood_still = newest_at is not None and wall < newest_at - JUMP
    if compared is None or not has_battery or stood_still:
        moment = Moment(at=wall, clock=ClockState.UNKNOWN, uncertainty=_NO_BOUND)
        return Reading(
            moment=moment, monotonic_ms=now.monotonic_ms, corrected=None, margin=_NO_BOUND
        )
    return _of_an_earlier_boot(wall, now.monotonic_ms, compared)


def jumped(before: Instant, now: Instant) -> datetime | None:
    """What the wall clock would have said had nobody set it; None if nobody did."""
    elapsed = timedelta(milliseconds=now.monotonic_ms - before.monotonic_ms)
    expected = before.wall + elapsed
    return whole_ms(expected) if abs(now.wall - expected) > JUMP else None


def _of_this_boot(wall: datetime, monotonic_ms: int, compared: HubClock) -> Reading:
    """The monotonic clock has run since, whatever was done to the wall clock."""
    elapsed = timedelta(milliseconds=max(0, monotonic_ms - compared.monotonic_ms))
    true = whole_ms(compared.hub_at + elapsed)
    margin = timedelta(milliseconds=compared.uncertainty_ms) + _drift(elapsed)
    state = ClockState.TRUSTED if elapsed <= TRUSTED_FOR else ClockState.DRIFTING
    return _reading(wall, monotonic_ms, true, margin, state)


def _of_an_earlier_boot(wall: datetime, monotonic_ms: int, compared: HubClock) -> Reading:
    """Only the battery's clock has run since; its offset then is taken for its offset now."""
    offset = timedelta(milliseconds=compared.offset_ms)
    true = wall + offset
    elapsed = max(timedelta(0), true - compared.hub_at)
    margin = timedelta(milliseconds=compared.uncertainty_ms) + _drift(elapsed)
    return _reading(wall, monotonic_ms, true, margin, ClockState.DRIFTING)


def _reading(
    wall: datetime, monotonic_ms: int, true: datetime, margin: timedelta, state: ClockState
) -> Reading:
    moment = Moment(at=wall, clock=state, uncertainty=abs(wall - true) + margin)
    return Reading(moment=moment, monotonic_ms=monotonic_ms, corrected=true, margin=margin)


def _drift(elapsed: timedelta) -> timedelta:
    """Rounded up, so that the bound stays one."""
    drift_us = elapsed // timedelta(microseconds=1) * DRIFT_PPM_MAX // _MILLION
    return timedelta(milliseconds=drift_us // 1000 + 1)
