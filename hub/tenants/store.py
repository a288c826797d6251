"""Rows of tenants in the platform's database."""

from sqlalchemy import Column, Connection, Row, Text, UniqueConstraint, select

from hub.columns import PLATFORM, Instant, table

tenants = table(
    PLATFORM,
    "tenants",
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("host"),
)


def insert(connection: Connection, **values: object) -> None:
    connection.execute(tenants.insert().values(**values))


def rows(connection: Connection) -> list[Row[tuple[object, ...]]]:
    return list(connection.execute(select(tenants).order_by(tenants.c.created_at, tenants.c.id)))
