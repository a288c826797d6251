"""The words between a door's driver and the rules of its barrier; no I/O, no clock."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from edge_agent.ports import Movement


class Direction(StrEnum):
    """One of the two ways through a barrier."""

    A = "a"
    B = "b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """The agent lets one person through; `grant` is new."""

    direction: Direction
    grant: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocked:
    """The hardware has acknowledged the unlocking for this grant."""

    grant: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What one look at the contacts showed; passages are those since the look before."""

    home: bool
    fire: bool
    passages_a: int = 0
    passages_b: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The hardware does not answer; the next Observed ends that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """Only time went on."""


Given = Released | Unlocked | Observed | Lost | Ticked


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlock:
    """Free one direction for `for_s`, then lock without being told."""

    direction: Direction
    grant: int
    for_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Lock one direction now."""

    direction: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """A movement to report; `grant` and `direction` where they apply."""

    movement: Movement
    direction: Direction | None = None
    grant: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """The barrier afterwards, what to do to the hardware, what to tell the agent; in order."""

    barrier: "Barrier"
    actions: tuple[Unlock | Lock, ...] = ()
    happened: tuple[Happened, ...] = ()


class Barrier(Protocol):
    """The rules of one kind of barrier as an immutable value."""

    @property
    def is_idle(self) -> bool:
        """Nobody is released and nothing moves: contacts may be looked at less often."""

    def step(self, given: Given, now: float) -> Stepped:
        """What `given` at `now` (seconds, monotonic, never backwards) leads to."""
