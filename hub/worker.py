"""A thread that does one thing again and again, when woken or after a while."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

AFTER_FAILURE_S = 1.0
STOP_S_MAX = 10.0


class Worker:
    """Calls `step` whenever it is woken and at least every `every_s`; outlives its failures."""

    def __init__(self, name: str, step: Callable[[], None], *, every_s: float) -> None:
        self._step = step
        self._every_s = every_s
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There is something to do; returns at once, from any thread."""
        self._woken.set()

    def stop(self) -> None:
        """Returns when the step under way has ended."""
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S_MAX)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                self._step()
            except Exception:
                # The root of a thread: what failed is tried again, nothing is forgotten.
                log.exception("worker_failed name=%s", self._thread.name)
                self._stopping.wait(AFTER_FAILURE_S)
            self._woken.wait(self._every_s)
