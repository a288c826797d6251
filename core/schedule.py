"""Weekly windows in a site's own time: open or not at an instant, and when next."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY_MINUTES = 24 * 60
SEARCH_DAYS_MAX = 400
"""How far ahead a next opening is looked for: longer than any yearly closing."""

_SUNDAY = 7
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


class HolidayPolicy(StrEnum):
    """What a public holiday does to weekly windows."""

    AS_WEEKDAY = "as-weekday"
    AS_SUNDAY = "as-sunday"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Open on ISO `days` (1 Monday to 7) from `start_minute` until before `end_minute`.

    An end at or before the start is on the next day; the window belongs to the day it starts on.
    """

    days: tuple[int, ...]
    start_minute: int
    end_minute: int

    def __post_init__(self) -> None:
        if not self.days or not all(1 <= day <= _SUNDAY for day in self.days):
            raise ValueError(f"days: {self.days}, use ISO days 1 (Monday) to 7 (Sunday)")
        if not 0 <= self.start_minute < DAY_MINUTES:
            raise ValueError(f"start_minute: {self.start_minute}, use 0 to {DAY_MINUTES - 1}")
        if not 0 <= self.end_minute <= DAY_MINUTES:
            raise ValueError(f"end_minute: {self.end_minute}, use 0 to {DAY_MINUTES}")

    @property
    def crosses_midnight(self) -> bool:
        return self.end_minute <= self.start_minute


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """A site's time zone and its public holidays."""

    zone: ZoneInfo
    holidays: frozenset[date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """Windows with their holiday policy; no windows means always open."""

    windows: tuple[Window, ...] = ()
    holiday_policy: HolidayPolicy = HolidayPolicy.AS_WEEKDAY

    @property
    def always(self) -> bool:
        return not self.windows and self.holiday_policy is not HolidayPolicy.CLOSED


ALWAYS = Weekly()


def is_open(weekly: Weekly, calendar: Calendar, at: datetime) -> bool:
    """True when the wall clock at `at` lies in a window.

    The wall clock rules: an hour that the clock change skips never opens, one that it repeats
    opens twice.
    """
    day, minute = _wall(calendar.zone, at)
    today = _iso_day(weekly, calendar, day)
    if not weekly.windows:
        return today is not None
    yesterday = _iso_day(weekly, calendar, day - _DAY)
    return any(_covers(window, today, yesterday, minute) for window in weekly.windows)


def next_open(weekly: Weekly, calendar: Calendar, at: datetime) -> datetime | None:
    """The first instant at or after `at` that is open; None within SEARCH_DAYS_MAX days."""
    if is_open(weekly, calendar, at):
        return at
    first = at.astimezone(calendar.zone).date()
    for ahead in range(SEARCH_DAYS_MAX):
        for candidate in sorted(_changes(weekly, calendar, first + ahead * _DAY)):
            if candidate > at and is_open(weekly, calendar, candidate):
                return candidate
    return None


# All rights of a person are looked at for the same one or two instants.
@lru_cache(maxsize=8)
def _wall(zone: ZoneInfo, at: datetime) -> tuple[date, int]:
    """The site's date and minute of the day."""
    local = at.astimezone(zone)
    return local.date(), local.hour * 60 + local.minute


def _iso_day(weekly: Weekly, calendar: Calendar, day: date) -> int | None:
    """The ISO day whose windows apply on `day`; None on a closed holiday."""
    if day not in calendar.holidays:
        return day.isoweekday()
    match weekly.holiday_policy:
        case HolidayPolicy.AS_WEEKDAY:
            return day.isoweekday()
        case HolidayPolicy.AS_SUNDAY:
            return _SUNDAY
        case HolidayPolicy.CLOSED:
            return None


def _covers(window: Window, today: int | None, yesterday: int | None, minute: int) -> bool:
    if not window.crosses_midnight:
        return today in window.days and window.start_minute <= minute < window.end_minute
    return (today in window.days and minute >= window.start_minute) or (
        yesterday in window.days and minute < window.end_minute
    )


def _changes(weekly: Weekly, calendar: Calendar, day: date) -> Iterator[datetime]:
    """The instants of a local day at which a closed window may open."""
    minutes = {0} | {window.start_minute for window in weekly.windows}
    for minute in minutes:
        wall = datetime.combine(day, time(minute // 60, minute % 60))
        for fold in (0, 1):
            yield wall.replace(tzinfo=calendar.zone, fold=fold).astimezone(UTC)
    yield from _clock_change(calendar, day)


def _clock_change(calendar: Calendar, day: date) -> Iterator[datetime]:
    """The instant of a local day at which the clock is changed, if there is one."""
    low = datetime.combine(day, time(), calendar.zone).astimezone(UTC)
    high = datetime.combine(day + _DAY, time(), calendar.zone).astimezone(UTC)
    before = low.astimezone(calendar.zone).utcoffset()
    if high.astimezone(calendar.zone).utcoffset() == before:
        return
    while high - low > _SECOND:
        middle = low + ((high - low) // 2 // _SECOND) * _SECOND
        if middle.astimezone(calendar.zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    yield high
