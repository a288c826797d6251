"""The rules of a turnstile: every release ends once, as passed or as not shown up."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

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

# A rotation begun in the last instant is seen one look later; it still belongs to its release.
GRACE_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """How long a turnstile waits for what, in seconds."""

    wait_s: float = 5.0  # unlocked, for a released person to start
    queue_s: float = 5.0  # a release behind another one, then it is refused
    jam_s: float = 4.0  # a rotation longer than this is a jam
    tailgate_s: float = 1.5  # a second passage so soon after the first belongs to its release
    blind_s: float = 10.0  # hardware lost meanwhile: how much longer a release may be open


class Phase(StrEnum):
    """Where the turnstile stands, for people; the rules look at the state itself."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"
    ROTATING = "rotating"  # released, arm under way
    PASSED = "passed"  # settled, arm not yet home
    JAMMED = "jammed"
    FIRE = "fire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A release that is not settled; `until` is when it turns into a no-show."""

    direction: Direction
    grant: int
    until: float
    acknowledged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnstile:
    """A turnstile between two inputs; begins locked, at home, seen."""

    timings: Timings = Timings()
    active: Open | None = None
    waiting: tuple[Open, ...] = ()  # at most one for each direction
    last: Open | None = None  # the latest passage; within `until` a second one is its tailgate
    off_home_since: float | None = None
    jammed: bool = False
    fire: bool = False
    blind: bool = False

    @property
    def phase(self) -> Phase:
        moving = self.off_home_since is not None
        if self.fire:
            return Phase.FIRE
        if self.jammed:
            return Phase.JAMMED
        if self.active:
            return Phase.ROTATING if moving else Phase.UNLOCKED
        return Phase.PASSED if moving else Phase.LOCKED

    @property
    def is_idle(self) -> bool:
        return self.phase is Phase.LOCKED and not self.waiting

    def step(self, given: Given, now: float) -> Stepped:
        return step(self, given, now)


def step(state: Turnstile, given: Given, now: float) -> Stepped:
    """Total over all inputs; nothing unlocks without a release, fire settles every release."""
    turn = _Turn(state, now)
    match given:
        case Released():
            turn.release(given)
        case Unlocked():
            turn.acknowledge(given.grant)
        case Observed():
            turn.observe(given)
        case Lost():
            turn.lose()
        case Ticked():
            pass
    turn.let_time_pass()
    return Stepped(barrier=turn.state, actions=tuple(turn.actions), happened=tuple(turn.happened))


