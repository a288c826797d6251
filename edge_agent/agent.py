"""The agent: one thread that takes what happens, one thing at a time, to gates and terminals."""

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from core.entries import ClockJumped
from core.ids import AccessPointId
from core.reasons import Reason
from edge_agent.cache import HubClock
from edge_agent.clock import Instant, Reading, jumped, read
from edge_agent.gate import Gate
from edge_agent.health import Condition
from edge_agent.journal import JournalError
from edge_agent.ports import (
    Cache,
    CacheChanged,
    CommandReceived,
    Display,
    Event,
    Link,
    Moved,
    NetworkChanged,
    PartHealth,
    Presented,
    Standing,
    Ticked,
)
from edge_agent.recorder import Recorder
from edge_agent.terminal import Terminal
from wire.messages import Command

TICK_MS = 1_000
WAIT_MS_MAX = 300
"""So long a tap may wait for what the hub may know since a moment ago."""

STOP_LOOK_MS = 200
TRIM_EVERY_MS = 3_600_000
# Reasons that a delta under way may cure: issued or bought a moment ago.
_CURABLE = frozenset({Reason.UNKNOWN_CREDENTIAL, Reason.NO_UNITS_LEFT})
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the settings say about the agent itself."""

    has_battery: bool
    keep_for: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A tap that waits for a delta, at the latest until `until_ms` of the monotonic clock."""

    presented: Presented
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an agent is made of; all of it is used by its one thread only."""

    recorder: Recorder
    cache: Cache
    gate: Gate
    terminal: Terminal
    terminals: frozenset[AccessPointId]
    display: Display
    link: Link


class Agent:
    """Takes one event at a time: `start` first, then `handle`. One thread; `now` is its clock."""

    def __init__(self, parts: Parts, policy: Policy, now: Callable[[], Instant]) -> None:
        self.condition = Condition()
        self._parts = parts
        self._policy = policy
        self._now = now
        self._before: Instant | None = None
        self._compared: HubClock | None = None
        self._held: dict[AccessPointId, _Held] = {}
        self._told_seq = 0
        self._was_tapped = False
        self._tick_at_ms = 0
        self._trim_at_ms = 0

    def start(self) -> None:
        """Open the journal and settle what was left open; a failure is told and tried again."""
        self._compared = self._parts.cache.clock()
        reading = self._read()
        if self._parts.recorder.open(reading):
            self._settle_earlier(reading)
        self._tick_at_ms = self._trim_at_ms = reading.monotonic_ms
        self._keep_house(reading)

    def handle(self, event: Event) -> None:
        """One thing that happened, to its end: recorded, acted on, shown."""
        reading = self._read()
        self._take(event, reading)
        self._conclude_due(reading)
        if reading.monotonic_ms >= self._tick_at_ms:
            self._keep_house(reading)
        self._tell_sync()

    def wait_ms(self) -> int:
        """How long nothing is due: `Ticked` need not be handled before."""
        due = [self._tick_at_ms, *(held.until_ms for held in self._held.values())]
        return max(0, min(due) - self._now().monotonic_ms)

    def rest(self) -> None:
        """Nobody waits: tidy the journal, so that no later tap has to."""
        self._parts.recorder.tidy()

    def close(self) -> None:
        self._parts.recorder.close()

    def _take(self, event: Event, reading: Reading) -> None:
        match event:
            case Presented():
                self._present(event, reading)
            case Moved():
                self.condition = self.condition.moved(event)
                self._parts.gate.moved(event, reading)
            case PartHealth():
                self._part(event, reading)
            case CommandReceived(command=command):
                self._command(command, reading)
            case CacheChanged():
                # With its first rows an edge has also learnt the time.
                self._compared = self._parts.cache.clock()
                self._conclude_all(self._read())
            case NetworkChanged(connected=connected):
                self.condition = replace(self.condition, connected=connected)
                self._stand(reading)
            case Ticked():
                pass

    def _present(self, presented: Presented, reading: Reading) -> None:
        self._was_tapped = True
        point = presented.access_point
        if point in self._parts.terminals:
            self._parts.terminal.punch(presented, reading)
            return
        # The same reader sees somebody else: nobody waits behind a tap that waits.
        self._conclude_held(point, reading)
        gate = self._parts.gate
        considered = gate.consider(presented, reading, self.condition)
        if self.condition.connected and considered.decision.reason in _CURABLE:
            until_ms = reading.monotonic_ms + WAIT_MS_MAX
            self._held[point] = _Held(presented=presented, until_ms=until_ms)
            self._parts.link.wanted(considered.picture.version if considered.picture else 0)
        else:
            gate.conclude(considered, reading)

    def _conclude_held(self, point: AccessPointId, reading: Reading) -> None:
        held = self._held.pop(point, None)
        if held is not None:
            self._parts.gate.tap(held.presented, reading, self.condition)

    def _conclude_all(self, reading: Reading) -> None:
        for point in list(self._held):
            self._conclude_held(point, reading)

    def _conclude_due(self, reading: Reading) -> None:
        for point, held in list(self._held.items()):
            if reading.monotonic_ms >= held.until_ms:
                self._conclude_held(point, reading)

    def _part(self, told: PartHealth, reading: Reading) -> None:
        self.condition, alarmed = self.condition.part(told)
        if alarmed is not None:
            _logger.warning("part_%s part=%s detail=%s", told.health, told.part, told.detail)
            self._parts.recorder.owe(alarmed, reading)
        self._stand(reading)

    def _command(self, command: Command, reading: Reading) -> None:
        try:
            outcome = self._parts.gate.command(command, reading, self.condition)
        except JournalError:
            # Not recorded, so not carried out; the hub sends it again until it expires.
            _logger.warning("command_not_recorded id=%s", command.id)
            return
        if outcome is not None:
            _logger.info("command_ended id=%s outcome=%s", command.id, outcome.ending)

    def _keep_house(self, reading: Reading) -> None:
        """Once a second: try again what failed, tidy what is idle, tell how the edge stands."""
        self._tick_at_ms = reading.monotonic_ms + TICK_MS
        recorder = self._parts.recorder
        self._compared = self._parts.cache.clock()
        was_open = recorder.is_open
        recorder.recover(reading)
        if recorder.is_open and not was_open:
            self._settle_earlier(reading)
        if not self._was_tapped:
            self._trim(reading)
        self._was_tapped = False
        self._stand(reading)

    def _trim(self, reading: Reading) -> None:
        """What would hold up a tap is done while nobody taps, a little at a time."""
        recorder = self._parts.recorder
        if reading.monotonic_ms < self._trim_at_ms or reading.corrected is None:
            return
        cache = self._parts.cache
        older_than = reading.corrected - self._policy.keep_for
        if not recorder.trim(older_than, cache.marks(), cache.included()):
            self._trim_at_ms = reading.monotonic_ms + TRIM_EVERY_MS

    def _settle_earlier(self, reading: Reading) -> None:
        try:
            settled = self._parts.gate.settle_earlier(reading)
        except JournalError:
            return
        if settled:
            _logger.info("grants_given_back count=%d", settled)

    def _read(self) -> Reading:
        now = self._now()
        reading = read(
            now,
            self._compared,
            has_battery=self._policy.has_battery,
            newest_at=self._parts.recorder.newest_at,
        )
        expected = jumped(self._before, now) if self._before else None
        self._before = now
        if expected is not None:
            actual = reading.moment.at
            _logger.warning("clock_jumped expected=%s actual=%s", expected, actual)
            self._parts.recorder.owe(ClockJumped(expected=expected, actual=actual), reading)
        return reading

    def _stand(self, reading: Reading) -> None:
        self._parts.display.stand(
            Standing(
                connected=self.condition.connected,
                clock=reading.moment.clock,
                recording=self._parts.recorder.problem is None,
                lost=self.condition.out_of_order,
            )
        )

    def _tell_sync(self) -> None:
        seq = self._parts.recorder.last_seq
        if seq != self._told_seq:
            self._told_seq = seq
            self._parts.link.recorded(seq)


def serve(agent: Agent, inbox: "queue.SimpleQueue[Event]", stop: threading.Event) -> None:
    """The agent's thread: whatever lies in the inbox, and time, until `stop` is set."""
    agent.start()
    try:
        while not stop.is_set():
            due_ms = agent.wait_ms()
            try:
                # Not so long that `stop` would have to wait for it.
                event: Event = inbox.get(timeout=min(due_ms, STOP_LOOK_MS) / 1000)
            except queue.Empty:
                if due_ms > STOP_LOOK_MS:
                    continue
                event = Ticked()
            agent.handle(event)
            if inbox.empty():
                agent.rest()
    finally:
        agent.close()
