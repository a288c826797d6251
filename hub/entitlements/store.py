"""Rows of entitlements, their zones, and the references under which they were granted."""

from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Row,
    Text,
    select,
)

from core.ids import EntitlementId
from hub.columns import TENANT, Instant, Span, Whole, table

entitlements = table(
    TENANT,
    "entitlements",
    Column("id", Text, primary_key=True),
    Column("holder", Text, ForeignKey("people.id"), nullable=False),
    Column("product", Text, ForeignKey("products.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("weekly", Text, nullable=False),
    Column("valid_from", Instant),
    Column("valid_until", Instant),
    Column("units", Whole),
    Column("staleness_bound", Span),
    Column("ended_at", Instant),
    Column("created_at", Instant, nullable=False),
    Index(None, "holder"),
)
entitlement_zones = table(
    TENANT,
    "entitlement_zones",
    Column("entitlement", Text, ForeignKey("entitlements.id"), nullable=False),
    Column("zone", Text, ForeignKey("zones.id"), nullable=False),
    PrimaryKeyConstraint("entitlement", "zone"),
    Index(None, "zone"),
)
entitlement_references = table(
    TENANT,
    "entitlement_references",
    Column("reference", Text, primary_key=True),
    Column("entitlement", Text, ForeignKey("entitlements.id"), nullable=False),
    Column("request", Text, nullable=False),
)


def insert(connection: Connection, **values: object) -> None:
    connection.execute(entitlements.insert().values(**values))


def update(connection: Connection, entitlement: EntitlementId, **values: object) -> None:
    where = entitlements.c.id == entitlement
    connection.execute(entitlements.update().where(where).values(**values))


def set_zones(connection: Connection, entitlement: EntitlementId, zones: list[str]) -> None:
    rows = entitlement_zones
    connection.execute(rows.delete().where(rows.c.entitlement == entitlement))
    connection.execute(rows.insert(), [{"entitlement": entitlement, "zone": z} for z in zones])


def by_id(connection: Connection, entitlement: str) -> Row[Any] | None:
    query = select(entitlements).where(entitlements.c.id == entitlement)
    return connection.execute(query).one_or_none()


def of_holder(connection: Connection, holder: str) -> list[Row[Any]]:
    query = select(entitlements).where(entitlements.c.holder == holder)
    return list(connection.execute(query.order_by(entitlements.c.created_at, entitlements.c.id)))


def zones_of(connection: Connection, ids: list[str]) -> dict[str, list[str]]:
    """The zones of each of these entitlements, in a fixed order."""
    rows = entitlement_zones
    query = (
        select(rows).where(rows.c.entitlement.in_(ids)).order_by(rows.c.entitlement, rows.c.zone)
    )
    found: dict[str, list[str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.entitlement, []).append(row.zone)
    return found


def insert_reference(connection: Connection, **values: object) -> None:
    connection.execute(entitlement_references.insert().values(**values))


def by_reference(connection: Connection, reference: str) -> Row[Any] | None:
    rows = entitlement_references
    return connection.execute(select(rows).where(rows.c.reference == reference)).one_or_none()
