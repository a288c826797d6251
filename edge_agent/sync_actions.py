"""What the sync engine is given and what it wants done: no socket, no clock, no thread."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.ids import EpochId
from core.instants import ClockState
from wire.messages import Command, EpochSpan
from wire.topics import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """One reading of the edge's clocks; `monotonic_ms` counts since boot."""

    at: datetime
    monotonic_ms: int
    clock: ClockState = ClockState.UNKNOWN
    uncertainty_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncIdentity:
    """Who this edge is to the hub; `boot_id` names the life of the monotonic clock."""

    address: Address
    private_key: Ed25519PrivateKey = field(repr=False)
    mac_key: bytes = field(repr=False)
    software: str
    boot_id: str


class JournalSource(Protocol):
    """What the engine reads of the journal; `edge_agent.journal.JournalReader` is one."""

    def spans(self) -> Sequence[EpochSpan]:
        """What is kept of each epoch, oldest first."""

    def last(self) -> tuple[EpochId, int] | None:
        """Epoch and seq of the newest entry."""

    def contents(
        self, epoch: EpochId, after_seq: int, limit_entries: int, limit_bytes: int
    ) -> Sequence[bytes]:
        """Entries in order after `after_seq`, without a gap."""

    def hash_of(self, epoch: EpochId, seq: int) -> bytes | None:
        """The hash of an entry; None if it is not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """Subscribe with QoS 1."""

    topic_filter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """Publish, never retained."""

    topic: str
    payload: bytes = field(repr=False)
    qos: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TellAgent:
    """A hint to the agent: the cache changed, a command came, the hub answers or no longer."""

    cache_version: int | None = None
    command: Command | None = None
    connected: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A line for the log: an event in the past tense, and its fields."""

    event: str
    fields: dict[str, str | int]


Action = Subscribe | Publish | TellAgent | Noted
