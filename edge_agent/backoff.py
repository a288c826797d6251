"""How long to wait before trying again: random, growing, bounded."""

from collections.abc import Callable

Random = Callable[[], float]
"""A source of chance: uniform in [0, 1); passed in, so that a seed replays a run."""

RECONNECT_BASE_MS = 1_000
RECONNECT_CAP_MS = 60_000
_DOUBLINGS_MAX = 20


def reconnect_delay_ms(failures: int, random: Random) -> int:
    """Full jitter: anything from 0 to the bound, so that a fleet comes back spread out."""
    return int(random() * _bound_ms(RECONNECT_BASE_MS, RECONNECT_CAP_MS, failures))


def again_after_ms(base_ms: int, cap_ms: int, tries: int, random: Random) -> int:
    """When to send something again that had no answer: between half the bound and the bound."""
    bound = _bound_ms(base_ms, cap_ms, tries)
    return bound // 2 + int(random() * (bound - bound // 2))


def _bound_ms(base_ms: int, cap_ms: int, tries: int) -> int:
    return min(cap_ms, base_ms << min(tries, _DOUBLINGS_MAX))
