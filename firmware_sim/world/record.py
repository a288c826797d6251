"""What physically happened: cards laid and people through the arm, the truth to check against."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

Wall = Callable[[], datetime]
"""The wall clock, aware."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLaid:
    """A card lay on a reader until it was read; `card` is its UID in hex."""

    access_point: str
    card: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WentThrough:
    """Somebody went through; `card` is what they had shown for it, None for nothing."""

    access_point: str
    card: str | None
    forced: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalRecord:
    """Both in the order in which they happened."""

    laid: tuple[CardLaid, ...] = ()
    passages: tuple[WentThrough, ...] = ()


def write_record(path: Path, record: PhysicalRecord) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(record)))


def read_record(path: Path) -> PhysicalRecord:
    """What `write_record` wrote; raises OSError or msgspec.DecodeError on anything else."""
    return msgspec.json.decode(path.read_bytes(), type=PhysicalRecord)
