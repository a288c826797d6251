"""The hub's rows on their way into the cache: deltas, gaps, snapshots, and what to ask for."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from edge_agent.backoff import Random, again_after_ms
from edge_agent.cache_rows import Applied
from edge_agent.cache_snapshot import Snapshot
from edge_agent.cache_writer import CacheWriter
from edge_agent.sync_actions import Noted, TellAgent
from wire.codec import set_hash_text
from wire.errors import WireError
from wire.messages import Chunk, Request, Rows, Wanted

ASK_AGAIN_MS = 4_000
ASK_AGAIN_CAP_MS = 60_000
CONFIRM_MS = 60_000
CHUNKS_AHEAD = 4
"""How many chunks are asked for at once."""

WANTED_EVERY_MS = 200

LATER_MAX = 64
"""How many deltas are kept that come while a snapshot is on its way."""

Wish = Request | TellAgent | Noted


@dataclass(slots=True, kw_only=True)
class _Transfer:
    """A snapshot being fetched; `file` is None until its first chunk has come."""

    file: Snapshot | None = None
    head: Chunk | None = None
    next: int = 0
    asked: int = 0
    later: list[Rows] = field(default_factory=list)


class RowsKeeper:
    """Keeps the cache equal to the hub's rows, whatever comes, is lost or comes twice."""

    def __init__(self, cache: CacheWriter, random: Random) -> None:
        self._cache = cache
        self._random = random
        self._transfer: _Transfer | None = None
        self._asked_at: int | None = None
        self._asked_last = -WANTED_EVERY_MS
        self._tries = 0
        self._mismatches = 0
        self._due = 0

    def begin(self, now_ms: int) -> None:
        """A birth was sent: its answer will bring rows, or they are asked for in a while."""
        self._tries = 0
        self._expect_answer(now_ms)

    def rows(self, message: Rows, now_ms: int) -> Iterator[Wish]:
        """Take over a delta, or ask for what is missing."""
        before = self._cache.standing().version
        applied = self._cache.apply(message)
        transfer = self._transfer
        if transfer is not None and len(transfer.later) < LATER_MAX:
            transfer.later.append(message)
        if applied is Applied.APPLIED:
            if transfer is None:
                self._confirmed(now_ms)
                if message.more:
                    yield from self.wanted(now_ms)
            if message.rows or message.to_version != before:
                yield TellAgent(cache_version=message.to_version)
            return
        if transfer is None:
            yield _note_unfit(applied, message, before)
            yield from self._ask_for(applied, now_ms)

    def chunk(self, message: Chunk, now_ms: int) -> Iterator[Wish]:
        """Take over the next part of a snapshot; also one that the hub began by itself."""
        transfer = self._transfer_of(message)
        if transfer is None or transfer.file is None or message.index != transfer.next:
            return
        try:
            transfer.file.add(message)
        except WireError:
            self._give_up(now_ms)
            raise
        transfer.next += 1
        self._tries = 0
        if transfer.next == message.count:
            yield from self._finish(transfer, message, now_ms)
        else:
            yield from self._ask_chunks(transfer, now_ms)

    def tick(self, now_ms: int) -> Iterator[Wish]:
        """Ask again for what did not come, and now and then whether the rows are still right."""
        if now_ms < self._due:
            return
        self._tries += 1
        if self._transfer is None:
            yield self._ask_delta(now_ms)
            return
        self._transfer.asked = self._transfer.next
        yield from self._ask_chunks(self._transfer, now_ms)

    def wanted(self, now_ms: int) -> Iterator[Wish]:
        """Somebody waits for the newest rows: ask now, unless that was done just now."""
        if self._transfer is not None:
            return
        if now_ms - self._asked_last < WANTED_EVERY_MS:
            # The answer is on its way; should it not come, tick asks again.
            self._due = min(self._due, now_ms + ASK_AGAIN_MS)
        else:
            yield self._ask_delta(now_ms)

    @property
    def due_ms(self) -> int:
        """When `tick` should be called next."""
        return self._due

    def _ask_for(self, applied: Applied, now_ms: int) -> Iterator[Request]:
        """At once, but a hub that could not help just now is not asked in a loop."""
        if applied is Applied.MISMATCH:
            self._transfer = _Transfer()
            self._mismatches += 1
            if self._mismatches == 1:
                yield from self._ask_chunks(self._transfer, now_ms)
            else:
                self._expect_answer(now_ms)
        elif self._asked_at is None:
            yield self._ask_delta(now_ms)

    def _ask_delta(self, now_ms: int) -> Request:
        self._asked_last = now_ms
        self._expect_answer(now_ms)
        version = self._cache.standing().version
        return Request(wanted=Wanted.DELTA, version=version, sent_ms=now_ms)

    def _ask_chunks(self, transfer: _Transfer, now_ms: int) -> Iterator[Request]:
        self._expect_answer(now_ms)
        version = transfer.head.version if transfer.head else 0
        count = transfer.head.count if transfer.head else 1
        for index in range(transfer.asked, min(count, transfer.next + CHUNKS_AHEAD)):
            transfer.asked = index + 1
            yield Request(wanted=Wanted.SNAPSHOT, version=version, index=index, sent_ms=now_ms)

    def _transfer_of(self, message: Chunk) -> _Transfer | None:
        """The transfer that the chunk belongs to; its first chunk begins a new one."""
        transfer = self._transfer
        if transfer is not None and transfer.head is not None and _same(transfer.head, message):
            return transfer
        if message.index != 0 or (transfer is None and not self._is_wanted(message)):
            return None
        if transfer is not None and transfer.file is not None:
            transfer.file.discard()
        later = transfer.later if transfer is not None else []
        self._transfer = _Transfer(file=self._cache.snapshot(), head=message, asked=1, later=later)
        return self._transfer

    def _is_wanted(self, message: Chunk) -> bool:
        """False for the late double of an answer: nothing was asked, or it is held already."""
        standing = self._cache.standing()
        held = (standing.version, set_hash_text(standing.set_hash))
        return self._asked_at is not None and held != (message.version, message.set_hash)

    def _finish(self, transfer: _Transfer, last: Chunk, now_ms: int) -> Iterator[Wish]:
        assert transfer.file is not None
        if not transfer.file.close_with(last):
            self._give_up(now_ms)
            yield Noted(event="snapshot_refused", fields={"version": last.version})
            return
        # What was taken away meanwhile must not come back with the older snapshot.
        for rows in transfer.later:
            transfer.file.apply(rows)
        self._cache.adopt(transfer.file)
        self._transfer = None
        version = self._cache.standing().version
        yield Noted(event="snapshot_adopted", fields={"version": version})
        yield TellAgent(cache_version=version)
        yield self._ask_delta(now_ms)

    def _give_up(self, now_ms: int) -> None:
        """Begin again from nothing, but not at once."""
        if self._transfer is not None and self._transfer.file is not None:
            self._transfer.file.discard()
        self._transfer = _Transfer()
        self._mismatches += 1
        self._expect_answer(now_ms)

    def _expect_answer(self, now_ms: int) -> None:
        self._asked_at = now_ms
        tries = max(self._tries, self._mismatches)
        wait = again_after_ms(ASK_AGAIN_MS, ASK_AGAIN_CAP_MS, tries, self._random)
        self._due = now_ms + wait

    def _confirmed(self, now_ms: int) -> None:
        self._asked_at = None
        self._tries = self._mismatches = 0
        self._due = now_ms + again_after_ms(CONFIRM_MS, CONFIRM_MS, 0, self._random)


def _same(head: Chunk, other: Chunk) -> bool:
    """True if both are of one snapshot."""
    return (head.version, head.count, head.set_hash, head.as_of) == (
        other.version,
        other.count,
        other.set_hash,
        other.as_of,
    )


def _note_unfit(applied: Applied, message: Rows, held: int) -> Noted:
    return Noted(
        event="delta_refused",
        fields={
            "reason": applied.value,
            "held": held,
            "from": message.from_version,
            "to": message.to_version,
        },
    )
