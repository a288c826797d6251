"""How the pages say things: times as people write them, and a word for every state."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from core.credential import CredentialKind
from core.entries import Verdict
from core.instants import ClockState
from core.punch import PunchKind
from core.reasons import SAYINGS, Language, Reason
from core.schedule import Weekly, Window
from hub.errors import Message, message
from hub.roles import Role
from hub.taps.opinion import Opinion

_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

VERDICTS: Mapping[Verdict, Message] = {
    Verdict.ALLOW: message("Opened"),
    Verdict.DENY: message("Refused"),
    Verdict.SOFT: message("Opened, flagged"),
}
PUNCHES: Mapping[PunchKind, Message] = {
    PunchKind.IN: message("Arrival"),
    PunchKind.OUT: message("Departure"),
}
CLOCKS: Mapping[ClockState, Message] = {
    ClockState.TRUSTED: message("exact"),
    ClockState.DRIFTING: message("not compared lately"),
    ClockState.UNKNOWN: message("not set"),
}
CREDENTIALS: Mapping[CredentialKind, Message] = {
    CredentialKind.NFC_UID: message("NFC card"),
    CredentialKind.QR_TOKEN: message("QR code"),
    CredentialKind.MALFORMED: message("Unusable card"),
}
MOVEMENTS: Mapping[str, Message] = {
    "passed": message("went through"),
    "no-show": message("did not go through"),
    "forced": message("forced through"),
    "reverse": message("went through backwards"),
    "tailgate": message("followed somebody through"),
}
"""How a release ended; a movement that is not listed is shown as it came."""

ALARMS: Mapping[str, Message] = {
    "lost": message("{part} does not answer"),
    "found": message("{part} answers again"),
    "forced": message("Forced through at {part}"),
    "reverse": message("Backwards through {part}"),
    "tailgate": message("Somebody followed through {part}"),
    "jam": message("{part} is jammed"),
    "jam-cleared": message("{part} moves again"),
    "fire": message("Fire alarm: {part} is open"),
    "fire-ended": message("End of the fire alarm at {part}"),
    "replaced": message("The journal was damaged and replaced"),
    "recovered": message("Recording works again"),
    "clock-jumped": message("The clock was set"),
    "defect": message("Edge and hub decided differently on equal facts"),
    "other-hash": message("An entry came twice with different content"),
    "lost-entries": message("Entries were lost before the hub had them"),
    "unreadable": message("An entry cannot be read"),
    "wrong-key": message("An entry names another edge"),
    "broken-chain": message("The chain of entries is broken"),
    "missing": message("Part of a journal never came"),
    "forked": message("A journal was continued from an old copy"),
}
"""What an alarm is about; one that is not listed is shown as it came, with its part."""

CALM = frozenset({"found", "jam-cleared", "fire-ended", "recovered"})
"""Alarms that say that something is over."""

OPINIONS: Mapping[Opinion, Message] = {
    Opinion.CACHE_OLDER: message("The gate did not know of a change yet"),
    Opinion.DOUBLE_USE: message("Used at two places at once"),
    Opinion.SERVICE_NOTE: message("The hub would have opened"),
    Opinion.DEFECT: message("Gate and hub disagree on equal facts"),
    Opinion.UNJUDGED: message("The hub did not know this gate then"),
}
"""What a second opinion says where it is not the same as the gate's."""

LABELS: Mapping[str, Message] = {
    "access_point": message("Reader"),
    "days": message("Only on these days"),
    "email": message("E-mail"),
    "end": message("Until the hour"),
    "language": message("Language"),
    "name": message("Name"),
    "old_password": message("Present password"),
    "password": message("New password"),
    "password_again": message("New password again"),
    "product": message("Product"),
    "reason": message("Reason"),
    "site": message("Site"),
    "start": message("From the hour"),
    "uid": message("Number (UID)"),
    "units": message("Number of visits"),
    "valid_for_days": message("Days valid"),
    "valid_from": message("Valid from"),
    "valid_until": message("Valid until, including this day"),
    "zones": message("Zones"),
}
"""What a field is called where all problems of a form are listed."""

