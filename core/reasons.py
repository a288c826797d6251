"""Why a gate opened or stayed shut, in Slovene and English, with what would help."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Language(StrEnum):
    """The languages of every text a person reads."""

    SL = "sl"
    EN = "en"


def language_of(environment: Mapping[str, str]) -> Language:
    """The language of a terminal, by its variables: Slovene where it is Slovene, else English."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    spoken = next((environment[name] for name in names if environment.get(name)), "")
    return Language.SL if spoken.lower().startswith("sl") else Language.EN


class Reason(StrEnum):
    """Stable codes; the value travels and is stored, the texts may change."""

    GRANTED = "granted"
    EXIT = "exit"
    FREE_PASSAGE = "free-passage"
    OPENED_BY_COMMAND = "opened-by-command"
    MALFORMED_CREDENTIAL = "malformed-credential"
    UNKNOWN_CREDENTIAL = "unknown-credential"
    CREDENTIAL_BLOCKED = "credential-blocked"
    HOLDER_BLOCKED = "holder-blocked"
    LOCKDOWN = "lockdown"
    NO_ENTITLEMENT = "no-entitlement"
    CLOCK_UNKNOWN = "clock-unknown"
    CACHE_TOO_OLD = "cache-too-old"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    OUTSIDE_WINDOW = "outside-window"
    PASSAGE_PENDING = "passage-pending"
    ALREADY_INSIDE = "already-inside"
    NO_UNITS_LEFT = "no-units-left"
    OUT_OF_ORDER = "out-of-order"
    NOT_RECORDED = "not-recorded"
    PUNCHED_IN = "punched-in"
    PUNCHED_OUT = "punched-out"
    PUNCHED_UNASSIGNED = "punched-unassigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text in both languages."""

    sl: str
    en: str

    def in_(self, language: Language) -> str:
        return self.sl if language is Language.SL else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What a person is told: the verdict in a few words, and what would help (or comes next)."""

    title: Text
    remedy: Text


def _saying(title_sl: str, title_en: str, remedy_sl: str, remedy_en: str) -> Saying:
    return Saying(title=Text(sl=title_sl, en=title_en), remedy=Text(sl=remedy_sl, en=remedy_en))


SAYINGS: Mapping[Reason, Saying] = {
    Reason.GRANTED: _saying("Vstopite", "Please enter", "Prehod je prost.", "The gate is open."),
    Reason.EXIT: _saying("Nasvidenje", "Goodbye", "Izhod je prost.", "The exit is open."),
    Reason.FREE_PASSAGE: _saying(
        "Prost prehod",
        "Free passage",
        "Vrata so odprta za vse.",
        "The gate is open for everybody.",
    ),
    Reason.OPENED_BY_COMMAND: _saying(
        "Vstopite", "Please enter", "Vrata je odprlo osebje.", "The staff opened the gate."
    ),
    Reason.MALFORMED_CREDENTIAL: _saying(
        "Kartice ni mogoče uporabiti",
        "This card cannot be used",
        "Njena številka ni stalna. Na recepciji prosite za drugo kartico.",
        "Its number is not permanent. Please ask at reception for another card.",
    ),
    Reason.UNKNOWN_CREDENTIAL: _saying(
        "Neznana kartica",
        "Unknown card",
        "Oglasite se na recepciji, da kartico vpišejo.",
        "Please have it registered at reception.",
    ),
    Reason.CREDENTIAL_BLOCKED: _saying(
        "Kartica je preklicana",
        "This card has been revoked",
        "Uporabite veljavno kartico ali se oglasite na recepciji.",
        "Use your valid card or ask at reception.",
    ),
    Reason.HOLDER_BLOCKED: _saying(
        "Vstop je začasno ustavljen",
        "Your access is suspended",
        "Oglasite se na recepciji, kjer vam bodo povedali več.",
        "Please ask at reception; they can tell you more.",
    ),
    Reason.LOCKDOWN: _saying(
        "Objekt je zaprt",
        "The site is locked down",
        "Vstop ni mogoč. Upoštevajte navodila osebja.",
        "No entry. Please follow the staff's instructions.",
    ),
    Reason.NO_ENTITLEMENT: _saying(
        "Tu nimate vstopa",
        "No access here",
        "Vaša vstopnica ne velja za ta prostor. Vstop uredite na recepciji.",
        "Your pass does not cover this area. Reception can arrange it.",
    ),
    Reason.CLOCK_UNKNOWN: _saying(
        "Ura na vratih ni nastavljena",
        "The clock at this gate is not set",
        "Veljavnosti ne moremo preveriti. Pokličite osebje.",
        "Validity cannot be checked. Please call the staff.",
    ),
    Reason.CACHE_TOO_OLD: _saying(
        "Podatki na vratih so prestari",
        "This gate's records are too old",
        "Vrata predolgo niso imela zveze. Pokličite osebje.",
        "The gate has been offline for too long. Please call the staff.",
    ),
    Reason.NOT_YET_VALID: _saying(
        "Še ne velja",
        "Not valid yet",
        "Veljavnost se še ni začela.",
        "Its validity has not begun yet.",
    ),
    Reason.EXPIRED: _saying(
        "Veljavnost je potekla",
        "Expired",
        "Podaljšajte jo na recepciji ali v spletni trgovini.",
        "Please renew at reception or in the web shop.",
    ),
    Reason.OUTSIDE_WINDOW: _saying(
        "Zunaj časa vstopa",
        "Outside your hours",
        "Vaša vstopnica velja ob drugih urah.",
        "Your pass is valid at other hours.",
    ),
    Reason.PASSAGE_PENDING: _saying(
        "Prehod vas čaka",
        "The gate is waiting for you",
        "Vstop je že odobren, stopite skozi.",
        "You have been let in already, please step through.",
    ),
    Reason.ALREADY_INSIDE: _saying(
        "S to kartico je nekdo že notri",
        "This card is already inside",
        "Če je to pomota, pokličite osebje.",
        "If that is a mistake, please call the staff.",
    ),
    Reason.NO_UNITS_LEFT: _saying(
        "Nimate več obiskov",
        "You have no visits left",
        "Kupite nove na recepciji ali v spletni trgovini.",
        "Buy more at reception or in the web shop.",
    ),
    Reason.OUT_OF_ORDER: _saying(
        "Vrata ne delujejo",
        "Gate out of order",
        "Uporabite druga vrata ali pokličite osebje.",
        "Please use another gate or call the staff.",
    ),
    Reason.NOT_RECORDED: _saying(
        "Vstopa ni mogoče zabeležiti",
        "Your entry cannot be recorded",
        "Vrata zato ostanejo zaprta. Pokličite osebje.",
        "So the gate stays shut. Please call the staff.",
    ),
    Reason.PUNCHED_IN: _saying(
        "Prihod zabeležen", "Arrival recorded", "Želimo vam lep dan.", "Have a good day."
    ),
    Reason.PUNCHED_OUT: _saying("Odhod zabeležen", "Departure recorded", "Nasvidenje.", "Goodbye."),
    Reason.PUNCHED_UNASSIGNED: _saying(
        "Zabeleženo, kartice pa ne poznamo",
        "Recorded, but the card is unknown",
        "Obvestite vodjo, da vam registracijo pripiše.",
        "Tell your supervisor, who will assign it to you.",
    ),
}
"""Every reason has its texts; a test holds that none is missing."""

_WEEKDAYS_SL = ("ponedeljek", "torek", "sredo", "četrtek", "petek", "soboto", "nedeljo")
_WEEKDAYS_EN = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def come_back(retry_at: datetime, now: datetime, zone: ZoneInfo) -> Text:
    """When to come back, as people say it at the site: today, tomorrow, or the day with its date.

    A time within a minute is told as the next full minute, so that nobody comes too early.
    """
    local = _minute_up(retry_at).astimezone(zone)
    days = (local.date() - now.astimezone(zone).date()).days
    clock_sl, clock_en = f"{local.hour}.{local.minute:02}", f"{local.hour}:{local.minute:02}"
    if days == 0:
        return Text(sl=f"Vrnite se danes ob {clock_sl}.", en=f"Come back today at {clock_en}.")
    if days == 1:
        return Text(sl=f"Vrnite se jutri ob {clock_sl}.", en=f"Come back tomorrow at {clock_en}.")
    weekday = local.weekday()
    return Text(
        sl=f"Vrnite se v {_WEEKDAYS_SL[weekday]}, {local.day}. {local.month}. {local.year},"
        f" ob {clock_sl}.",
        en=f"Come back on {_WEEKDAYS_EN[weekday]}, {local.day} {_MONTHS_EN[local.month - 1]}"
        f" {local.year}, at {clock_en}.",
    )


def units_left(count: int) -> Text:
    """How many visits are left after this one, with Slovene's four forms."""
    if count == 0:
        return Text(sl="To je bil vaš zadnji obisk.", en="That was your last visit.")
    match count % 100:
        case 1:
            sl = f"Še {count} obisk."
        case 2:
            sl = f"Še {count} obiska."
        case 3 | 4:
            sl = f"Še {count} obiski."
        case _:
            sl = f"Še {count} obiskov."
    return Text(sl=sl, en=f"{count} visit{'' if count == 1 else 's'} left.")


def _minute_up(at: datetime) -> datetime:
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=1)
