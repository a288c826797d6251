"""Access points of a site: one direction through one door each, served by one edge."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from core.ids import AccessPointId, DoorId, EdgeId, SiteId, ZoneId, new_id
from core.presence import AccessPoint, AccessPointKind, AntiPassback
from hub.acts import Act
from hub.audit import service as audit
from hub.errors import ConflictError, NotFoundError, invalid, message
from hub.rows import service as rows
from hub.sites import store
from hub.sites.service import get, require_zones
from wire.messages import RowKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An access point with the site it stands at and the edge that serves it, if any."""

    point: AccessPoint
    site: SiteId
    edge: EdgeId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What people decide about an access point."""

    name: str
    kind: AccessPointKind = AccessPointKind.GATE
    edge: EdgeId | None = None
    door: DoorId | None = None
    zone_from: ZoneId | None = None
    zone_to: ZoneId | None = None
    anti_passback: AntiPassback = AntiPassback.OFF


def create(act: Act, site_id: str, plan: Plan, *, id_: str | None = None) -> Placed:
    """A new access point; edges name it in their settings by its id, which may be given."""
    site = get(act.connection, site_id)
    point_id = AccessPointId(id_ or new_id("p", act.random_bytes))
    if store.access_point(act.connection, point_id) is not None:
        raise ConflictError(
            message("The id {id} is taken by another access point; choose another.", id=point_id)
        )
    _require_fitting(act.connection, site.id, plan)
    store.insert_access_point(act.connection, id=point_id, site=site.id, **_values(plan))
    audit.record_act(act, "access-point.created", point_id, {"site": site.id})
    return _told(act, point_id)


def change(act: Act, point_id: str, plan: Plan) -> Placed:
    """The access point as planned; its site stays."""
    placed = get_point(act.connection, point_id)
    _require_fitting(act.connection, placed.site, plan)
    store.update_access_point(act.connection, placed.point.id, **_values(plan))
    audit.record_act(act, "access-point.changed", placed.point.id)
    return _told(act, placed.point.id)


def remove(act: Act, point_id: str) -> None:
    """Its edge refuses everybody there from then on."""
    placed = get_point(act.connection, point_id)
    store.delete_access_point(act.connection, placed.point.id)
    audit.record_act(act, "access-point.removed", placed.point.id, {"site": placed.site})
    kind = RowKind.ACCESS_POINT
    rows.put(act.connection, placed.site, kind, placed.point.id, None, act.at)


def get_point(connection: Connection, point_id: str) -> Placed:
    row = store.access_point(connection, point_id)
    if row is None:
        raise NotFoundError(message("There is no access point {id}.", id=point_id))
    return _placed(row)


def points(connection: Connection, site_id: str | None = None) -> list[Placed]:
    """The access points of a site, or of all, by name."""
    return [_placed(row) for row in store.access_points_of(connection, site_id)]


def plan_of(placed: Placed) -> Plan:
    point = placed.point
    return Plan(
        name=point.name,
        kind=point.kind,
        edge=placed.edge,
        door=point.door,
        zone_from=point.zone_from,
        zone_to=point.zone_to,
        anti_passback=point.anti_passback,
    )


def _told(act: Act, point_id: AccessPointId) -> Placed:
    placed = get_point(act.connection, point_id)
    kind = RowKind.ACCESS_POINT
    rows.put(act.connection, placed.site, kind, point_id, placed.point, act.at)
    return placed


def _require_fitting(connection: Connection, site: SiteId, plan: Plan) -> None:
    zones = [zone for zone in (plan.zone_from, plan.zone_to) if zone is not None]
    for zone in require_zones(connection, zones).values():
        if zone.site != site:
            raise invalid(
                "zone_to" if zone.id == plan.zone_to else "zone_from",
                message("zone {id} is of another site.", id=zone.id),
                message("Choose a zone of this site."),
            )
    if plan.zone_to is not None and plan.zone_from == plan.zone_to:
        raise invalid(
            "zone_to",
            message("it leads back into the zone it comes from."),
            message("Choose another zone, or none for outside."),
        )


def _values(plan: Plan) -> dict[str, str | None]:
    return {
        "name": plan.name,
        "kind": plan.kind.value,
        "edge": plan.edge,
        "door": plan.door,
        "zone_from": plan.zone_from,
        "zone_to": plan.zone_to,
        "anti_passback": plan.anti_passback.value,
    }


def _placed(row: Row[Any]) -> Placed:
    point = AccessPoint(
        id=AccessPointId(row.id),
        name=row.name,
        kind=AccessPointKind(row.kind),
        door=row.door,
        zone_from=row.zone_from,
        zone_to=row.zone_to,
        anti_passback=AntiPassback(row.anti_passback),
    )
    return Placed(point=point, site=SiteId(row.site), edge=row.edge)
