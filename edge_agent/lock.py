"""One process at a time: a lock that ends with its holder, however that ends."""

import fcntl
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_agent.errors import EdgeError

RUN_LOCK, AGENT_LOCK = "run.lock", "agent.lock"
_LOOK_S = 0.05
_logger = logging.getLogger(__name__)


class InUseError(EdgeError):
    """Another process works in this folder."""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock, or raise InUseError at once."""
    with _opened(path) as descriptor:
        if not _taken(descriptor):
            raise InUseError(
                f"directory: another vratar-edge runs in {path.parent}; stop it, or give this one"
                " a directory of its own"
            )
        yield


@contextmanager
def alone_after(path: Path, stop: threading.Event) -> Iterator[bool]:
    """Hold the lock once the last holder is gone; False if `stop` was set before."""
    with _opened(path) as descriptor:
        is_waiting = False
        while not _taken(descriptor):
            if not is_waiting:
                _logger.warning("lock_awaited path=%s", path)
            is_waiting = True
            if stop.wait(_LOOK_S):
                yield False
                return
        yield True


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
