"""Does a batch continue its chain? Pure: from a mark and a batch to what is new, old or foreign."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.chain import GENESIS, link
from core.entries import Entry, Opened
from core.ids import EdgeId, EntryKey, EpochId
from wire.codec import decode_entry
from wire.errors import WireError
from wire.messages import Batch


class Aside(StrEnum):
    """Why an entry is kept aside instead of being folded; travels in `rejected`."""

    UNREADABLE = "unreadable"
    WRONG_KEY = "wrong-key"
    BROKEN_CHAIN = "broken-chain"
    OTHER_HASH = "other-hash"


class Tie(StrEnum):
    """How an epoch is tied to the one before it."""

    FIRST = "first"  # the edge's first, nothing to be tied to
    TIED = "tied"
    WAITING = "waiting"  # the edge still offers what is between
    MISSING = "missing"  # an epoch or its end never came and is not offered
    FORKED = "forked"  # the journal was continued from an earlier state
    LOST = "lost"  # a new journal of an edge that had one


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The last entry of an epoch that is committed; a hash of None ties to anything."""

    seq: int
    hash: bytes | None


START = Mark(seq=0, hash=GENESIS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One entry of a batch in its chain; `entry` is None, and `aside` says why, if unusable."""

    seq: int
    hash: bytes
    content: bytes
    entry: Entry | None
    aside: Aside | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What a batch brings: `repeated` up to the mark, `fresh` after it; both empty for a gap."""

    repeated: tuple[Link, ...]
    fresh: tuple[Link, ...]
    gap: bool = False


def examine(edge: EdgeId, batch: Batch, mark: Mark) -> Intake:
    """Compare a batch with the mark of its epoch.

    Fresh entries whose chain does not continue the mark are aside as BROKEN_CHAIN: the edge may
    let go of them and they stay visible, but they have no effect.
    """
    if batch.first > mark.seq + 1:
        return Intake(repeated=(), fresh=(), gap=True)
    links = _links(edge, batch)
    split = mark.seq + 1 - batch.first
    repeated, fresh = links[:split], links[split:]
    before = repeated[-1].hash if repeated else bytes.fromhex(batch.previous)
    if fresh and mark.hash is not None and before != mark.hash:
        fresh = [_put_aside(each, Aside.BROKEN_CHAIN) for each in fresh]
    return Intake(repeated=tuple(repeated), fresh=tuple(fresh))


def tie_of(
    opened: Opened, *, mark: Mark | None, offered: bool, has_others: bool, has_sibling: bool
) -> Tie:
    """How an epoch is tied: `mark` is the named previous epoch's, None if that is unknown.

    `offered`: the edge still keeps what is missing; `has_others`: the edge had a journal
    before; `has_sibling`: another epoch continues the same previous one.
    """
    if opened.previous is None:
        return Tie.LOST if has_others else Tie.FIRST
    if has_sibling:
        return Tie.FORKED
    if mark is None or mark.seq < opened.last_seq:
        return Tie.WAITING if offered else Tie.MISSING
    whole = mark.seq == opened.last_seq
    same = mark.hash is None or mark.hash.hex() == opened.last_hash
    return Tie.TIED if whole and same else Tie.FORKED


def _links(edge: EdgeId, batch: Batch) -> list[Link]:
    previous = bytes.fromhex(batch.previous)
    links: list[Link] = []
    for seq, raw in enumerate(batch.entries, start=batch.first):
        content = bytes(raw)
        previous = link(previous, content)
        links.append(
            _read(content, previous, EntryKey(edge=edge, epoch=EpochId(batch.epoch), seq=seq))
        )
    return links


def _read(content: bytes, hash_: bytes, key: EntryKey) -> Link:
    try:
        entry = decode_entry(content)
    except WireError:
        return Link(seq=key.seq, hash=hash_, content=content, entry=None, aside=Aside.UNREADABLE)
    if entry.key != key:
        return Link(seq=key.seq, hash=hash_, content=content, entry=None, aside=Aside.WRONG_KEY)
    return Link(seq=key.seq, hash=hash_, content=content, entry=entry)


def _put_aside(each: Link, aside: Aside) -> Link:
    return Link(seq=each.seq, hash=each.hash, content=each.content, entry=None, aside=aside)


def opened_by(links: Sequence[Link]) -> Opened | None:
    """The entry that opens an epoch, if it is among these."""
    for each in links:
        if each.seq == 1 and each.entry is not None and isinstance(each.entry.body, Opened):
            return each.entry.body
    return None
