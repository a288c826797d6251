"""The messages of protocol v1: every body, its fields and their limits."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from core.access import SiteMode

PROTOCOL_VERSION = 1

ENTRIES_PER_BATCH_MAX = 200
BATCH_BYTES_MAX = 64 * 1024
"""A batch closes at whichever comes first: this many entries or bytes of them."""

BATCHES_IN_FLIGHT_MAX = 8
"""How many batches an edge may have sent without an acknowledgement."""

ENTRY_BYTES_MAX = 4 * 1024
ROWS_PER_MESSAGE_MAX = 2_000
ROW_BYTES_MAX = 16 * 1024
EPOCHS_PER_MESSAGE_MAX = 1_000
CHUNKS_MAX = 100_000

COUNT_MAX = (1 << 63) - 1
"""The largest count that SQLite and every language of an edge can hold."""

YEAR_MIN, YEAR_MAX = 1971, 9000
"""Instants outside these years are refused."""

Version = Annotated[int, Meta(ge=1, le=255)]
Seq = Annotated[int, Meta(ge=0, le=COUNT_MAX)]
Counter = Annotated[int, Meta(ge=0, le=COUNT_MAX)]
# Python lets `$` stand before a last line feed as well, so that one is ruled out by name.
Epoch = Annotated[str, Meta(pattern=r"^[0-9]{8}-[0-9a-f]{16}$(?!\n)")]
Milliseconds = Annotated[int, Meta(ge=0, le=10**13)]
"""A span, at most some three hundred years."""

HashText = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
SetHashText = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$(?!\n)")]
IdText = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$(?!\n)")]
Instant = Annotated[datetime, Meta(tz=True)]
ShortText = Annotated[str, Meta(max_length=200)]
Marks = Annotated[dict[Epoch, Seq], Meta(max_length=EPOCHS_PER_MESSAGE_MAX)]
"""For each epoch the last seq up to which everything is meant."""


class Message(Struct, frozen=True, kw_only=True):
    """Unknown fields are ignored, so that a version can grow; `v` is checked first."""

    v: Version = PROTOCOL_VERSION


# Up: signed by the edge (Ed25519).


class EpochSpan(Struct, frozen=True, kw_only=True):
    """What an edge keeps of one epoch: from `first` to `last`, whose hash is `last_hash`."""

    epoch: Epoch
    first: Seq
    last: Seq
    last_hash: HashText


class Birth(Message, frozen=True, kw_only=True):
    """The first message of a connection: who is there, what it keeps, what it knows.

    `session` grows with every connection; `sent_ms` comes back in the answer as `echo_ms`.
    """

    session: Counter
    software: ShortText
    boot_id: ShortText
    epochs: Annotated[list[EpochSpan], Meta(max_length=EPOCHS_PER_MESSAGE_MAX)]
    cache_version: Seq
    set_hash: SetHashText
    clock: ShortText
    uncertainty_ms: Seq
    sent_ms: Seq


class Health(Struct, frozen=True, kw_only=True):
    """What an edge holds and knows at `sent_ms` of its monotonic clock."""

    cache_version: Seq
    clock: ShortText
    uncertainty_ms: Seq
    sent_ms: Seq


class EdgeState(Message, frozen=True, kw_only=True):
    """Online or not, and how the edge is; the will is this with `online` false, without health."""

    session: Counter
    online: bool
    health: Health | UnsetType = UNSET


class Batch(Message, frozen=True, kw_only=True):
    """Entries of one epoch in order; `previous` is the hash of the entry before the first."""

    epoch: Epoch
    first: Annotated[int, Meta(ge=1, le=COUNT_MAX)]
    previous: HashText
    entries: Annotated[list[Raw], Meta(min_length=1, max_length=ENTRIES_PER_BATCH_MAX)]
    sent_ms: Seq

    def __post_init__(self) -> None:
        size = sum(len(bytes(entry)) for entry in self.entries)
        # One entry alone may be over it: it is refused by itself, and must not block the rest.
        if size > BATCH_BYTES_MAX and len(self.entries) > 1:
            raise ValueError(f"{size} bytes of entries, send at most {BATCH_BYTES_MAX}")


class Preview(Message, frozen=True, kw_only=True):
    """The newest entries ahead of a backlog: a hint for the live page, never the record."""

    entries: Annotated[list[Raw], Meta(min_length=1, max_length=ENTRIES_PER_BATCH_MAX)]


class Wanted(StrEnum):
    """What an edge asks for."""

    DELTA = "delta"
    SNAPSHOT = "snapshot"


class Request(Message, frozen=True, kw_only=True):
    """A delta after `version`, or chunk `index` of the snapshot `version` (0: a new one)."""

    wanted: Wanted
    version: Seq
    index: Seq = 0
    sent_ms: Seq


# Down: authenticated with the edge's own key (HMAC-SHA256), `counter` grows on each channel.


class Downward(Message, frozen=True, kw_only=True):
    """What every message of the hub carries; `hub_at` sets clocks, `echo_ms` measures the way."""

    counter: Counter
    hub_at: Instant
    echo_ms: Seq | None = None


class Rejected(Struct, frozen=True, kw_only=True):
    """An entry that the hub keeps aside; the mark passes it all the same."""

    epoch: Epoch
    seq: Seq
    code: ShortText


class Ack(Downward, frozen=True, kw_only=True):
    """What the hub has committed: for each epoch everything up to the mark."""

    marks: Marks
    rejected: list[Rejected] = []


class RowKind(StrEnum):
    """The tables of an edge's cache."""

    SITE = "site"
    ACCESS_POINT = "access-point"
    HOLDER = "holder"
    CREDENTIAL = "credential"
    ENTITLEMENT = "entitlement"
    FIGURE = "figure"
    PRESENCE = "presence"


