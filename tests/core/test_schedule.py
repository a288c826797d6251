"""Weekly windows against a minute-by-minute oracle, over both clock changes of the site's zone."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.schedule import (
    ALWAYS,
    Calendar,
    HolidayPolicy,
    Weekly,
    Window,
    is_open,
    next_open,
)
from tests.core.build import CALENDAR, LJUBLJANA
from tests.core.test_access import weeklies

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
SPRING = date(2026, 3, 29)  # 2.00 becomes 3.00
AUTUMN = date(2026, 10, 25)  # 3.00 becomes 2.00
HOLIDAYS = frozenset({date(2026, 3, 30), date(2026, 10, 24), date(2026, 10, 31)})
WITH_HOLIDAYS = Calendar(zone=LJUBLJANA, holidays=HOLIDAYS)


def _oracle(weekly: Weekly, calendar: Calendar, at: datetime) -> bool:
    """Written the other way round: lists every wall-clock minute that a window covers."""
    local = at.astimezone(calendar.zone).replace(tzinfo=None, fold=0, second=0, microsecond=0)
    if not weekly.windows:
        closed = weekly.holiday_policy is HolidayPolicy.CLOSED
        return not (closed and local.date() in calendar.holidays)
    for back in (0, 1):
        day = local.date() - back * DAY
        if day in calendar.holidays and weekly.holiday_policy is HolidayPolicy.CLOSED:
            continue
        sunday = day in calendar.holidays and weekly.holiday_policy is HolidayPolicy.AS_SUNDAY
        iso = 7 if sunday else day.isoweekday()
        for window in weekly.windows:
            if iso not in window.days:
                continue
            length = (window.end_minute - window.start_minute) % 1440 or 1440
            if window.end_minute == 1440:
                length = 1440 - window.start_minute
            start = datetime.combine(day, time()) + window.start_minute * MINUTE
            if start <= local < start + length * MINUTE:
                return True
    return False


def _minutes_from(start: datetime) -> st.SearchStrategy[datetime]:
    return st.integers(0, 10 * 1440).map(lambda minutes: start + minutes * MINUTE)


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
@settings(max_examples=15, deadline=None)
@given(weekly=weeklies)
@example(weekly=Weekly(windows=(Window(days=(7,), start_minute=150, end_minute=170),)))
@example(weekly=Weekly(windows=(Window(days=(6,), start_minute=1380, end_minute=150),)))
def test_every_minute_around_a_clock_change_agrees_with_the_oracle(
    change: date, weekly: Weekly
) -> None:
    start = datetime.combine(change, time(), UTC) - DAY
    for minute in range(3 * 1440):
        at = start + minute * MINUTE
        assert is_open(weekly, WITH_HOLIDAYS, at) == _oracle(weekly, WITH_HOLIDAYS, at), at


@settings(max_examples=60, deadline=None)
@given(
    weekly=weeklies,
    at=_minutes_from(datetime(2026, 3, 27, tzinfo=UTC))
    | _minutes_from(datetime(2026, 10, 22, tzinfo=UTC)),
)
@example(
    weekly=Weekly(windows=(Window(days=(7,), start_minute=150, end_minute=240),)),
    at=datetime(2026, 3, 28, 12, tzinfo=UTC),
)
@example(
    weekly=Weekly(windows=(Window(days=(7,), start_minute=60, end_minute=150),)),
    at=datetime(2026, 10, 25, 0, 40, tzinfo=UTC),
)
def test_the_next_opening_is_the_first_open_minute(weekly: Weekly, at: datetime) -> None:
    whole = at.replace(second=0, microsecond=0)
    opening = next_open(weekly, WITH_HOLIDAYS, whole)
    expected = next(
        (
            whole + ahead * MINUTE
            for ahead in range(9 * 1440)
            if is_open(weekly, WITH_HOLIDAYS, whole + ahead * MINUTE)
        ),
        None,
    )
    if expected is not None:
        assert opening == expected
    elif opening is not None:
        assert opening > whole + 9 * DAY - MINUTE


def test_an_hour_that_the_clock_skips_never_opens() -> None:
    skipped = Weekly(windows=(Window(days=(7,), start_minute=120, end_minute=180),))
    start = datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert not any(is_open(skipped, CALENDAR, start + m * MINUTE) for m in range(1440))


def test_an_hour_that_the_clock_repeats_opens_twice() -> None:
    repeated = Weekly(windows=(Window(days=(7,), start_minute=120, end_minute=180),))
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert sum(is_open(repeated, CALENDAR, start + m * MINUTE) for m in range(25 * 60)) == 120


def test_a_window_across_midnight_belongs_to_the_day_it_starts_on() -> None:
    friday_night = Weekly(
        windows=(Window(days=(5,), start_minute=22 * 60, end_minute=120),),
        holiday_policy=HolidayPolicy.CLOSED,
    )
    saturday_is_holiday = Calendar(zone=LJUBLJANA, holidays=frozenset({date(2026, 11, 28)}))
    friday_is_holiday = Calendar(zone=LJUBLJANA, holidays=frozenset({date(2026, 11, 27)}))
    after_midnight = datetime(2026, 11, 28, 0, 30, tzinfo=UTC)
    assert is_open(friday_night, saturday_is_holiday, after_midnight)
    assert not is_open(friday_night, friday_is_holiday, after_midnight)


def test_no_windows_mean_always_open() -> None:
    assert ALWAYS.always
    assert is_open(ALWAYS, CALENDAR, datetime(2026, 1, 1, tzinfo=UTC))


def test_a_house_that_never_opens_has_no_next_opening() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    every_day = frozenset(at.date() + n * DAY for n in range(500))
    never = Weekly(holiday_policy=HolidayPolicy.CLOSED)
    assert next_open(never, Calendar(zone=LJUBLJANA, holidays=every_day), at) is None


@pytest.mark.parametrize(
    ("days", "start", "end", "field"),
    [
        ((), 0, 60, "days"),
        ((0,), 0, 60, "days"),
        ((8,), 0, 60, "days"),
        ((1,), -1, 60, "start_minute"),
        ((1,), 1440, 60, "start_minute"),
        ((1,), 0, 1441, "end_minute"),
    ],
)
def test_an_impossible_window_is_refused_by_its_field(
    days: tuple[int, ...], start: int, end: int, field: str
) -> None:
    with pytest.raises(ValueError, match=field):
        Window(days=days, start_minute=start, end_minute=end)
