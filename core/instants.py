"""Points in time and how far they can be trusted: aware UTC, whole milliseconds."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class ClockState(StrEnum):
    """What an edge knows of its own clock."""

    TRUSTED = "trusted"  # compared with the hub lately
    DRIFTING = "drifting"  # the error is bounded by the time since
    UNKNOWN = "unknown"  # nothing bounds the error


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When something happened: the wall clock's word, its state, and a bound of its error."""

    at: datetime
    clock: ClockState
    uncertainty: timedelta

    @property
    def earliest(self) -> datetime:
        return self.at - self.uncertainty

    @property
    def latest(self) -> datetime:
        return self.at + self.uncertainty


def to_text(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, such as `2026-11-23T05:58:00.000Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970 UTC, rounded down."""
    return (at - EPOCH) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)


def require_aware(name: str, at: datetime | None) -> None:
    """ValueError if `at` has no time zone: such an instant means nothing."""
    if at is not None and at.tzinfo is None:
        raise ValueError(f"{name}: {at.isoformat()} has no offset, write it in UTC with Z")


def whole_ms(at: datetime) -> datetime:
    """The instant cut to the milliseconds that travel and are stored."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
