"""Rows of products and their zones."""

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

from core.ids import ProductId
from hub.columns import TENANT, Flag, Instant, Span, Whole, table

products = table(
    TENANT,
    "products",
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("weekly", Text, nullable=False),
    Column("units", Whole),
    Column("valid_for_days", Whole),
    Column("staleness_bound", Span),
    Column("offered", Flag, nullable=False),
    Column("created_at", Instant, nullable=False),
)
product_zones = table(
    TENANT,
    "product_zones",
    Column("product", Text, ForeignKey("products.id"), nullable=False),
    Column("zone", Text, ForeignKey("zones.id"), nullable=False),
    PrimaryKeyConstraint("product", "zone"),
    Index(None, "zone"),
)


def insert(connection: Connection, **values: object) -> None:
    connection.execute(products.insert().values(**values))


def update(connection: Connection, product: ProductId, **values: object) -> None:
    connection.execute(products.update().where(products.c.id == product).values(**values))


def set_zones(connection: Connection, product: ProductId, zones: list[str]) -> None:
    connection.execute(product_zones.delete().where(product_zones.c.product == product))
    rows = [{"product": product, "zone": zone} for zone in zones]
    connection.execute(product_zones.insert(), rows)


def by_id(connection: Connection, product: str) -> Row[Any] | None:
    return connection.execute(select(products).where(products.c.id == product)).one_or_none()


def everything(connection: Connection) -> list[Row[Any]]:
    return list(connection.execute(select(products).order_by(products.c.name, products.c.id)))


def zones_of(connection: Connection, product: str) -> list[str]:
    query = select(product_zones.c.zone).where(product_zones.c.product == product)
    return list(connection.execute(query.order_by(product_zones.c.zone)).scalars())
