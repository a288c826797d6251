"""Entries on their way to the hub: a window of batches, moved only by the hub's marks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec import Raw

from core.chain import GENESIS
from core.ids import EpochId
from edge_agent.backoff import Random, again_after_ms
from edge_agent.sync_actions import JournalSource
from wire.messages import (
    BATCH_BYTES_MAX,
    BATCHES_IN_FLIGHT_MAX,
    ENTRIES_PER_BATCH_MAX,
    Batch,
    EpochSpan,
    Preview,
)

RESEND_MS = 5_000
RESEND_CAP_MS = 60_000
STALLS_MAX = 3
"""So many resends without progress, and the hub is asked anew whether it is there."""

PREVIEW_ENTRIES_MAX = 20
PREVIEW_EVERY_MS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    epoch: EpochId
    last: int


class Outbox:
    """What is sent, and what is acknowledged; the journal itself is the queue."""

    def __init__(self, journal: JournalSource, random: Random) -> None:
        self._journal = journal
        self._random = random
        self._first: dict[EpochId, int] = {}
        self._last: dict[EpochId, int] = {}
        self._marks: dict[EpochId, int] = {}
        self._cursor: dict[EpochId, int] = {}
        self._flight: list[_Sent] = []
        self._resend_at = 0
        self._stalls = 0
        self._previewed: tuple[EpochId, int] | None = None
        self._preview_at = 0

    def begin(self, spans: Sequence[EpochSpan], marks: Mapping[EpochId, int], now_ms: int) -> None:
        """Start from the marks that the hub named; nothing is in flight."""
        self._marks = dict(marks)
        self._stalls = 0
        self._previewed = self._journal.last()
        self._learn(spans)
        self._rewind(now_ms)

    def acknowledge(self, marks: Mapping[EpochId, int], now_ms: int) -> dict[EpochId, int]:
        """Move the marks, also down, and return those that moved; all beyond is sent again."""
        moved = {
            epoch: mark
            for epoch, mark in marks.items()
            if epoch in self._last and mark != self._mark(epoch)
        }
        lowered = {epoch for epoch, mark in moved.items() if mark < self._mark(epoch)}
        self._marks.update(moved)
        self._cursor.update((epoch, self._mark(epoch)) for epoch in lowered)
        self._flight = [
            sent
            for sent in self._flight
            if sent.epoch not in lowered and sent.last > self._mark(sent.epoch)
        ]
        if moved:
            self._stalls = 0
            self._expect(now_ms)
        return moved

    def batches(self, now_ms: int) -> list[Batch]:
        """Whatever is ready, oldest first, as far as the window has room."""
        self._refresh()
        ready: list[Batch] = []
        for epoch in sorted(self._last):
            while len(self._flight) < BATCHES_IN_FLIGHT_MAX and (
                batch := self._next(epoch, now_ms)
            ):
                if not self._flight:
                    self._expect(now_ms)
                last = batch.first + len(batch.entries) - 1
                self._flight.append(_Sent(epoch=epoch, last=last))
                self._cursor[epoch] = last
                ready.append(batch)
        return ready

    def preview(self, now_ms: int) -> Preview | None:
        """The newest entries not yet shown, if older ones still wait to be sent."""
        newest = self._journal.last()
        if newest is None or newest == self._previewed or now_ms < self._preview_at:
            return None
        epoch, last = newest
        if self._cursor.get(epoch, 0) >= last:
            return None
        same = self._previewed is not None and self._previewed[0] == epoch
        shown = self._previewed[1] if self._previewed and same else 0
        after = max(shown, last - PREVIEW_ENTRIES_MAX)
        self._previewed, self._preview_at = newest, now_ms + PREVIEW_EVERY_MS
        contents = self._journal.contents(epoch, after, PREVIEW_ENTRIES_MAX, BATCH_BYTES_MAX)
        return Preview(entries=[Raw(content) for content in contents]) if contents else None

    def resend(self, now_ms: int) -> bool:
        """Go back to the marks if none moved in time; True once this has not helped."""
        if not self._flight or now_ms < self._resend_at:
            return False
        self._stalls += 1
        self._rewind(now_ms)
        return self._stalls >= STALLS_MAX

    @property
    def due_ms(self) -> int | None:
        """When `resend` should be asked next, None while nothing is in flight."""
        return self._resend_at if self._flight else None

    @property
    def waiting(self) -> int:
        """How many entries the hub has not acknowledged."""
        return sum(max(0, last - self._after(epoch)) for epoch, last in self._last.items())

    def _next(self, epoch: EpochId, now_ms: int) -> Batch | None:
        after = max(self._cursor.get(epoch, 0), self._after(epoch))
        if after >= self._last[epoch]:
            return None
        contents = self._journal.contents(epoch, after, ENTRIES_PER_BATCH_MAX, BATCH_BYTES_MAX)
        if not contents:
            return None
        return Batch(
            epoch=epoch,
            first=after + 1,
            previous=(self._journal.hash_of(epoch, after) or GENESIS).hex(),
            entries=[Raw(content) for content in contents],
            sent_ms=now_ms,
        )

    def _after(self, epoch: EpochId) -> int:
        """The seq after which entries are both kept and not acknowledged."""
        return max(self._mark(epoch), self._first.get(epoch, 1) - 1)

    def _mark(self, epoch: EpochId) -> int:
        return self._marks.get(epoch, 0)

    def _refresh(self) -> None:
        newest = self._journal.last()
        if newest is None:
            return
        epoch, last = newest
        if epoch not in self._last:
            # The agent has started anew; it may have finished the epoch before since we looked.
            self._learn(self._journal.spans())
        self._last[epoch] = last

    def _learn(self, spans: Sequence[EpochSpan]) -> None:
        self._first = {EpochId(span.epoch): span.first for span in spans}
        self._last = {EpochId(span.epoch): span.last for span in spans}

    def _rewind(self, now_ms: int) -> None:
        self._cursor = dict(self._marks)
        self._flight = []
        self._expect(now_ms)

    def _expect(self, now_ms: int) -> None:
        wait = again_after_ms(RESEND_MS, RESEND_CAP_MS, self._stalls, self._random)
        self._resend_at = now_ms + wait
