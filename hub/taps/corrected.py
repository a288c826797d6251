"""When something really happened: the edge's word, or reckoned from when the hub heard of it."""

from dataclasses import replace
from datetime import timedelta

from core.entries import Entry
from core.instants import ClockState, Moment, from_ms

_LATENCY = timedelta(seconds=1)
"""How late the quickest message of an epoch may have come."""

_DRIFT_PER_MILLION = 100


def corrected_moment(entry: Entry, anchor_ms: int | None) -> Moment:
    """The moment of an entry by the hub's reckoning.

    An edge that knows the time is believed. One that does not still counts milliseconds since its
    boot: `anchor_ms` (hub time less that count) places them; it stays of unknown clock state.
    """
    if entry.moment.clock is not ClockState.UNKNOWN or anchor_ms is None:
        return entry.moment
    drift = timedelta(milliseconds=entry.monotonic_ms * _DRIFT_PER_MILLION // 1_000_000)
    return replace(
        entry.moment,
        at=from_ms(anchor_ms + entry.monotonic_ms),
        uncertainty=_LATENCY + drift,
    )
