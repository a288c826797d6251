"""Sites with their gates and edges: health, opening a gate, enrolling an edge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from core.ids import EdgeId, ZoneId
from core.presence import AccessPointKind
from core.reasons import Language
from hub.caller import Caller, CallerNow, HubNow
from hub.context import Hub
from hub.dashboard.forms import Form, TypedNow, checked, refused
from hub.dashboard.frame import page, reading, see
from hub.dashboard.places import Places, places, zone_names
from hub.dashboard.refusals import PageRoute
from hub.dashboard.words import ago, second_ago
from hub.edges import api as edges_api
from hub.edges import service as edges
from hub.edges.api import EnrolmentCode, NewEdge
from hub.edges.store import Edge
from hub.errors import HubError, message
from hub.roles import ADMINISTRATORS, STAFF
from hub.rows import service as rows
from hub.sites.points import Placed
from hub.sites.service import Site
from hub.taps.figures import lost_parts

router = APIRouter(route_class=PageRoute)
ROLES = {
    "GET /gates": STAFF,
    "POST /gates/{access_point}/open": STAFF,
    "POST /edges": ADMINISTRATORS,
    "POST /edges/{edge}/code": ADMINISTRATORS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPoint:
    """An access point: from where to where, and whether it can be opened from here."""

    id: str
    name: str
    way: str
    can_open: bool
    edge_online: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEdge:
    """An edge's health, as it was told at `reported`.

    `behind` is how many changes it has not yet, None before its first word.
    """

    id: str
    name: str
    enrolled: bool
    online: bool
    since: str
    last_seen: str
    reported: str
    behind: int | None
    clock: str | None
    uncertainty_ms: int | None
    software: str | None
    lost: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSite:
    """A site with what stands there."""

    id: str
    name: str
    zone: ZoneInfo
    access_points: Sequence[ShownPoint]
    edges: Sequence[ShownEdge]


@router.get("/gates")
def show(request: Request, hub: HubNow, caller: CallerNow) -> Response:
    return _gates(request, hub, caller, Form())


@router.post("/gates/{access_point}/open")
def open_gate(hub: HubNow, caller: CallerNow, access_point: str) -> Response:
    edges_api.open_gate(access_point, caller, hub)
    return see("/gates", "gate-opening")


@router.post("/edges")
def enrol(request: Request, hub: HubNow, caller: CallerNow, typed: TypedNow) -> Response:
    try:
        body = checked(NewEdge, {"name": typed.text("name"), "site": typed.text("site")})
        made = edges_api.create_edge(body, caller, hub)
    except HubError as error:
        form = refused(typed, error, reading(request))
        return _gates(request, hub, caller, form, status=error.status)
    return _code(request, hub, body.name, made, again=False)


@router.post("/edges/{edge}/code")
def renew_code(request: Request, hub: HubNow, caller: CallerNow, edge: str) -> Response:
    made = edges_api.renew_code(edge, caller, hub)
    with caller.tenant.database.read() as connection:
        known = edges.get(connection, EdgeId(edge))
    return _code(request, hub, known.name, made, again=known.enrolled_at is not None)


def _code(request: Request, hub: Hub, name: str, made: EnrolmentCode, *, again: bool) -> Response:
    """The code is in this answer only: nowhere in an address, a cookie or a log."""
    url = hub.settings.http.public_url or f"{request.url.scheme}://{request.url.netloc}"
    command = f"vratar-edge enrol --hub {url} --code {made.code}{' --replace' if again else ''}"
    return page(request, "enrolment_code.html", name=name, code=made.code, command=command)


def _gates(
    request: Request, hub: Hub, caller: Caller, form: Form, *, status: int = 200
) -> Response:
    language, now = reading(request), hub.clock()
    with caller.tenant.database.read() as connection:
        where = places(connection)
        seen = _Seen(
            connection=connection,
            where=where,
            zones=zone_names(connection),
            language=language,
            now=now,
            lost=lost_parts(connection),
        )
        everyone = edges.everyone(connection)
        shown = [_site(seen, site, everyone) for site in where.sites.values()]
    choices = [(site.id, site.name) for site in where.sites.values()]
    return page(request, "gates.html", status=status, form=form, sites=shown, site_choices=choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What the page is made from."""

    connection: Connection
    where: Places
    zones: Mapping[ZoneId, str]
    language: Language
    now: datetime
    lost: Mapping[EdgeId, Sequence[str]]


def _site(seen: _Seen, site: Site, everyone: Sequence[Edge]) -> ShownSite:
    ours = [edge for edge in everyone if edge.site == site.id]
    online = {edge.id for edge in ours if edge.online}
    placed = [each for each in seen.where.points.values() if each.site == site.id]
    version = rows.standing(seen.connection, site.id).version
    return ShownSite(
        id=site.id,
        name=site.name,
        zone=seen.where.zone_at(site.id),
        access_points=[_point(seen, each, is_online=each.edge in online) for each in placed],
        edges=[_edge(seen, each, version) for each in ours],
    )


def _point(seen: _Seen, placed: Placed, *, is_online: bool) -> ShownPoint:
    point = placed.point
    is_gate = point.kind is AccessPointKind.GATE
    outside = message("outside").in_(seen.language)
    way = " → ".join(
        seen.zones.get(zone, zone) if zone else outside for zone in (point.zone_from, point.zone_to)
    )
    terminal = message("working-time terminal").in_(seen.language)
    return ShownPoint(
        id=point.id,
        name=point.name,
        way=way if is_gate else terminal,
        can_open=is_gate and placed.edge is not None,
        edge_online=is_online,
    )


def _edge(seen: _Seen, edge: Edge, version: int) -> ShownEdge:
    zone = seen.where.zone_at(edge.site)

    def told(at: datetime | None) -> str:
        return ago(at, seen.now, zone, seen.language) if at else ""

    return ShownEdge(
        id=edge.id,
        name=edge.name,
        enrolled=edge.enrolled_at is not None,
        online=edge.online,
        since=told(edge.online_changed_at),
        last_seen=told(edge.last_seen_at),
        reported=second_ago(edge.reported_at, seen.now, zone, seen.language)
        if edge.reported_at
        else "",
        behind=max(version - edge.cache_version, 0) if edge.last_seen_at else None,
        clock=edge.clock,
        uncertainty_ms=edge.uncertainty_ms,
        software=edge.software,
        lost=seen.lost.get(edge.id, ()),
    )
