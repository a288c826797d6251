"""What the live page follows: numbered news, kept for a while so that a listener can resume."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Text, delete, func, insert, select

from hub.columns import TENANT, Instant, Whole, table

_feed = table(
    TENANT,
    "feed",
    Column("id", Whole, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Instant, nullable=False),
)


_INSERT = insert(_feed)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing that happened: kind (tap, passage, punch, alarm, edge, issuing) and its JSON."""

    id: int
    kind: str
    body: str
    at: datetime


def add(connection: Connection, *, kind: str, body: str, at: datetime) -> News:
    result = connection.execute(_INSERT, {"kind": kind, "body": body, "at": at})
    assert result.inserted_primary_key is not None
    return News(id=int(result.inserted_primary_key[0]), kind=kind, body=body, at=at)


def after(connection: Connection, last: int, limit: int) -> list[News]:
    query = select(_feed).where(_feed.c.id > last).order_by(_feed.c.id).limit(limit)
    return [
        News(id=row.id, kind=row.kind, body=row.body, at=row.at)
        for row in connection.execute(query)
    ]


def last_id(connection: Connection) -> int:
    return connection.execute(select(func.max(_feed.c.id))).scalar() or 0


def trim(connection: Connection, keep: int) -> None:
    """Only the newest `keep` stay."""
    connection.execute(delete(_feed).where(_feed.c.id <= last_id(connection) - keep))
