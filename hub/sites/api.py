"""Routes of sites, their holidays, zones and access points."""

from dataclasses import replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from core.access import SiteMode
from core.presence import AccessPointKind, AntiPassback
from hub.caller import CallerNow, HubNow, acting
from hub.fields import Body, IdText, NameText
from hub.problems import responses
from hub.roles import ADMINISTRATORS, STAFF, Matrix
from hub.sites import points, service
from hub.sites.points import Placed, Plan
from hub.sites.service import Holiday, Site, Zone

router = APIRouter(tags=["sites"])

ROLES: Matrix = {
    "GET /sites": STAFF,
    "POST /sites": ADMINISTRATORS,
    "PATCH /sites/{site}": ADMINISTRATORS,
    "GET /sites/{site}/holidays": STAFF,
    "PUT /sites/{site}/holidays": ADMINISTRATORS,
    "GET /sites/{site}/zones": STAFF,
    "POST /sites/{site}/zones": ADMINISTRATORS,
    "PATCH /zones/{zone}": ADMINISTRATORS,
    "GET /sites/{site}/access-points": STAFF,
    "POST /sites/{site}/access-points": ADMINISTRATORS,
    "PATCH /access-points/{access_point}": ADMINISTRATORS,
    "DELETE /access-points/{access_point}": ADMINISTRATORS,
}


class SiteBody(BaseModel):
    """A site."""

    id: str
    name: str
    timezone: str
    mode: SiteMode


class NewSite(Body):
    """A site to be created."""

    name: NameText
    timezone: NameText = "Europe/Ljubljana"


class SiteChange(Body):
    """What is absent stays."""

    name: NameText | None = None
    timezone: NameText | None = None
    mode: SiteMode | None = None


class HolidayBody(Body):
    """A public holiday."""

    day: date
    name: NameText


class ZoneBody(BaseModel):
    """A zone."""

    id: str
    site: str
    name: str


class NewZone(Body):
    """A zone to be created, or its new name."""

    name: NameText


class PointBody(BaseModel):
    """An access point: from zone to zone; null is outside."""

    id: str
    site: str
    edge: str | None
    name: str
    kind: AccessPointKind
    door: str | None
    zone_from: str | None
    zone_to: str | None
    anti_passback: AntiPassback


class PointChange(Body):
    """What is absent stays; null takes a zone, a door or an edge away."""

    name: NameText | None = None
    kind: AccessPointKind | None = None
    edge: IdText | None = None
    door: IdText | None = None
    zone_from: IdText | None = None
    zone_to: IdText | None = None
    anti_passback: AntiPassback | None = None


class NewPoint(PointChange):
    """An access point to be created; its `id` is chosen by the hub unless given."""

    id: IdText | None = None
    name: NameText


Holidays = Annotated[list[HolidayBody], Field(max_length=1000)]


@router.get("/sites", summary="List the sites", responses=responses())
def list_sites(caller: CallerNow) -> list[SiteBody]:
    with caller.tenant.database.read() as connection:
        return [_site_body(site) for site in service.everywhere(connection)]


@router.post("/sites", status_code=201, summary="Create a site", responses=responses())
def create_site(body: NewSite, caller: CallerNow, hub: HubNow) -> SiteBody:
    with acting(hub, caller) as act:
        return _site_body(service.create(act, name=body.name, timezone=body.timezone))


@router.patch("/sites/{site}", summary="Change a site, also its mode", responses=responses(404))
def change_site(site: str, body: SiteChange, caller: CallerNow, hub: HubNow) -> SiteBody:
    """Mode `lockdown` keeps everybody out, `free` lets everybody in; exits stay open."""
    with acting(hub, caller) as act:
        return _site_body(
            service.change(act, site, name=body.name, timezone=body.timezone, mode=body.mode)
        )


