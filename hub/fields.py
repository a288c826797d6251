"""Fields that the bodies of several nouns share: texts, instants, weekly windows."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from core.instants import whole_ms
from core.schedule import DAY_MINUTES, HolidayPolicy, Weekly, Window

_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_CLOCK_OR_MIDNIGHT = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"

NameText = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$"
    ),
]
IdText = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]


def _utc(at: datetime) -> datetime:
    return whole_ms(at.astimezone(UTC))


EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Beyond these an instant is a slip of the hand; and reckoning with it never overflows."""

InstantBody = Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST), AfterValidator(_utc)]
"""An instant with its offset; kept in UTC and whole milliseconds."""


class Body(BaseModel):
    """What a caller sends: a field that nobody knows is an error, not a wish unheard."""

    model_config = ConfigDict(extra="forbid")


class WindowBody(Body):
    """Open on ISO `days` (1 Monday to 7) from `start` until before `end`, local time.

    An end at or before the start is on the next day.
    """

    days: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7)]
    start: Annotated[str, StringConstraints(pattern=_CLOCK)]
    end: Annotated[str, StringConstraints(pattern=_CLOCK_OR_MIDNIGHT)]


class WeeklyBody(Body):
    """When a right counts in a week; no windows means always."""

    windows: Annotated[list[WindowBody], Field(max_length=50)] = []
    holidays: HolidayPolicy = HolidayPolicy.AS_WEEKDAY


def weekly_of(body: WeeklyBody) -> Weekly:
    return Weekly(
        windows=tuple(
            Window(
                days=tuple(sorted(set(window.days))),
                start_minute=_minute(window.start),
                end_minute=_minute(window.end),
            )
            for window in body.windows
        ),
        holiday_policy=body.holidays,
    )


def weekly_body(weekly: Weekly) -> WeeklyBody:
    return WeeklyBody(
        windows=[
            WindowBody(
                days=list(window.days),
                start=_clock(window.start_minute),
                end=_clock(window.end_minute),
            )
            for window in weekly.windows
        ],
        holidays=weekly.holiday_policy,
    )


def weekly_text(weekly: Weekly) -> str:
    """As a column keeps it."""
    return weekly_body(weekly).model_dump_json()


def weekly_from_text(text: str) -> Weekly:
    return weekly_of(WeeklyBody.model_validate_json(text))


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _clock(minute: int) -> str:
    assert 0 <= minute <= DAY_MINUTES
    return f"{minute // 60:02}:{minute % 60:02}"
