"""A process of the edge that ends with its supervisor, however that ends."""

import os
import signal
import threading
from collections.abc import Callable

END_S_MAX = 4.0
"""After being told to stop a process has so long, then it is gone."""

_PARENT_PIPE = 0


def stop_with_parent(exit_now: Callable[[int], None]) -> threading.Event:
    """An event set by SIGTERM, SIGINT or the end of the parent, whose pipe is standard input.

    `exit_now` is called where the process has not ended END_S_MAX later.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=_watch, args=(stop,), name="parent", daemon=True).start()
    threading.Thread(target=_enforce, args=(stop, exit_now), name="end", daemon=True).start()
    return stop


def _watch(stop: threading.Event) -> None:
    """The parent never writes: a read ends when its end of the pipe is gone."""
    while os.read(_PARENT_PIPE, 64):
        pass
    stop.set()


def _enforce(stop: threading.Event, exit_now: Callable[[int], None]) -> None:
    stop.wait()
    threading.Event().wait(END_S_MAX)
    exit_now(1)