@router.get("/sites/{site}/holidays", summary="List a site's holidays", responses=responses(404))
def list_holidays(site: str, caller: CallerNow) -> list[HolidayBody]:
    with caller.tenant.database.read() as connection:
        service.get(connection, site)
        return [
            HolidayBody(day=holiday.day, name=holiday.name)
            for holiday in service.holidays(connection, site)
        ]


@router.put("/sites/{site}/holidays", summary="Replace a site's holidays", responses=responses(404))
def set_holidays(site: str, body: Holidays, caller: CallerNow, hub: HubNow) -> list[HolidayBody]:
    with acting(hub, caller) as act:
        days = [Holiday(day=holiday.day, name=holiday.name) for holiday in body]
        service.set_holidays(act, site, days)
    return list_holidays(site, caller)


@router.get("/sites/{site}/zones", summary="List a site's zones", responses=responses(404))
def list_zones(site: str, caller: CallerNow) -> list[ZoneBody]:
    with caller.tenant.database.read() as connection:
        service.get(connection, site)
        return [_zone_body(zone) for zone in service.zones(connection, site)]


@router.post(
    "/sites/{site}/zones", status_code=201, summary="Create a zone", responses=responses(404)
)
def create_zone(site: str, body: NewZone, caller: CallerNow, hub: HubNow) -> ZoneBody:
    with acting(hub, caller) as act:
        return _zone_body(service.create_zone(act, site, name=body.name))


@router.patch("/zones/{zone}", summary="Rename a zone", responses=responses())
def rename_zone(zone: str, body: NewZone, caller: CallerNow, hub: HubNow) -> ZoneBody:
    with acting(hub, caller) as act:
        return _zone_body(service.rename_zone(act, zone, name=body.name))


@router.get(
    "/sites/{site}/access-points", summary="List a site's access points", responses=responses(404)
)
def list_points(site: str, caller: CallerNow) -> list[PointBody]:
    with caller.tenant.database.read() as connection:
        service.get(connection, site)
        return [_point_body(placed) for placed in points.points(connection, site)]


@router.post(
    "/sites/{site}/access-points",
    status_code=201,
    summary="Create an access point",
    responses=responses(404, 409),
)
def create_point(site: str, body: NewPoint, caller: CallerNow, hub: HubNow) -> PointBody:
    with acting(hub, caller) as act:
        plan = _planned(Plan(name=body.name), body)
        return _point_body(points.create(act, site, plan, id_=body.id))


@router.patch(
    "/access-points/{access_point}", summary="Change an access point", responses=responses(404)
)
def change_point(access_point: str, body: PointChange, caller: CallerNow, hub: HubNow) -> PointBody:
    with acting(hub, caller) as act:
        plan = _planned(points.plan_of(points.get_point(act.connection, access_point)), body)
        return _point_body(points.change(act, access_point, plan))


@router.delete(
    "/access-points/{access_point}",
    status_code=204,
    summary="Remove an access point",
    responses=responses(404),
)
def remove_point(access_point: str, caller: CallerNow, hub: HubNow) -> None:
    with acting(hub, caller) as act:
        points.remove(act, access_point)


_NEVER_NULL = frozenset({"name", "kind", "anti_passback"})


def _planned(plan: Plan, body: PointChange) -> Plan:
    given = body.model_dump(exclude_unset=True, exclude={"id"})
    return replace(
        plan,
        **{
            key: value
            for key, value in given.items()
            if value is not None or key not in _NEVER_NULL
        },
    )


def _site_body(site: Site) -> SiteBody:
    return SiteBody(id=site.id, name=site.name, timezone=site.timezone, mode=site.mode)


def _zone_body(zone: Zone) -> ZoneBody:
    return ZoneBody(id=zone.id, site=zone.site, name=zone.name)


def _point_body(placed: Placed) -> PointBody:
    point = placed.point
    return PointBody(
        id=point.id,
        site=placed.site,
        edge=placed.edge,
        name=point.name,
        kind=point.kind,
        door=point.door,
        zone_from=point.zone_from,
        zone_to=point.zone_to,
        anti_passback=point.anti_passback,
    )
