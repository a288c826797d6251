"""A journal in memory: what the sync engine reads of one, without a file."""

from datetime import UTC, datetime, timedelta

from core.chain import GENESIS, link
from core.entries import Alarmed, Entry, content_of
from core.ids import EdgeId, EntryKey, EpochId
from core.instants import ClockState, Moment
from wire.messages import EpochSpan

_AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def epoch(count: int) -> EpochId:
    return EpochId(f"{count:08d}-{count:016x}")


class MemoryJournal:
    """What the engine reads of a journal, kept in memory."""

    def __init__(self) -> None:
        self.epochs: dict[EpochId, list[bytes]] = {}
        self.hashes: dict[EpochId, list[bytes]] = {}
        self.trimmed: dict[EpochId, int] = {}

    def open(self, count: int) -> None:
        self.epochs[epoch(count)], self.hashes[epoch(count)] = [], [GENESIS]
        self.record()

    def record(self, detail: str = "") -> None:
        newest = max(self.epochs)
        seq = len(self.epochs[newest]) + 1
        moment = Moment(at=_AT, clock=ClockState.TRUSTED, uncertainty=timedelta(0))
        key = EntryKey(edge=EdgeId("edge-1"), epoch=newest, seq=seq)
        body = Alarmed(part="gate", alarm="test", detail=detail)
        content = content_of(Entry(key=key, moment=moment, monotonic_ms=seq, body=body))
        self.epochs[newest].append(content)
        self.hashes[newest].append(link(self.hashes[newest][-1], content))

    def trim(self, of: EpochId, up_to: int) -> None:
        self.trimmed[of] = up_to

    def spans(self) -> list[EpochSpan]:
        return [
            EpochSpan(
                epoch=each,
                first=self.trimmed.get(each, 0) + 1,
                last=len(self.epochs[each]),
                last_hash=self.hashes[each][-1].hex(),
            )
            for each in sorted(self.epochs)
        ]

    def last(self) -> tuple[EpochId, int] | None:
        if not self.epochs:
            return None
        newest = max(self.epochs)
        return newest, len(self.epochs[newest])

    def contents(
        self, of: EpochId, after_seq: int, limit_entries: int, limit_bytes: int
    ) -> list[bytes]:
        assert after_seq >= self.trimmed.get(of, 0)
        taken: list[bytes] = []
        for content in self.epochs[of][after_seq : after_seq + limit_entries]:
            if taken and sum(map(len, taken)) + len(content) > limit_bytes:
                break
            taken.append(content)
        return taken

    def hash_of(self, of: EpochId, seq: int) -> bytes | None:
        return None if 0 < seq <= self.trimmed.get(of, 0) else self.hashes[of][seq]