class Row(Struct, frozen=True, kw_only=True):
    """One row of the cache, or its tombstone where `body` is null."""

    kind: RowKind
    id: Annotated[str, Meta(min_length=1, max_length=64)]
    body: Raw


class Rows(Downward, frozen=True, kw_only=True):
    """A delta: the changes after `from_version` up to `to_version`; none if these are equal.

    `included` are the entries that figures and presences contain; `set_hash` is of all rows after.
    `more` says that the hub has later changes, which the edge is to request.
    """

    from_version: Seq
    to_version: Seq
    rows: Annotated[list[Row], Meta(max_length=ROWS_PER_MESSAGE_MAX)]
    included: Marks
    set_hash: SetHashText
    more: bool = False

    def __post_init__(self) -> None:
        if self.to_version < self.from_version:
            raise ValueError(f"to_version {self.to_version} is before {self.from_version}")


class Chunk(Downward, frozen=True, kw_only=True):
    """Part `index` of `count` of the snapshot `version`; all parts carry the same closing figures.

    `as_of` is when the snapshot was current.
    """

    version: Seq
    index: Seq
    count: Annotated[int, Meta(ge=1, le=CHUNKS_MAX)]
    rows: Annotated[list[Row], Meta(max_length=ROWS_PER_MESSAGE_MAX)]
    included: Marks
    set_hash: SetHashText
    as_of: Instant

    def __post_init__(self) -> None:
        if self.index >= self.count:
            raise ValueError(f"index {self.index} of {self.count}")


class Command(Downward, frozen=True, kw_only=True):
    """An order to the edge, executed at most once and never after `expires_at`."""

    id: IdText
    action: ShortText
    access_point: IdText | None
    expires_at: Instant
    signer: IdText


class Hello(Downward, frozen=True, kw_only=True):
    """The hub asks for a birth: it has started, or does not know this connection."""


# Bodies of rows; access points, credentials, entitlements and presences are core's own classes.


class SiteRow(Struct, frozen=True, kw_only=True):
    """The site itself; holidays are dates of the site's zone."""

    name: ShortText
    mode: SiteMode
    timezone: ShortText
    holidays: list[date]


class HolderRow(Struct, frozen=True, kw_only=True):
    """A holder, without a name."""

    blocked: bool


class FigureRow(Struct, frozen=True, kw_only=True):
    """Units taken of an entitlement: reserved or spent in the entries that are included."""

    taken: int
