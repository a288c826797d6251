"""What a tap at a terminal means."""

from datetime import timedelta

import pytest

from core.punch import PunchKind, Stamp, meant
from tests.core.build import NOW

IN, OUT = PunchKind.IN, PunchKind.OUT


@pytest.mark.parametrize(
    ("previous", "after", "expected"),
    [
        (IN, timedelta(hours=8), OUT),
        (OUT, timedelta(hours=16), IN),
        (OUT, timedelta(minutes=30), IN),
        (IN, timedelta(hours=16), IN),  # yesterday's departure was forgotten
        (IN, timedelta(seconds=5), IN),  # tapped twice
        (OUT, timedelta(seconds=5), OUT),
        (IN, timedelta(seconds=10), OUT),
        (IN, timedelta(hours=-1), IN),  # the clock was set back: nothing follows from the past
    ],
)
def test_a_tap_continues_the_shift(
    previous: PunchKind, after: timedelta, expected: PunchKind
) -> None:
    assert meant(Stamp(kind=previous, at=NOW - after), NOW) is expected


def test_the_first_tap_ever_is_an_arrival() -> None:
    assert meant(None, NOW) is IN
