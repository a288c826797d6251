"""Rows of sites, holidays, zones and access points."""

from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Row,
    Text,
    select,
)

from core.ids import AccessPointId, SiteId, ZoneId
from hub.columns import TENANT, Instant, table

sites = table(
    TENANT,
    "sites",
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("credential_key", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
)
holidays = table(
    TENANT,
    "holidays",
    Column("site", Text, ForeignKey("sites.id"), nullable=False),
    Column("day", Text, nullable=False),
    Column("name", Text, nullable=False),
    PrimaryKeyConstraint("site", "day"),
)
zones = table(
    TENANT,
    "zones",
    Column("id", Text, primary_key=True),
    Column("site", Text, ForeignKey("sites.id"), nullable=False),
    Column("name", Text, nullable=False),
    Index(None, "site"),
)
access_points = table(
    TENANT,
    "access_points",
    Column("id", Text, primary_key=True),
    Column("site", Text, ForeignKey("sites.id"), nullable=False),
    Column("edge", Text),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("door", Text),
    Column("zone_from", Text, ForeignKey("zones.id")),
    Column("zone_to", Text, ForeignKey("zones.id")),
    Column("anti_passback", Text, nullable=False),
    Index(None, "site"),
    Index(None, "edge"),
)


def insert_site(connection: Connection, **values: object) -> None:
    connection.execute(sites.insert().values(**values))


def update_site(connection: Connection, site: SiteId, **values: object) -> None:
    connection.execute(sites.update().where(sites.c.id == site).values(**values))


def all_sites(connection: Connection) -> list[Row[Any]]:
    return list(connection.execute(select(sites).order_by(sites.c.created_at, sites.c.id)))


def site(connection: Connection, site_id: str) -> Row[Any] | None:
    return connection.execute(select(sites).where(sites.c.id == site_id)).one_or_none()


def any_credential_key(connection: Connection) -> bytes | None:
    query = select(sites.c.credential_key).order_by(sites.c.created_at, sites.c.id).limit(1)
    return connection.execute(query).scalar_one_or_none()


def holidays_of(connection: Connection, site_id: str) -> list[Row[Any]]:
    query = select(holidays).where(holidays.c.site == site_id).order_by(holidays.c.day)
    return list(connection.execute(query))


def replace_holidays(connection: Connection, site_id: SiteId, days: dict[str, str]) -> None:
    connection.execute(holidays.delete().where(holidays.c.site == site_id))
    if days:
        rows = [{"site": site_id, "day": day, "name": name} for day, name in days.items()]
        connection.execute(holidays.insert(), rows)


def insert_zone(connection: Connection, **values: object) -> None:
    connection.execute(zones.insert().values(**values))


def rename_zone(connection: Connection, zone: ZoneId, name: str) -> None:
    connection.execute(zones.update().where(zones.c.id == zone).values(name=name))


def zones_of(connection: Connection, site_id: str) -> list[Row[Any]]:
    query = select(zones).where(zones.c.site == site_id).order_by(zones.c.name, zones.c.id)
    return list(connection.execute(query))


def zones_by_id(connection: Connection, ids: list[str]) -> list[Row[Any]]:
    return list(connection.execute(select(zones).where(zones.c.id.in_(ids))))


def insert_access_point(connection: Connection, **values: object) -> None:
    connection.execute(access_points.insert().values(**values))


def update_access_point(connection: Connection, point: AccessPointId, **values: object) -> None:
    where = access_points.c.id == point
    connection.execute(access_points.update().where(where).values(**values))


def delete_access_point(connection: Connection, point: AccessPointId) -> None:
    connection.execute(access_points.delete().where(access_points.c.id == point))


def access_point(connection: Connection, point: str) -> Row[Any] | None:
    query = select(access_points).where(access_points.c.id == point)
    return connection.execute(query).one_or_none()


def access_points_of(connection: Connection, site_id: str | None) -> list[Row[Any]]:
    query = select(access_points).order_by(access_points.c.name, access_points.c.id)
    if site_id is not None:
        query = query.where(access_points.c.site == site_id)
    return list(connection.execute(query))