ROLES: Mapping[Role, Message] = {
    Role.OWNER: message("Owner"),
    Role.ADMINISTRATOR: message("Administrator"),
    Role.RECEPTION: message("Reception"),
}
WEEKDAYS: Mapping[int, Message] = {
    1: message("Mon"),
    2: message("Tue"),
    3: message("Wed"),
    4: message("Thu"),
    5: message("Fri"),
    6: message("Sat"),
    7: message("Sun"),
}
LANGUAGES: Mapping[Language, str] = {Language.SL: "Slovenščina", Language.EN: "English"}
"""Each language in its own words, whichever the page is in."""


def filters(language: Language) -> Mapping[str, Callable[..., str]]:
    """What templates call; the same names in every language."""
    return {
        "clock": clock,
        "moment": lambda at, zone: moment(at, zone, language),
        "iso": lambda at: at.isoformat(timespec="milliseconds"),
        "verdict": lambda verdict: VERDICTS[verdict].in_(language),
        "punch": lambda kind: PUNCHES[kind].in_(language),
        "clock_state": lambda state: clock_state(state, language),
        "label": lambda name: LABELS[name].in_(language) if name in LABELS else name,
        "role": lambda role: ROLES[role].in_(language),
        "said": lambda text: text.in_(language),
    }


def clock_state(state: str, language: Language) -> str:
    """An edge's word that this hub does not know is shown as it is."""
    return CLOCKS[ClockState(state)].in_(language) if state in set(ClockState) else state


def clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M:%S}"


def minute(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"


def day(on: date, language: Language) -> str:
    if language is Language.SL:
        return f"{on.day}. {on.month}. {on.year}"
    return f"{on.day} {_MONTHS_EN[on.month - 1]} {on.year}"


def moment(at: datetime, zone: ZoneInfo, language: Language) -> str:
    return f"{day(at.astimezone(zone).date(), language)}, {minute(at, zone)}"


def ago(at: datetime, now: datetime, zone: ZoneInfo, language: Language) -> str:
    """The minute of today, else the day with it."""
    same = at.astimezone(zone).date() == now.astimezone(zone).date()
    return minute(at, zone) if same else moment(at, zone, language)


def second_ago(at: datetime, now: datetime, zone: ZoneInfo, language: Language) -> str:
    """The second of today, else the day with the minute."""
    same = at.astimezone(zone).date() == now.astimezone(zone).date()
    return clock(at, zone) if same else moment(at, zone, language)


def alarm_text(alarm: str, part: str, language: Language) -> str:
    told = ALARMS.get(alarm)
    return replace(told, values=(("part", part),)).in_(language) if told else f"{part}: {alarm}"


def sentence(text: str) -> str:
    """Begun with a capital."""
    return text[:1].upper() + text[1:]


def reason_text(reason: str, language: Language) -> str:
    """A reason in staff's words: what the person was told at the gate."""
    return SAYINGS[Reason(reason)].title.in_(language)


def hours(weekly: Weekly, language: Language) -> str:
    """Weekly windows such as `Mon–Fri 06:00–14:00, Sat 08:00–12:00`; empty for always."""
    return ", ".join(_window(window, language) for window in weekly.windows)


def _window(window: Window, language: Language) -> str:
    days = ", ".join(_run(first, last, language) for first, last in _runs(window.days))
    return f"{days} {_minutes(window.start_minute)}–{_minutes(window.end_minute)}"


def _runs(days: tuple[int, ...]) -> list[tuple[int, int]]:
    """Days that follow each other, as first and last."""
    runs: list[tuple[int, int]] = []
    for each in sorted(days):
        if runs and runs[-1][1] == each - 1:
            runs[-1] = (runs[-1][0], each)
        else:
            runs.append((each, each))
    return runs


def _run(first: int, last: int, language: Language) -> str:
    start, end = WEEKDAYS[first].in_(language), WEEKDAYS[last].in_(language)
    if first == last:
        return start
    return f"{start}–{end}" if last - first > 1 else f"{start}, {end}"


def _minutes(minute_of_day: int) -> str:
    return f"{minute_of_day // 60:02}:{minute_of_day % 60:02}"
