"""A tripod turnstile and the people at it: arm, pawl, solenoids, passage pulses, fire loop."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

STEP_S = 0.002
"""Longest stretch of time moved in one go: a pulse of 20 ms is ten of them."""
_BACKLOG_S_MAX = 3600.0


class Direction(StrEnum):
    """Which way the arm turns; A is towards growing angles."""

    A = "a"
    B = "b"


class Outcome(StrEnum):
    """What became of a person at the turnstile."""

    WENT_THROUGH = "went-through"
    GAVE_UP = "gave-up"  # pushed at a locked arm until patience ran out
    TURNED_BACK = "turned-back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanics:
    """Angles in degrees, speeds in degrees per second; defaults after a PERCo TTR-10A."""

    passage_degrees: float = 120.0
    rotation_starts_at: float = 10.0  # where the home sensor lets go
    passes_at: float = 60.0  # passage pulse; beyond it the arm does not turn back
    play_degrees: float = 3.0  # a locked arm gives this much
    pulse_s: float = 0.25
    pawl_s: float = 0.08  # how long after a passage the pawl needs to fall
    return_speed: float = 90.0  # spring, before `passes_at`
    drive_speed: float = 120.0  # drive, after it


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """How somebody uses the turnstile; pushes as soon as it unlocks, within `patience_s`."""

    direction: Direction
    speed: float = 120.0
    waits_s: float = 0.5  # after the one in front; 0 is so close that the pawl cannot fall
    patience_s: float = 3.0
    forces: bool = False  # tears the arm past its lock
    turns_back_at: float | None = None  # degrees, before the passage pulse
    stops_at: float | None = None  # degrees; stands there for `stops_s`
    stops_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Somebody really went through: the truth that software is measured against."""

    direction: Direction
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What the turnstile's contacts say: True is a closed contact."""

    passage_a: bool
    passage_b: bool
    home: bool
    fire_loop: bool


@dataclass(slots=True)
class Attempt:
    """One person's try; `outcome` is None while it lasts."""

    person: Person
    outcome: Outcome | None = None
    pushes_from: float | None = None
    blocked_from: float | None = None
    stopped_from: float | None = None


class Turnstile:
    """The mechanics, moved from instant to instant; not for several threads at once."""

    def __init__(self, at: float, mechanics: Mechanics | None = None) -> None:
        self.mechanics = mechanics or Mechanics()
        self.angle = 0.0
        self.fire_loop_closed = True
        self.passages: list[Passage] = []
        self._at = at
        self._unlocked = {Direction.A: False, Direction.B: False}
        self._pulse_until = {Direction.A: at, Direction.B: at}
        self._pawl_falls_at = at
        self._queue: deque[Attempt] = deque()
        self._free_from = at

    def approach(self, person: Person) -> Attempt:
        """Queue somebody behind those already there."""
        attempt = Attempt(person)
        self._queue.append(attempt)
        return attempt

    def energise(self, *, a: bool, b: bool) -> None:
        """Voltage at the solenoids: each frees its direction while it lasts."""
        self._unlocked = {Direction.A: a, Direction.B: b}

    def advance(self, at: float) -> None:
        """Move on to `at` (seconds)."""
        assert at - self._at <= _BACKLOG_S_MAX
        while self._at < at:
            step_s = min(STEP_S, at - self._at)
            # The rest of a division below the clock's resolution must not loop for ever.
            self._at = at if at - self._at <= STEP_S else self._at + STEP_S
            self._move(step_s)

    def signals(self) -> Signals:
        return Signals(
            passage_a=self._at < self._pulse_until[Direction.A],
            passage_b=self._at < self._pulse_until[Direction.B],
            home=self.is_home,
            fire_loop=self.fire_loop_closed,
        )

    @property
    def is_home(self) -> bool:
        return abs(self.angle) < self.mechanics.rotation_starts_at

    @property
    def is_idle(self) -> bool:
        """Nobody there and the arm at rest."""
        return not self._queue and self.angle == 0.0

    def passages_in(self, direction: Direction) -> int:
        return sum(passage.direction is direction for passage in self.passages)

    def _move(self, step_s: float) -> None:
        attempt = self._pushing()
        if attempt is None:
            self._turn_alone(step_s)
        else:
            self._push(attempt, step_s)

    def _pushing(self) -> Attempt | None:
        """Whoever has a hand on the arm now."""
        if not self._queue:
            return None
        attempt = self._queue[0]
        if attempt.pushes_from is None and self._at >= self._free_from + attempt.person.waits_s:
            attempt.pushes_from = self._at
        return attempt if attempt.pushes_from is not None else None

    def _push(self, attempt: Attempt, step_s: float) -> None:
        person = attempt.person
        forward = self.angle if person.direction is Direction.A else -self.angle
        if person.turns_back_at is not None and forward >= person.turns_back_at:
            self._leaves(Outcome.TURNED_BACK)
        elif self._stands(attempt, forward):
            pass
        elif self._is_blocked(person) and forward >= 0:
            pushed = min(forward + person.speed * step_s, self.mechanics.play_degrees)
            self._turn_to(person.direction, pushed)
            self._loses_patience(attempt)
        else:
            attempt.blocked_from = None
            self._turn_to(person.direction, forward + person.speed * step_s)

    def _stands(self, attempt: Attempt, forward: float) -> bool:
        person = attempt.person
        if person.stops_at is None or forward < person.stops_at:
            return False
        if attempt.stopped_from is None:
            attempt.stopped_from = self._at
        return self._at < attempt.stopped_from + person.stops_s

    def _is_blocked(self, person: Person) -> bool:
        """The pawl only catches an arm within its play; a rotation begun can be ended."""
        within_play = abs(self.angle) <= self.mechanics.play_degrees
        held = within_play and self._at >= self._pawl_falls_at
        free = self._unlocked[person.direction] or not self.fire_loop_closed or person.forces
        return held and not free

    def _loses_patience(self, attempt: Attempt) -> None:
        if attempt.blocked_from is None:
            attempt.blocked_from = self._at
        if self._at - attempt.blocked_from >= attempt.person.patience_s:
            self._leaves(Outcome.GAVE_UP)

    def _turn_alone(self, step_s: float) -> None:
        """Without a hand the spring takes the arm back, or beyond the middle the drive onwards."""
        direction = Direction.A if self.angle >= 0 else Direction.B
        turned = abs(self.angle)
        if turned >= self.mechanics.passes_at:
            self._turn_to(direction, turned + self.mechanics.drive_speed * step_s)
        else:
            self._turn_to(direction, max(0.0, turned - self.mechanics.return_speed * step_s))

    def _turn_to(self, direction: Direction, turned: float) -> None:
        """Put the arm `turned` degrees in `direction`, with all that happens on the way."""
        sign = 1.0 if direction is Direction.A else -1.0
        before = self.angle * sign
        passes_at = self.mechanics.passes_at
        if before <= -passes_at:
            return  # beyond the middle of the other direction: no way back
        self.angle = turned * sign
        if before < passes_at <= turned:
            self._pulse_until[direction] = self._at + self.mechanics.pulse_s
        if turned >= self.mechanics.passage_degrees:
            self._completes(direction)

    def _completes(self, direction: Direction) -> None:
        self.angle = 0.0
        self.passages.append(Passage(direction=direction, at=self._at))
        self._pawl_falls_at = self._at + self.mechanics.pawl_s
        if self._queue and self._queue[0].pushes_from is not None:
            self._leaves(Outcome.WENT_THROUGH)

    def _leaves(self, outcome: Outcome) -> None:
        self._queue.popleft().outcome = outcome
        self._free_from = self._at
