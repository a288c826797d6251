"""When the hub is to hear anew how the edge is: soon after a change, and now and then anyway."""

from edge_agent.backoff import Random, again_after_ms
from edge_agent.sync_actions import Now
from wire.messages import Health

TELL_EVERY_MS_MIN = 1_000
"""Changes that follow each other closer than this are told together."""

TELL_EVERY_MS_MAX = 60_000
DOUBT_MOVED_MS = 1_000
"""The clock's doubt grows all the time; only such a step of it is news."""


class HealthWatch:
    """Remembers what was told last."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._told = Health(cache_version=0, clock="", uncertainty_ms=0, sent_ms=0)
        self._not_before = 0
        self._again_at = 0
        self._waits = False

    def told(self, version: int, now: Now) -> Health:
        """What to tell now."""
        self._told = Health(
            cache_version=version,
            clock=now.clock.value,
            uncertainty_ms=now.uncertainty_ms,
            sent_ms=now.monotonic_ms,
        )
        self._waits = False
        self._not_before = now.monotonic_ms + TELL_EVERY_MS_MIN
        again_ms = again_after_ms(TELL_EVERY_MS_MAX, TELL_EVERY_MS_MAX, 0, self._random)
        self._again_at = now.monotonic_ms + again_ms
        return self._told

    def is_news(self, version: int, now: Now) -> bool:
        """True if the hub should be told now; a change too soon after the last waits."""
        self._waits = self._differs(version, now)
        return now.monotonic_ms >= self.due_ms

    @property
    def due_ms(self) -> int:
        """When to ask next, unless something changes."""
        return self._not_before if self._waits else self._again_at

    def _differs(self, version: int, now: Now) -> bool:
        told = self._told
        return (told.cache_version, told.clock) != (version, now.clock.value) or abs(
            told.uncertainty_ms - now.uncertainty_ms
        ) >= DOUBT_MOVED_MS
