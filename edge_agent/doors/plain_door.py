"""The rules of a door without a passage sensor: a release is spent when the door unlocks."""

from dataclasses import dataclass, replace

from edge_agent.doors.barrier import (
    Direction,
    Given,
    Happened,
    Lock,
    Lost,
    Observed,
    Released,
    Stepped,
    Ticked,
    Unlock,
    Unlocked,
)
from edge_agent.ports import Movement


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainDoor:
    """A door between two inputs; `asked` are releases the hardware has not yet acknowledged."""

    unlock_s: float = 3.0
    asked: tuple[Released, ...] = ()
    fire: bool = False
    blind: bool = False

    @property
    def is_idle(self) -> bool:
        return not self.asked

    def step(self, given: Given, now: float) -> Stepped:  # noqa: ARG002 - nothing here takes time
        return step(self, given)


def step(state: PlainDoor, given: Given) -> Stepped:
    """Every release ends once: passed when acknowledged, no-show when fire or loss is first."""
    match given:
        case Released():
            return _release(state, given)
        case Unlocked():
            return _acknowledge(state, given.grant)
        case Observed():
            return _observe(state, given)
        case Lost():
            return _settle_all(replace(state, blind=True))
        case Ticked():
            return Stepped(barrier=state)


def _release(state: PlainDoor, released: Released) -> Stepped:
    if state.fire or state.blind:
        return Stepped(barrier=state, happened=(_told(Movement.NO_SHOW, released),))
    unlock = Unlock(direction=released.direction, grant=released.grant, for_s=state.unlock_s)
    return Stepped(barrier=replace(state, asked=(*state.asked, released)), actions=(unlock,))


def _acknowledge(state: PlainDoor, grant: int) -> Stepped:
    done = tuple(each for each in state.asked if each.grant == grant)
    left = tuple(each for each in state.asked if each.grant != grant)
    return Stepped(
        barrier=replace(state, asked=left),
        happened=tuple(_told(Movement.PASSED, each) for each in done),
    )


def _observe(state: PlainDoor, observed: Observed) -> Stepped:
    seen = replace(state, blind=False, fire=observed.fire)
    if observed.fire and not state.fire:
        settled = _settle_all(seen)
        return replace(settled, happened=(Happened(movement=Movement.FIRE), *settled.happened))
    # What was opened before a fire, or before the hardware was lost, must not outlive it.
    ended = state.fire and not observed.fire
    locks = tuple(Lock(direction=direction) for direction in Direction)
    return Stepped(
        barrier=seen,
        actions=locks if ended or state.blind else (),
        happened=(Happened(movement=Movement.FIRE_ENDED),) if ended else (),
    )


def _settle_all(state: PlainDoor) -> Stepped:
    return Stepped(
        barrier=replace(state, asked=()),
        happened=tuple(_told(Movement.NO_SHOW, each) for each in state.asked),
    )


def _told(movement: Movement, released: Released) -> Happened:
    return Happened(movement=movement, direction=released.direction, grant=released.grant)
