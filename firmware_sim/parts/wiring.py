"""The wires between a relay board and a turnstile, and the time in which both live."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from firmware_sim.parts.relay_board import INPUTS, RELAYS, RelayBoard
from firmware_sim.parts.turnstile import STEP_S, Attempt, Passage, Person, Turnstile

_TICK_S = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """Which relay feeds which solenoid and which contact leads to which input; None: no wire."""

    unlock_a: int = 0
    unlock_b: int | None = 1
    passage_a: int = 0
    passage_b: int | None = 1
    home: int | None = 2
    fire_loop: int | None = 3

    def __post_init__(self) -> None:
        relays = _wired(self.unlock_a, self.unlock_b)
        inputs = _wired(self.passage_a, self.passage_b, self.home, self.fire_loop)
        for terminals, size in ((relays, RELAYS), (inputs, INPUTS)):
            if len(set(terminals)) < len(terminals) or not set(terminals) <= set(range(size)):
                raise ValueError(f"terminals {terminals}: each once, 0 to {size - 1}")


class WiredTurnstile:
    """A turnstile on a board; every method may be called from any thread."""

    def __init__(
        self, board: RelayBoard, turnstile: Turnstile, wiring: Wiring, *, at: float
    ) -> None:
        """Both start at `at`, the instant the turnstile was made for."""
        self._board = board
        self._turnstile = turnstile
        self._wiring = wiring
        self._at = at
        self._lock = threading.Lock()
        self._carry()

    def advance(self, at: float) -> None:
        """Live on until `at`; every edge of every contact reaches the board, however late."""
        with self._lock:
            while self._at < at:
                # Copied at every step: a stalled thread must not swallow a whole pulse.
                self._at = min(at, self._at + STEP_S)
                self._turnstile.advance(self._at)
                self._carry()

    def run(self, stop: threading.Event, monotonic: Callable[[], float]) -> None:
        """Live in real time until `stop` is set."""
        while not stop.wait(_TICK_S):
            self.advance(monotonic())

    def approach(self, person: Person) -> Attempt:
        with self._lock:
            return self._turnstile.approach(person)

    def set_fire_loop(self, *, closed: bool) -> None:
        with self._lock:
            self._turnstile.fire_loop_closed = closed

    def passages(self) -> list[Passage]:
        """Everybody who really went through so far."""
        with self._lock:
            return list(self._turnstile.passages)

    @property
    def angle(self) -> float:
        with self._lock:
            return self._turnstile.angle

    @property
    def is_idle(self) -> bool:
        with self._lock:
            return self._turnstile.is_idle

    def _carry(self) -> None:
        wiring = self._wiring
        relays = self._board.relays(self._at)
        self._turnstile.energise(
            a=relays[wiring.unlock_a],
            b=wiring.unlock_b is not None and relays[wiring.unlock_b],
        )
        signals = self._turnstile.signals()
        closed = {
            wiring.passage_a: signals.passage_a,
            wiring.passage_b: signals.passage_b,
            wiring.home: signals.home,
            wiring.fire_loop: signals.fire_loop,
        }
        self._board.set_inputs(tuple(closed.get(place, False) for place in range(INPUTS)))


def _wired(*terminals: int | None) -> list[int]:
    return [terminal for terminal in terminals if terminal is not None]
