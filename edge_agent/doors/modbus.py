"""A barrier behind a Modbus relay board, on its own thread: releases in, movements out."""

import queue
import threading
from collections import deque

from core.ids import AccessPointId
from edge_agent.doors.barrier import (
    Barrier,
    Direction,
    Given,
    Happened,
    Lock,
    Lost,
    Released,
    Ticked,
    Unlock,
    Unlocked,
)
from edge_agent.doors.contacts import Look, observed
from edge_agent.doors.hardware import DoorKind, DoorProfile
from edge_agent.doors.modbus_line import LineError, LineGoneError, ModbusLine, Monotonic, Wrote
from edge_agent.doors.plain_door import PlainDoor
from edge_agent.doors.turnstile import Turnstile
from edge_agent.ports import Health, Inbox, Moved, Movement, PartHealth

RELEASES_MAX = 16
"""Releases that wait for the thread; further ones are refused. The barrier itself keeps fewer."""
_BACK_OFF_S_MIN = 0.1
_BACK_OFF_S_MAX = 2.0
_STOP_LOOK_S = 0.1


class ModbusDoor:
    """The `Door` of one hardware profile; `wrote` sees each frame as it leaves."""

    def __init__(
        self, profile: DoorProfile, *, monotonic: Monotonic, wrote: Wrote | None = None
    ) -> None:
        self._profile = profile
        self._monotonic = monotonic
        self._line = ModbusLine(
            profile.line, profile.board, profile.wires, monotonic=monotonic, wrote=wrote
        )
        self._barrier = barrier_of(profile)
        self._directions = {point: way for way, point in profile.access_points.items()}
        self._releases: queue.SimpleQueue[Released] = queue.SimpleQueue()
        self._look: Look | None = None
        self._health: Health | None = None
        self._inbox: Inbox = _nobody

    def release(self, access_point: AccessPointId, grant: int) -> None:
        """Queue a release, from any thread; raises ValueError for another door's access point."""
        direction = self._directions.get(access_point)
        if direction is None:
            raise ValueError(f"{access_point} is no access point of {self._profile.door}")
        if self._releases.qsize() < RELEASES_MAX:
            self._releases.put(Released(direction=direction, grant=grant))
        else:
            self._report(Happened(movement=Movement.NO_SHOW, direction=direction, grant=grant))

    def run(self, inbox: Inbox, stop: threading.Event) -> None:
        """Drive the barrier until `stop` is set, through every loss of its board."""
        self._inbox = inbox
        back_off_s = _BACK_OFF_S_MIN
        while not stop.is_set():
            try:
                self._line.open()
                self._serve(stop)
            except LineError as lost:
                was_ok = self._health is Health.OK
                back_off_s = _BACK_OFF_S_MIN if was_ok else min(2 * back_off_s, _BACK_OFF_S_MAX)
                self._lose(lost)
            finally:
                self._line.close()
            self._wait_while_lost(back_off_s, stop)

    def _serve(self, stop: threading.Event) -> None:
        """Look, release, look again; ends with `stop`, or by LineError when the board is lost."""
        unanswered = 0
        while not stop.is_set():
            try:
                self._look_once()
                unanswered = 0
            except LineGoneError:
                raise
            except LineError:
                unanswered += 1
                if unanswered >= self._profile.line.tries:
                    raise
                self._step(Ticked())
            self._release_until(self._monotonic() + self._pause_s())
        # Nobody would notice who goes through from here on.
        for direction in Direction:
            self._do(Lock(direction=direction))

    def _pause_s(self) -> float:
        line = self._profile.line
        return line.poll_idle_s if self._barrier.is_idle else line.poll_s

    def _release_until(self, look_at: float) -> None:
        """Take releases as they come until the next look is due; at most a queueful."""
        for _ in range(RELEASES_MAX):
            left_s = look_at - self._monotonic()
            released = self._next_release(left_s)
            if released is None:
                return
            self._step(released)
            # From now on somebody is expected: do not sleep through an idle pause.
            look_at = min(look_at, self._monotonic() + self._profile.line.poll_s)

    def _next_release(self, within_s: float) -> Released | None:
        try:
            if within_s <= 0:
                return self._releases.get_nowait()
            return self._releases.get(timeout=within_s)
        except queue.Empty:
            return None

    def _look_once(self) -> None:
        look = self._line.look()
        seen = observed(self._profile.wires, self._look, look)
        self._look = look
        self._step(seen)
        # After the step: a board found again is only well once it has been locked.
        self._tell_health(Health.OK, f"the board on {self._profile.line.path} answers")

    def _lose(self, lost: LineError) -> None:
        # Closed first: settling what is open must not ask the board again.
        self._line.close()
        self._tell_health(Health.LOST, lost.diagnostics())
        self._step(Lost())

    def _wait_while_lost(self, for_s: float, stop: threading.Event) -> None:
        """Answer every release at once meanwhile: the person must know, and none may fire later."""
        until = self._monotonic() + for_s
        while not stop.is_set() and (left_s := until - self._monotonic()) > 0:
            released = self._next_release(min(left_s, _STOP_LOOK_S))
            self._step(released or Ticked())

    def _step(self, given: Given) -> None:
        """Ask the rules, report, and do what they say; raises LineError."""
        todo: deque[Given] = deque([given])
        while todo:
            stepped = self._barrier.step(todo.popleft(), self._monotonic())
            self._barrier = stepped.barrier
            for happened in stepped.happened:
                self._report(happened)
            for action in stepped.actions:
                if self._do(action) and isinstance(action, Unlock):
                    todo.append(Unlocked(grant=action.grant))

    def _do(self, action: Unlock | Lock) -> bool:
        """True when the board has acknowledged; a lost board locks by itself."""
        wires = self._profile.wires
        relay = wires.unlock_a if action.direction is Direction.A else wires.unlock_b
        if relay is None or not self._line.is_open:
            return False
        for_s = action.for_s if isinstance(action, Unlock) else 0.0
        for _ in range(self._profile.line.tries - 1):
            try:
                self._line.pulse(relay, for_s)
            except LineGoneError:
                raise
            except LineError:
                continue
            return True
        self._line.pulse(relay, for_s)
        return True

    def _report(self, happened: Happened) -> None:
        direction = happened.direction
        self._inbox(
            Moved(
                door=self._profile.door,
                access_point=self._profile.access_points.get(direction) if direction else None,
                movement=happened.movement,
                grant=happened.grant,
                at_monotonic=self._monotonic(),
            )
        )

    def _tell_health(self, health: Health, detail: str) -> None:
        if health is not self._health:
            self._health = health
            self._inbox(PartHealth(part=self._profile.door, health=health, detail=detail))


def barrier_of(profile: DoorProfile) -> Barrier:
    """The rules for a kind of door, blind until its board has been seen."""
    match profile.kind:
        case DoorKind.TURNSTILE:
            return Turnstile(timings=profile.timings, blind=True)
        case DoorKind.PLAIN_DOOR:
            return PlainDoor(unlock_s=profile.timings.wait_s, blind=True)


def _nobody(_: object) -> None:
    """The inbox before the thread runs."""
