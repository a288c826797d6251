"""Rows of credentials: keyed hashes only, never a card's number."""

from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Index, Row, Text, UniqueConstraint, select

from core.ids import CredentialId
from hub.columns import TENANT, Instant, table

credentials = table(
    TENANT,
    "credentials",
    Column("id", Text, primary_key=True),
    Column("holder", Text, ForeignKey("people.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("blocked_at", Instant),
    Column("issued_at", Instant, nullable=False),
    UniqueConstraint("key"),
    Index(None, "holder"),
)


def insert(connection: Connection, **values: object) -> None:
    connection.execute(credentials.insert().values(**values))


def update(connection: Connection, credential: CredentialId, **values: object) -> None:
    where = credentials.c.id == credential
    connection.execute(credentials.update().where(where).values(**values))


def delete(connection: Connection, credential: CredentialId) -> None:
    connection.execute(credentials.delete().where(credentials.c.id == credential))


def by_id(connection: Connection, credential: str) -> Row[Any] | None:
    query = select(credentials).where(credentials.c.id == credential)
    return connection.execute(query).one_or_none()


def by_key(connection: Connection, key: str) -> Row[Any] | None:
    return connection.execute(select(credentials).where(credentials.c.key == key)).one_or_none()


def of_holder(connection: Connection, holder: str) -> list[Row[Any]]:
    query = select(credentials).where(credentials.c.holder == holder)
    return list(connection.execute(query.order_by(credentials.c.issued_at, credentials.c.id)))


def holders(connection: Connection) -> frozenset[str]:
    return frozenset(connection.execute(select(credentials.c.holder).distinct()).scalars())
