"""Comparing the edge's clocks with the hub's by one message there and back."""

from datetime import datetime, timedelta

from edge_agent.cache import HubClock
from edge_agent.sync_actions import Now

DRIFT_PPM = 50
ROUNDING_MS = 2
"""All clocks are read in whole milliseconds."""

KEPT_MS_MAX = 5 * 60 * 1_000
"""After so long a new comparison replaces even a better one."""


def compared(hub_at: datetime, echo_ms: int, now: Now, boot_id: str) -> HubClock:
    """The comparison by an answer that came now to what was sent at `echo_ms`.

    The hub read its clock somewhere on the way, so half of the way there and back is doubt.
    """
    half = timedelta(milliseconds=now.monotonic_ms - echo_ms) / 2
    at = hub_at + half
    return HubClock(
        hub_at=at,
        offset_ms=round((at - now.at) / timedelta(milliseconds=1)),
        uncertainty_ms=half // timedelta(milliseconds=1) + ROUNDING_MS,
        boot_id=boot_id,
        monotonic_ms=now.monotonic_ms,
    )


def is_better(new: HubClock, old: HubClock | None) -> bool:
    """True if the new comparison bounds the clock's error more closely by now than the old."""
    if old is None or old.boot_id != new.boot_id:
        return True
    age_ms = new.monotonic_ms - old.monotonic_ms
    return age_ms >= KEPT_MS_MAX or new.uncertainty_ms < old.uncertainty_ms + (
        age_ms * DRIFT_PPM // 1_000_000
    )
