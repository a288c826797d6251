"""A holder's right: to which zones, when, how often; and when it becomes usable."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.ids import EntitlementId, HolderId, ProductId, ZoneId
from core.instants import require_aware
from core.schedule import ALWAYS, Calendar, Weekly, next_open

STALENESS_MEMBER = timedelta(days=7)
STALENESS_EMPLOYEE = timedelta(days=30)
UNITS_MAX = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """One right of one holder; periods are half-open, None is unbounded.

    `units` counts entries that were granted with it in all, None without limit.
    `staleness_bound` is how old an edge's copy of the rights may be for it to count.
    """

    id: EntitlementId
    holder: HolderId
    product: ProductId
    name: str
    zones: tuple[ZoneId, ...]
    weekly: Weekly = ALWAYS
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    units: int | None = None
    staleness_bound: timedelta | None = STALENESS_MEMBER

    def __post_init__(self) -> None:
        require_aware("valid_from", self.valid_from)
        require_aware("valid_until", self.valid_until)
        if self.units is not None and not 0 <= self.units <= UNITS_MAX:
            raise ValueError(f"units: {self.units}, use 0 to {UNITS_MAX}")
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise ValueError("valid_until: not after valid_from")

    @property
    def is_time_bound(self) -> bool:
        """True when any check of it needs to know what time it is."""
        return not (
            self.weekly.always
            and self.valid_from is None
            and self.valid_until is None
            and self.staleness_bound is None
        )


def usable_from(entitlement: Entitlement, calendar: Calendar, at: datetime) -> datetime | None:
    """The first instant at or after `at` within validity and windows; None if there is none."""
    start = max(at, entitlement.valid_from) if entitlement.valid_from else at
    opening = next_open(entitlement.weekly, calendar, start)
    if opening is None or (entitlement.valid_until and opening >= entitlement.valid_until):
        return None
    return opening
