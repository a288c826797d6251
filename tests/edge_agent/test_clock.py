"""The clock: what bounds its error decides how far it is trusted."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.instants import ClockState
from edge_agent.cache import HubClock
from edge_agent.clock import DRIFT_PPM_MAX, Instant, Reading, jumped, read
from tests.edge_agent.journal_bench import START

COMPARED = HubClock(
    hub_at=START, offset_ms=0, uncertainty_ms=5, boot_id="boot-1", monotonic_ms=1_000
)


def _at(seconds: float, *, boot: str = "boot-1", wrong_s: float = 0.0) -> Instant:
    """So long after the comparison, with the wall clock so far wrong."""
    wall = START + timedelta(seconds=seconds + wrong_s)
    return Instant(wall=wall, monotonic_ms=1_000 + round(seconds * 1000), boot_id=boot)


def _read(now: Instant, *, battery: bool = False, newest_s: float | None = None) -> Reading:
    newest_at = None if newest_s is None else START + timedelta(seconds=newest_s)
    return read(now, COMPARED, has_battery=battery, newest_at=newest_at)


@pytest.mark.parametrize(
    ("seconds", "state"),
    [
        (0, ClockState.TRUSTED),
        (600, ClockState.TRUSTED),
        (601, ClockState.DRIFTING),
        (86_400, ClockState.DRIFTING),
    ],
)
def test_the_clock_is_trusted_for_ten_minutes_after_a_comparison(
    seconds: float, state: ClockState
) -> None:
    assert _read(_at(seconds)).moment.clock is state


def test_the_uncertainty_grows_by_the_worst_drift() -> None:
    day = _read(_at(86_400)).moment.uncertainty
    assert timedelta(seconds=4.3) <= day <= timedelta(seconds=4.4)


def test_a_wall_clock_set_wrong_is_uncertain_by_as_much() -> None:
    reading = _read(_at(60, wrong_s=3600))
    assert reading.moment.at == START + timedelta(seconds=3660)
    assert timedelta(hours=1) <= reading.moment.uncertainty <= timedelta(hours=1, seconds=1)
    assert reading.corrected == START + timedelta(seconds=60)


def test_after_a_power_cut_without_a_battery_the_clock_is_unknown() -> None:
    reading = _read(_at(60, boot="boot-2"))
    assert reading.moment.clock is ClockState.UNKNOWN
    assert reading.corrected is None


def test_after_a_power_cut_a_battery_keeps_the_clock_drifting() -> None:
    reading = _read(_at(86_400, boot="boot-2"), battery=True, newest_s=600)
    assert reading.moment.clock is ClockState.DRIFTING
    assert timedelta(seconds=4.3) <= reading.moment.uncertainty <= timedelta(seconds=4.4)


def test_a_battery_clock_that_stands_before_the_last_entry_is_unknown() -> None:
    reading = _read(_at(60, boot="boot-2"), battery=True, newest_s=63)
    assert reading.moment.clock is ClockState.UNKNOWN


def test_a_comparison_of_this_boot_stands_over_a_last_entry_from_the_future() -> None:
    assert _read(_at(60), newest_s=10**7).moment.clock is ClockState.TRUSTED


def test_a_clock_that_was_never_compared_is_unknown() -> None:
    reading = read(_at(0), None, has_battery=True, newest_at=None)
    assert reading.moment.clock is ClockState.UNKNOWN


@given(
    elapsed=st.floats(0, 10**7),
    wrong_s=st.floats(-(10**6), 10**6),
    ppm=st.floats(-DRIFT_PPM_MAX, DRIFT_PPM_MAX),
)
def test_true_time_is_always_within_the_uncertainty(
    elapsed: float, wrong_s: float, ppm: float
) -> None:
    true = START + timedelta(seconds=elapsed)
    monotonic_ms = 1_000 + round(elapsed * (1 + ppm / 1_000_000) * 1000)
    now = Instant(
        wall=true + timedelta(seconds=wrong_s), monotonic_ms=monotonic_ms, boot_id="boot-1"
    )
    moment = _read(now).moment
    millisecond = timedelta(milliseconds=1)
    assert moment.earliest - millisecond <= true <= moment.latest + millisecond


@pytest.mark.parametrize("wrong_s", [-3600, -2.1, 2.1, 3600])
def test_a_jump_of_the_wall_clock_is_seen(wrong_s: float) -> None:
    assert jumped(_at(10), _at(20, wrong_s=wrong_s)) == START + timedelta(seconds=20)


@pytest.mark.parametrize("wrong_s", [-1.9, 0, 1.9])
def test_a_clock_that_is_slewed_has_not_jumped(wrong_s: float) -> None:
    assert jumped(_at(10), _at(20, wrong_s=wrong_s)) is None
