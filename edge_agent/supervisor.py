"""Keeping the edge's processes running: each is started again when it ends, until told to stop."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

LOOK_S = 0.1
BACK_OFF_S_MIN, BACK_OFF_S_MAX = 0.2, 10.0
SETTLED_S = 30.0
"""A process that has run so long begins anew with the shortest back-off."""

STOP_S_MAX = 5.0
"""What has not ended so long after being asked is killed."""

_logger = logging.getLogger(__name__)


class Process(Protocol):
    """What is needed of a started process; `subprocess.Popen` is one."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


@dataclass(slots=True)
class _Kept:
    name: str
    process: Process | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    back_off_s: float = BACK_OFF_S_MIN


def supervise(
    names: Sequence[str],
    start: Callable[[str], Process],
    stop: threading.Event,
    monotonic: Callable[[], float],
) -> None:
    """Start each, start it again when it ends, a little later each time; end all with `stop`."""
    kept = [_Kept(name) for name in names]
    try:
        while not stop.is_set():
            for each in kept:
                _look_after(each, start, monotonic())
            stop.wait(LOOK_S)
    finally:
        _end([each.process for each in kept if each.process is not None], monotonic)


def _look_after(kept: _Kept, start: Callable[[str], Process], now: float) -> None:
    if kept.process is not None:
        code = kept.process.poll()
        if code is None:
            return
        _logger.error("process_ended name=%s exit_code=%d", kept.name, code)
        kept.process = None
        if now - kept.started_at >= SETTLED_S:
            kept.back_off_s = BACK_OFF_S_MIN
        kept.start_at = now + kept.back_off_s
        kept.back_off_s = min(2 * kept.back_off_s, BACK_OFF_S_MAX)
    if now >= kept.start_at:
        kept.process = start(kept.name)
        kept.started_at = now
        _logger.info("process_started name=%s pid=%d", kept.name, kept.process.pid)


def _end(processes: Sequence[Process], monotonic: Callable[[], float]) -> None:
    for process in processes:
        process.terminate()
    deadline = monotonic() + STOP_S_MAX
    pause = threading.Event()
    while monotonic() < deadline and any(process.poll() is None for process in processes):
        pause.wait(LOOK_S / 5)
    for process in processes:
        if process.poll() is None:
            _logger.error("process_killed pid=%d", process.pid)
            process.kill()
