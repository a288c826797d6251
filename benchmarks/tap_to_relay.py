"""Tap to relay: inbox put to the first byte at the door's port, durable record included."""

import multiprocessing
import os
import queue
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event as ProcessEvent
from pathlib import Path

from benchmarks._edge import DOOR, GATE, fill, identity, now_here, settings_of, uid_of
from core.credential import from_uid
from core.entries import Verdict
from core.reasons import Reason
from edge_agent.agent import serve
from edge_agent.agent_process import Hardware, Surroundings, agent_of
from edge_agent.doors.modbus import ModbusDoor
from edge_agent.doors.profile import parse_profile
from edge_agent.ports import Event, Health, PartHealth, Presented, Shown, Standing
from firmware_sim.parts.relay_board import BoardSettings, RelayBoard
from firmware_sim.parts.serialport import SerialPort

TARGET_P50_MS, TARGET_P99_MS = 0.6, 1.5
TAPS, TAPS_SHORT = 3_000, 400
CREDENTIALS, CREDENTIALS_SHORT = 1_000_000, 50_000
PAUSE_S = 0.02
"""Faster than people, slow enough that caches are as cold as people leave them."""

_START_S_MAX, _ANSWER_S_MAX = 20.0, 5.0
_WRITE_REGISTER = 6
# A plain door settles at once, so that taps can follow each other without a person walking.
_PROFILE = """
[doors.door-1]
kind = "plain-door"
[doors.door-1.access_points]
a = "entry"
[doors.door-1.line]
path = "board"
baud = 115200
[doors.door-1.wires]
unlock_a = 0
"""


def main(argv: list[str]) -> None:
    """Fill a cache, tap at a steady pace, print the figure."""
    short = "--short" in argv
    credentials = CREDENTIALS_SHORT if short else CREDENTIALS
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        fill(directory, credentials)
        context = multiprocessing.get_context("spawn")
        stop = context.Event()
        board = context.Process(target=_board, args=(directory / "board", stop))
        board.start()
        try:
            taken_ms = _measure(directory, credentials, TAPS_SHORT if short else TAPS)
        finally:
            stop.set()
            board.join(_ANSWER_S_MAX)
    cuts = statistics.quantiles(taken_ms, n=100)
    print(
        f"tap to relay, alone, {credentials:,} credentials, {len(taken_ms):,} taps:"
        f" p50 {cuts[49]:.3f} ms, p99 {cuts[98]:.3f} ms, max {max(taken_ms):.2f} ms"
        f" (target p50 <= {TARGET_P50_MS}, p99 <= {TARGET_P99_MS} ms; the relay board is a"
        " process of its own on a pty)"
    )


def _board(path: Path, stop: ProcessEvent) -> None:
    """The simulated board, which must not share the agent's interpreter."""
    board = RelayBoard(BoardSettings(baud=115200))
    with SerialPort(board, monotonic=time.monotonic, link=path):
        stop.wait()


class _Watch:
    """Display and link of the benchmark: wakes it when a tap is decided."""

    def __init__(self) -> None:
        self.shown: queue.SimpleQueue[Shown] = queue.SimpleQueue()

    def show(self, shown: Shown) -> None:
        self.shown.put(shown)

    def stand(self, standing: Standing) -> None:
        """Nobody looks."""

    def recorded(self, seq: int) -> None:
        """Nobody sends."""

    def wanted(self, version: int) -> None:
        """Nobody asks."""


class _Edge:
    """An agent and its door on two threads of this process, as in the agent process."""

    def __init__(self, directory: Path) -> None:
        [profile] = parse_profile(_PROFILE, devices=directory).doors
        self.watch = _Watch()
        self.inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.pulses: queue.SimpleQueue[float] = queue.SimpleQueue()
        self._ready, self._stop = threading.Event(), threading.Event()
        self._door = ModbusDoor(profile, monotonic=time.monotonic, wrote=self._wrote)
        hardware = Hardware(doors={DOOR: self._door}, readers={}, gateways={GATE: DOOR})
        self._surroundings = Surroundings(
            settings=settings_of(directory),
            identity=identity(),
            hardware=hardware,
            now=now_here,
            random_bytes=os.urandom,
            software="benchmark",
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        threads = [
            threading.Thread(target=self._serve),
            threading.Thread(target=self._door.run, args=(self._put, self._stop)),
        ]
        for thread in threads:
            thread.start()
        try:
            assert self._ready.wait(_START_S_MAX), "the door does not answer"
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(_ANSWER_S_MAX)

    def _serve(self) -> None:
        serve(agent_of(self._surroundings, self.watch, self.watch), self.inbox, self._stop)

    def _put(self, event: Event) -> None:
        if isinstance(event, PartHealth) and event.health is Health.OK:
            self._ready.set()
        self.inbox.put(event)

    def _wrote(self, frame: bytes, _: float) -> None:
        if self._ready.is_set() and frame[1] == _WRITE_REGISTER:
            self.pulses.put(time.perf_counter())


def _measure(directory: Path, credentials: int, taps: int) -> list[float]:
    """Milliseconds from the inbox to the pulse's first byte."""
    edge = _Edge(directory)
    persons = random.Random(1).sample(range(credentials), taps)  # noqa: S311 - a repeatable run
    with edge.running():
        return [_tap(edge, person) for person in persons]


def _tap(edge: _Edge, person: int) -> float:
    threading.Event().wait(PAUSE_S)
    credential = from_uid(uid_of(person))
    presented = Presented(access_point=GATE, credential=credential, at_monotonic=time.monotonic())
    started = time.perf_counter()
    edge.inbox.put(presented)
    shown = edge.watch.shown.get(timeout=_ANSWER_S_MAX)
    assert (shown.verdict, shown.reason) == (Verdict.ALLOW, Reason.GRANTED), shown
    return (edge.pulses.get(timeout=_ANSWER_S_MAX) - started) * 1_000
