"""What a board's levels and counters say about the barrier: home, fire, passages."""

from dataclasses import dataclass

from edge_agent.doors.barrier import Observed
from edge_agent.doors.hardware import Wires

_WORD = 0x10000
# More than anybody can pass unseen: a bigger step is a counter that began again from zero.
_PLAUSIBLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One reading: a level per input, and the counters of rising edges where the board has them."""

    levels: tuple[bool, ...]
    counters: tuple[int, ...] | None = None


def observed(wires: Wires, before: Look | None, after: Look) -> Observed:
    """What changed between two looks; passages before the first look are nobody's."""
    return Observed(
        home=wires.home is None or after.levels[wires.home],
        fire=wires.fire_loop is not None and not after.levels[wires.fire_loop],
        passages_a=_rises(wires.passage_a, before, after),
        passages_b=_rises(wires.passage_b, before, after),
    )


def _rises(terminal: int | None, before: Look | None, after: Look) -> int:
    if terminal is None or before is None:
        return 0
    if before.counters is None or after.counters is None:
        return int(after.levels[terminal] and not before.levels[terminal])
    return _counted(before.counters[terminal], after.counters[terminal])


def _counted(before: int, after: int) -> int:
    """Edges between two readings of a 16-bit counter; it counts from zero after a power cut."""
    risen = (after - before) % _WORD
    return risen if risen <= _PLAUSIBLE else min(after, _PLAUSIBLE)
