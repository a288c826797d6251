"""What the agent asks of the world, and what the world puts into its inbox."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from core.credential import Credential, CredentialKey
from core.entries import Verdict
from core.ids import AccessPointId, DoorId, EpochId
from core.instants import ClockState
from core.reasons import Reason
from edge_agent.cache import HubClock, Picture
from wire.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A credential was presented; `at_monotonic` in seconds, when it became known."""

    access_point: AccessPointId
    credential: Credential
    at_monotonic: float


class Health(StrEnum):
    """Whether a part answers."""

    OK = "ok"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHealth:
    """A reader (`part` is its access point) or a door was lost or came back; on change only."""

    part: str
    health: Health
    detail: str


class Movement(StrEnum):
    """What a barrier did, as its state machine understood it."""

    PASSED = "passed"  # a released person went through
    NO_SHOW = "no-show"  # released, nobody went through in time
    FORCED = "forced"  # a passage nobody released
    REVERSE = "reverse"  # a passage against the released direction
    TAILGATE = "tailgate"  # a second passage in one release
    JAM = "jam"  # a rotation that does not end
    JAM_CLEARED = "jam-cleared"
    FIRE = "fire"  # the fire loop opened: free in all directions
    FIRE_ENDED = "fire-ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The barrier moved; `grant` is the release it belongs to, None where nobody was released."""

    door: DoorId
    access_point: AccessPointId | None
    movement: Movement
    grant: int | None
    at_monotonic: float


Inbox = Callable[[Presented | PartHealth | Moved], None]
"""Where drivers put what happened; never blocks."""


class Reader(Protocol):
    """A reader on its own thread; it survives its hardware being lost and found."""

    def run(self, inbox: Inbox, stop: threading.Event) -> None:
        """Read until `stop` is set; puts Presented once per laid card, PartHealth on change."""


class Door(Protocol):
    """A barrier on its own thread; commands are queued, nothing blocks the agent."""

    def release(self, access_point: AccessPointId, grant: int) -> None:
        """Let one person through in the direction of `access_point`."""

    def run(self, inbox: Inbox, stop: threading.Event) -> None:
        """Drive the barrier until `stop` is set; puts Moved and PartHealth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheChanged:
    """The sync process has brought the cache to another version: a hint."""

    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkChanged:
    """The hub is reachable, or no longer: a hint."""

    connected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReceived:
    """An authenticated command of the hub; it may come several times."""

    command: Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """Time went on: once a second, or when the agent asked to be woken."""


Event = Presented | PartHealth | Moved | CacheChanged | NetworkChanged | CommandReceived | Ticked
"""Everything that may lie in the agent's inbox."""


class Cache(Protocol):
    """What the hub says, as the agent reads it."""

    def rows_for(self, credential: CredentialKey, access_point: AccessPointId) -> Picture | None:
        """What one tap needs; None if the cache was never filled or lacks the access point."""

    def marks(self) -> Mapping[EpochId, int]:
        """For each epoch the last seq that the hub has acknowledged."""

    def included(self) -> Mapping[EpochId, int]:
        """For each epoch the last seq that the cache's figures contain."""

    def clock(self) -> HubClock | None:
        """The last comparison with the hub's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a person at an access point is told about one tap; `timezone` is the site's."""

    access_point: AccessPointId
    verdict: Verdict
    reason: Reason
    at: datetime
    units_left: int | None = None
    retry_at: datetime | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the edge itself stands; `lost` are parts that do not answer or doors that are jammed."""

    connected: bool
    clock: ClockState
    recording: bool
    lost: frozenset[str]


class Display(Protocol):
    """Tells people at the access points; never blocks, may be lost."""

    def show(self, shown: Shown) -> None:
        """One tap's outcome."""

    def stand(self, standing: Standing) -> None:
        """The edge's own state, again and again."""


class Link(Protocol):
    """Hints to the sync process; never blocks, may be lost."""

    def recorded(self, seq: int) -> None:
        """The journal has grown up to here."""

    def wanted(self, version: int) -> None:
        """Somebody is waiting: ask the hub for what changed after this version."""
