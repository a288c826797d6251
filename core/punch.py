"""A working-time stamp at a terminal: what an employee means by simply tapping."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SHIFT_MAX = timedelta(hours=16)
"""After an arrival this long ago a tap is taken for the next arrival, not for the departure."""

DOUBLE_TAP_MAX = timedelta(seconds=10)
"""A second tap this soon repeats the first: people tap again when they are not sure."""


class PunchKind(StrEnum):
    """What is stamped; the value is stable on the wire and in the law's record."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """The last punch that the terminal knows of a holder."""

    kind: PunchKind
    at: datetime


def meant(previous: Stamp | None, at: datetime) -> PunchKind:
    """What a tap without a button means: departure after an arrival of this shift, else arrival.

    Every tap is kept as a record; this is only its proposed kind.
    """
    if previous is None:
        return PunchKind.IN
    if timedelta(0) <= at - previous.at < DOUBLE_TAP_MAX:
        return previous.kind
    within_shift = timedelta(0) <= at - previous.at < SHIFT_MAX
    return PunchKind.OUT if previous.kind is PunchKind.IN and within_shift else PunchKind.IN
