"""The live page: what happens now, and the fragments by which it keeps itself up to date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from core.entries import Entry
from core.reasons import Language
from hub.caller import Caller, CallerNow, HubNow
from hub.dashboard import happenings
from hub.dashboard.forms import TypedNow
from hub.dashboard.frame import fragment, page, reading
from hub.dashboard.gathering import KINDS
from hub.dashboard.happenings import Happening
from hub.dashboard.hints import announced
from hub.dashboard.places import Places, places, zone_names
from hub.dashboard.refusals import PageRoute
from hub.dashboard.words import CALM, ago, alarm_text, sentence
from hub.edges import service as edges
from hub.edges.store import Edge
from hub.errors import Message, message
from hub.roles import STAFF
from hub.taps import service as taps
from hub.taps.figures import Figures, figures_at
from hub.taps.service import Filter

router = APIRouter(route_class=PageRoute)
ROLES = {"GET /": STAFF, "GET /live": STAFF, "POST /live": STAFF}

ALARMS_MAX = 8
_ZONES_TOLD_MIN = 2

EVENTS = ("tap", "passage", "punch", "alarm", "command", "edge", "issuing")
"""The kinds of news that the live feed sends, besides hints."""

SHOWN: Mapping[str, tuple[Message, tuple[str, ...]]] = {
    "": (message("Everything"), KINDS),
    "gates": (message("Gates"), ("taps", "passages")),
    "punches": (message("Working time"), ("punches",)),
    "alarms": (message("Alarms"), ("alarms",)),
}
"""What the feed can be narrowed to, with the kinds that it shows then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number at a glance, with a word beside it."""

    name: str
    value: str
    beside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An edge, and since when it is gone."""

    name: str
    site: str
    online: bool
    since: str
    enrolled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmLine:
    """An alarm in the list beside the feed."""

    what: str
    place: str
    detail: str
    at: str
    calm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Everything on the live page that changes."""

    rows: Sequence[Happening]
    figures: Sequence[Figure]
    edges: Sequence[Line]
    alarms: Sequence[AlarmLine]


@router.get("/")
def show(request: Request, hub: HubNow, caller: CallerNow, show: str = "") -> Response:
    shown = show if show in SHOWN else ""
    language = reading(request)
    return page(
        request,
        "live.html",
        picture=_picture(caller, hub.clock(), language, shown),
        shown=shown,
        events=" ".join(EVENTS),
        source=f"/live?show={shown}" if shown else "/live",
        filters=[(key, word.in_(language)) for key, (word, _) in SHOWN.items()],
    )


@router.get("/live")
def now(request: Request, hub: HubNow, caller: CallerNow, show: str = "") -> Response:
    shown = show if show in SHOWN else ""
    picture = _picture(caller, hub.clock(), reading(request), shown)
    return fragment(request, "live_now.html", picture=picture)


@router.post("/live")
def now_with_hints(
    request: Request, hub: HubNow, caller: CallerNow, typed: TypedNow, show: str = ""
) -> Response:
    """As above, with entries that the live feed has announced to this browser."""
    shown = show if show in SHOWN else ""
    entries = announced(typed.text("hints"))
    picture = _picture(caller, hub.clock(), reading(request), shown, entries)
    return fragment(request, "live_now.html", picture=picture)


def _picture(
    caller: Caller,
    at: datetime,
    language: Language,
    shown: str,
    hinted: Sequence[Entry] = (),
) -> Picture:
    _, kinds = SHOWN[shown]
    with caller.tenant.database.read() as connection:
        where = places(connection)
        everyone = edges.everyone(connection)
        return Picture(
            rows=happenings.newest(connection, where, language, kinds=kinds, announced=hinted),
            figures=_figures(connection, where, everyone, at, language),
            edges=[_line(each, where, at, language) for each in everyone],
            alarms=_alarms(connection, where, everyone, at, language),
        )


def _figures(
    connection: Connection,
    where: Places,
    everyone: Sequence[Edge],
    at: datetime,
    language: Language,
) -> list[Figure]:
    midnight = datetime.combine(at.astimezone(where.zone_at(None)).date(), time())
    found = figures_at(connection, now=at, midnight=midnight.replace(tzinfo=where.zone_at(None)))
    online = sum(edge.online for edge in everyone)
    told = (
        (message("Inside now"), sum(found.inside.values()), _zones(connection, found)),
        (message("Opened today"), found.opened, ""),
        (message("Refused today"), found.refused, ""),
        (
            message("Edges online"),
            online,
            message("of {count}", count=len(everyone)).in_(language),
        ),
    )
    return [
        Figure(name=name.in_(language), value=str(value), beside=beside)
        for name, value, beside in told
    ]


def _zones(connection: Connection, found: Figures) -> str:
    """Where they are, if they are in more than one zone."""
    if len(found.inside) < _ZONES_TOLD_MIN:
        return ""
    names = zone_names(connection)
    return ", ".join(f"{names.get(zone, zone)} {count}" for zone, count in found.inside.items())


def _line(edge: Edge, where: Places, at: datetime, language: Language) -> Line:
    zone = where.zone_at(edge.site)
    gone = edge.online_changed_at if not edge.online else None
    return Line(
        name=edge.name,
        site=where.sites[edge.site].name if edge.site in where.sites else "",
        online=edge.online,
        since=ago(gone, at, zone, language) if gone and edge.last_seen_at else "",
        enrolled=edge.enrolled_at is not None,
    )


def _alarms(
    connection: Connection,
    where: Places,
    everyone: Sequence[Edge],
    at: datetime,
    language: Language,
) -> list[AlarmLine]:
    names = {edge.id: edge.name for edge in everyone}
    rows, _ = taps.listed(connection, "alarms", Filter(limit=ALARMS_MAX))
    zone = where.zone_at(None)
    return [
        AlarmLine(
            what=sentence(alarm_text(row.alarm, row.part, language)),
            place=names.get(row.edge, row.edge),
            detail=row.detail,
            at=ago(row.at, at, zone, language),
            calm=row.alarm in CALM,
        )
        for row in rows
    ]