class _Turn:
    """One step under way: the state so far and what it has led to."""

    def __init__(self, state: Turnstile, now: float) -> None:
        self.state = state
        self.now = now
        self.actions: list[Unlock | Lock] = []
        self.happened: list[Happened] = []

    def release(self, released: Released) -> None:
        state = self.state
        shut = state.fire or state.blind or state.jammed
        taken = any(waiting.direction is released.direction for waiting in state.waiting)
        waiting = Open(
            direction=released.direction,
            grant=released.grant,
            until=self.now + state.timings.queue_s,
        )
        if shut or taken:
            self._no_show(waiting)
        else:
            self.state = replace(state, waiting=(*state.waiting, waiting))

    def acknowledge(self, grant: int) -> None:
        active = self.state.active
        if active and active.grant == grant:
            self.state = replace(self.state, active=replace(active, acknowledged=True))

    def observe(self, observed: Observed) -> None:
        regained = self.state.blind
        self.state = replace(self.state, blind=False)
        if observed.fire and not self.state.fire:
            self._fire_begins()
        if not observed.home and self.state.off_home_since is None:
            self.state = replace(self.state, off_home_since=self.now)
        for direction in self._passages(observed):
            self._pass(direction)
        if observed.home:
            self._come_home()
        if self.state.fire and not observed.fire:
            self._fire_ends()
        if regained:
            self._start_over()

    def lose(self) -> None:
        """Settle what the hardware can no longer do; what it has done may still be walked."""
        self.state = replace(self.state, blind=True)
        self._refuse_waiting()
        active = self.state.active
        if active and not active.acknowledged:
            self._give_up(active)

    def let_time_pass(self) -> None:
        """What is due at `now`: expiry, jam, the next one in the queue."""
        active = self.state.active
        if active and self.now >= self._limit(active):
            self._give_up(active)
        self._expire_waiting()
        self._notice_jam()
        self._unlock_next()

    def _limit(self, active: Open) -> float:
        """Who is in the arm, or out of sight, gets longer; not for ever."""
        timings = self.state.timings
        moving_s = timings.jam_s if self.state.off_home_since is not None else 0.0
        blind_s = timings.blind_s if self.state.blind else 0.0
        return active.until + max(moving_s, blind_s)

    def _passages(self, observed: Observed) -> Iterable[Direction]:
        """One direction per passage; within one look the released direction goes first."""
        a = [Direction.A] * observed.passages_a
        b = [Direction.B] * observed.passages_b
        active = self.state.active
        return b + a if active and active.direction is Direction.B else a + b

    def _pass(self, direction: Direction) -> None:
        active, last = self.state.active, self.state.last
        own = next((each for each in self._open() if each.direction is direction), None)
        if self.state.fire:
            self._report(Movement.PASSED, direction)
        elif own:
            self._settle_passed(own)
        elif last and last.direction is direction and self.now <= last.until:
            self._report(Movement.TAILGATE, direction, last.grant)
        elif active:
            self._report(Movement.REVERSE, direction, active.grant)
        else:
            self._report(Movement.FORCED, direction)

    def _open(self) -> tuple[Open, ...]:
        active = self.state.active
        return (active, *self.state.waiting) if active else self.state.waiting

    def _settle_passed(self, own: Open) -> None:
        self._remove(own)
        self.state = replace(
            self.state, last=replace(own, until=self.now + self.state.timings.tailgate_s)
        )
        self._lock(own.direction)
        self._report(Movement.PASSED, own.direction, own.grant)

    def _come_home(self) -> None:
        self.state = replace(self.state, off_home_since=None)
        if self.state.jammed:
            self.state = replace(self.state, jammed=False)
            self._report(Movement.JAM_CLEARED)
            # The jam has locked it, so nobody can use this release any more.
            if self.state.active:
                self._give_up(self.state.active)

    def _fire_begins(self) -> None:
        self.state = replace(self.state, fire=True, last=None)
        self._report(Movement.FIRE)
        for each in self._open():
            self._remove(each)
            self._no_show(each)

    def _fire_ends(self) -> None:
        self.state = replace(self.state, fire=False)
        self._report(Movement.FIRE_ENDED)
        # A pulse from before the fire must not outlive it.
        self._lock(Direction.A)
        self._lock(Direction.B)

    def _start_over(self) -> None:
        """Lock what nobody watched; only who is in the arm already may still end it."""
        active = self.state.active
        if active and self.state.off_home_since is None:
            self._remove(active)
            self._no_show(active)
        self._lock(Direction.A)
        self._lock(Direction.B)

    def _notice_jam(self) -> None:
        state = self.state
        since = state.off_home_since
        if since is None or state.jammed or self.now - since <= state.timings.jam_s:
            return
        self.state = replace(state, jammed=True)
        active = state.active
        if active:
            self._lock(active.direction)
        self._report(
            Movement.JAM, active.direction if active else None, active.grant if active else None
        )
        self._refuse_waiting()

    def _unlock_next(self) -> None:
        state = self.state
        shut = state.fire or state.blind or state.jammed or state.off_home_since is not None
        if shut or state.active or not state.waiting:
            return
        wait_s = state.timings.wait_s
        first = replace(state.waiting[0], until=self.now + wait_s + GRACE_S)
        self.state = replace(state, active=first, waiting=state.waiting[1:])
        self.actions.append(Unlock(direction=first.direction, grant=first.grant, for_s=wait_s))

    def _refuse_waiting(self) -> None:
        for each in self.state.waiting:
            self._no_show(each)
        self.state = replace(self.state, waiting=())

    def _expire_waiting(self) -> None:
        for each in self.state.waiting:
            if self.now >= each.until:
                self._remove(each)
                self._no_show(each)

    def _give_up(self, active: Open) -> None:
        self._remove(active)
        self._lock(active.direction)
        self._no_show(active)

    def _remove(self, settled: Open) -> None:
        active = None if self.state.active == settled else self.state.active
        waiting = tuple(each for each in self.state.waiting if each != settled)
        self.state = replace(self.state, active=active, waiting=waiting)

    def _no_show(self, settled: Open) -> None:
        self._report(Movement.NO_SHOW, settled.direction, settled.grant)

    def _lock(self, direction: Direction) -> None:
        self.actions.append(Lock(direction=direction))

    def _report(
        self, movement: Movement, direction: Direction | None = None, grant: int | None = None
    ) -> None:
        self.happened.append(Happened(movement=movement, direction=direction, grant=grant))
