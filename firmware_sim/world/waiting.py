"""Waiting for something to become true, with a limit and a name for what did not happen."""

import threading
from collections.abc import Callable

Monotonic = Callable[[], float]

LOOK_S = 0.02


class TookTooLongError(Exception):
    """What was waited for did not happen in time."""


def wait_until(what: str, true: Callable[[], bool], within_s: float, monotonic: Monotonic) -> None:
    """Return as soon as it is true; raises TookTooLongError, which says `what`."""
    end = monotonic() + within_s
    look = threading.Event()
    while not true():
        if monotonic() >= end:
            raise TookTooLongError(f"after {within_s:g} s still waiting for: {what}")
        look.wait(LOOK_S)
