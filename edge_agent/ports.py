"""What the agent asks of the world, and what the world puts into its inbox."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from core.credential import Credential
from core.ids import AccessPointId, DoorId


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
