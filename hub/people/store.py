"""Rows of people and of what they are found by."""

from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Row,
    Text,
    exists,
    select,
    tuple_,
)

from core.ids import HolderId
from hub.columns import TENANT, Flag, Instant, table

people = table(
    TENANT,
    "people",
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_order", Text, nullable=False),
    Column("email", Text),
    Column("language", Text, nullable=False),
    Column("employee", Flag, nullable=False),
    Column("site", Text, ForeignKey("sites.id")),
    Column("blocked_at", Instant),
    Column("blocked_reason", Text),
    Column("created_at", Instant, nullable=False),
    Index(None, "name_order", "id"),
)
people_names = table(
    TENANT,
    "people_names",
    Column("person", Text, ForeignKey("people.id"), nullable=False),
    Column("start", Text, nullable=False),
    PrimaryKeyConstraint("person", "start"),
    Index(None, "start", "person"),
)

Place = tuple[str, str]
"""Where a page of people ends: what it is sorted by, and the id."""


def insert(connection: Connection, **values: object) -> None:
    connection.execute(people.insert().values(**values))


def update(connection: Connection, person: HolderId, **values: object) -> None:
    connection.execute(people.update().where(people.c.id == person).values(**values))


def set_names(connection: Connection, person: HolderId, starts: list[str]) -> None:
    connection.execute(people_names.delete().where(people_names.c.person == person))
    rows = [{"person": person, "start": start} for start in starts]
    connection.execute(people_names.insert(), rows)


def by_id(connection: Connection, person: str) -> Row[Any] | None:
    return connection.execute(select(people).where(people.c.id == person)).one_or_none()


def by_ids(connection: Connection, ids: list[str]) -> list[Row[Any]]:
    return list(connection.execute(select(people).where(people.c.id.in_(ids))))


def ids(connection: Connection) -> list[str]:
    return list(connection.execute(select(people.c.id).order_by(people.c.id)).scalars())


def listed(connection: Connection, *, after: Place | None, limit: int) -> list[Row[Any]]:
    """People in order of their names."""
    query = select(people, people.c.name_order.label("place"))
    if after is not None:
        query = query.where(tuple_(people.c.name_order, people.c.id) > tuple_(*after))
    ordered = query.order_by(people.c.name_order, people.c.id).limit(limit)
    return list(connection.execute(ordered))


def found(
    connection: Connection, *, first: str, end: str, after: Place | None, limit: int
) -> list[Row[Any]]:
    """People of whose names a word on lies in [first, end), each once, in that order."""
    names, other = people_names.c, people_names.alias("other").c
    earlier = exists().where(
        other.person == names.person, other.start >= first, other.start < names.start
    )
    query = (
        select(people, names.start.label("place"))
        .join(people_names, names.person == people.c.id)
        .where(names.start >= first, names.start < end, ~earlier)
    )
    if after is not None:
        query = query.where(tuple_(names.start, names.person) > tuple_(*after))
    ordered = query.order_by(names.start, names.person).limit(limit)
    return list(connection.execute(ordered))
