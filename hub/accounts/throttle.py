"""Failed logins slow down the next ones, for each login and address alone: nobody is locked out.

An attacker at another address makes the holder of the login wait for nothing.
"""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

FREE_FAILURES = 3
WAIT_MAX = timedelta(minutes=15)
REMEMBERED_MAX = 10_000
"""The oldest is forgotten first; filling it costs as many password verifications."""

Key = tuple[str, str]


class Throttle:
    """Failures by (login, address), in memory: a restart of the hub forgives them."""

    def __init__(self) -> None:
        self._failures: OrderedDict[Key, tuple[int, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_for(self, key: Key, at: datetime) -> timedelta:
        """How long to wait before the next attempt: nothing, 1, 2, 4 ... seconds, 15 minutes."""
        with self._lock:
            count, last_at = self._failures.get(key, (0, at))
        return max(last_at + _pause(count) - at, timedelta(0))

    def failed(self, key: Key, at: datetime) -> None:
        with self._lock:
            count, _ = self._failures.pop(key, (0, at))
            self._failures[key] = (count + 1, at)
            if len(self._failures) > REMEMBERED_MAX:
                self._failures.popitem(last=False)

    def succeeded(self, key: Key) -> None:
        with self._lock:
            self._failures.pop(key, None)


def _pause(failures: int) -> timedelta:
    over = failures - FREE_FAILURES
    if over < 0:
        return timedelta(0)
    return min(timedelta(seconds=1 << min(over, 16)), WAIT_MAX)
