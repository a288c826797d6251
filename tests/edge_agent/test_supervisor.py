"""The supervisor: real processes are started again, ever later, and all end with it."""

import os
import signal
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

from edge_agent.supervisor import BACK_OFF_S_MAX, Process, supervise

_FOREVER = "import threading; print('ready', flush=True); threading.Event().wait()"
_STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + _FOREVER


class Turned:
    """A monotonic clock that goes on by a step with each look."""

    def __init__(self, step: float) -> None:
        self._step = step
        self.now = 0.0

    def __call__(self) -> float:
        self.now += self._step
        return self.now


def test_a_process_that_ends_is_started_again_ever_later() -> None:
    stop = threading.Event()
    clock = Turned(0.5)
    started: list[float] = []

    def start(_: str) -> Process:
        started.append(clock.now)
        if len(started) == 6:
            stop.set()
        process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
        process.wait(10)
        return process

    supervise(["agent"], start, stop, clock)
    waits = [later - earlier for earlier, later in pairwise(started)]
    assert waits == sorted(waits)
    assert waits[-1] <= BACK_OFF_S_MAX + 1


def test_all_processes_end_with_the_supervisor() -> None:
    stop = threading.Event()
    processes: list[subprocess.Popen[bytes]] = []

    def start(name: str) -> Process:
        code = _STUBBORN if name == "stubborn" else _FOREVER
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert process.stdout is not None
        with process.stdout:
            assert process.stdout.readline() == b"ready\n"
        processes.append(process)
        if len(processes) == 2:
            stop.set()
        return process

    supervise(["meek", "stubborn"], start, stop, Turned(0.2))
    codes = [process.wait(5) for process in processes]
    assert codes == [-signal.SIGTERM, -signal.SIGKILL]


_CHILD = """
import os, sys, threading
from edge_agent.child import stop_with_parent
stop = stop_with_parent(os._exit)
print("ready", flush=True)
stop.wait()
"""


def _child(stdin: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", _CHILD],
        stdin=stdin,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def test_a_process_ends_when_its_parents_pipe_does() -> None:
    read, write = os.pipe()
    with _child(read) as process:
        os.close(read)
        os.close(write)
        assert process.wait(10) == 0


def test_a_process_ends_when_it_is_asked_to() -> None:
    read, write = os.pipe()
    with _child(read) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    os.close(read)
    os.close(write)
