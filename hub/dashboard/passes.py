"""A person's entitlements as the page shows them: where, when, how often, valid or not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.entitlement import Entitlement
from core.ids import EntitlementId, ZoneId
from core.reasons import Language
from hub.dashboard.words import day, hours
from hub.entitlements.service import Granted
from hub.errors import Message, message

_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an entitlement stands: a word, its tone (good, warn, bad, plain) and sign."""

    word: Message
    tone: str
    sign: str
    can_end: bool


ENDED = Standing(word=message("ended"), tone="quiet", sign="no", can_end=False)
EXPIRED = Standing(word=message("expired"), tone="quiet", sign="clock", can_end=False)
LATER = Standing(word=message("not valid yet"), tone="plain", sign="clock", can_end=True)
USED_UP = Standing(word=message("used up"), tone="warn", sign="warn", can_end=True)
VALID = Standing(word=message("valid"), tone="good", sign="yes", can_end=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One entitlement; `left` is None where visits are not counted."""

    id: EntitlementId
    name: str
    validity: str
    zones: str
    hours: str
    units: int | None
    left: int | None
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """For whom passes are told: language, the site's time zone, names of zones, and now."""

    language: Language
    zone: ZoneInfo
    zone_names: Mapping[ZoneId, str]
    now: datetime


def passes(
    granted: Iterable[Granted], taken: Mapping[EntitlementId, int], reader: Reader
) -> list[Pass]:
    """Those that can be ended first, then what is over; newest first in each."""
    shown = [_pass(each, taken.get(each.entitlement.id, 0), reader) for each in granted]
    shown.reverse()
    return sorted(shown, key=lambda each: not each.standing.can_end)


def _pass(granted: Granted, taken: int, reader: Reader) -> Pass:
    right = granted.entitlement
    left = None if right.units is None else right.units - taken
    return Pass(
        id=right.id,
        name=right.name,
        validity=_validity(right, reader),
        zones=", ".join(reader.zone_names.get(zone, zone) for zone in right.zones),
        hours=hours(right.weekly, reader.language),
        units=right.units,
        left=left,
        standing=standing(granted, left, reader.now),
    )


def standing(granted: Granted, left: int | None, now: datetime) -> Standing:
    right = granted.entitlement
    if granted.ended_at is not None:
        return ENDED
    if right.valid_until is not None and right.valid_until <= now:
        return EXPIRED
    if right.valid_from is not None and right.valid_from > now:
        return LATER
    return USED_UP if left is not None and left <= 0 else VALID


def _validity(right: Entitlement, reader: Reader) -> str:
    start = _day(right.valid_from, reader)
    # The end is the first instant after: people are told the last day that counts.
    end = _day(right.valid_until - _MOMENT, reader) if right.valid_until else ""
    match start, end:
        case "", "":
            return message("without an end").in_(reader.language)
        case _, "":
            return message("from {start}", start=start).in_(reader.language)
        case "", _:
            return message("until {end}", end=end).in_(reader.language)
        case _:
            return f"{start} – {end}"


def _day(at: datetime | None, reader: Reader) -> str:
    return day(at.astimezone(reader.zone).date(), reader.language) if at else ""
