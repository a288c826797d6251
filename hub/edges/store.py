"""SQL of edges, their keys and health, and of the commands sent to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Index, Text, delete, insert, select, update

from core.ids import AccessPointId, AccountId, CommandId, EdgeId, SiteId
from hub.columns import TENANT, Flag, Instant, Whole, table

_edges = table(
    TENANT,
    "edges",
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("code_hash", Text),
    Column("code_expires_at", Instant),
    Column("enrolled_at", Instant),
    Column("public_key", Text),
    Column("mac_key", Text),
    Column("password_hash", Text),
    Column("software", Text),
    Column("boot_id", Text),
    Column("session", Whole, nullable=False),
    Column("online", Flag, nullable=False),
    Column("online_changed_at", Instant),
    Column("last_seen_at", Instant),
    Column("cache_version", Whole, nullable=False),
    Column("clock", Text),
    Column("uncertainty_ms", Whole),
    # When the hub took in version and clock, and what the edge's monotonic clock said with them.
    Column("reported_at", Instant),
    Column("reported_ms", Whole),
    # JSON of the last birth: what the edge keeps of each epoch.
    Column("spans", Text, nullable=False),
    Column("counter_reserved", Whole, nullable=False),
)
Index(None, _edges.c.site)
Index(None, _edges.c.code_hash, unique=True)

_commands = table(
    TENANT,
    "commands",
    Column("id", Text, primary_key=True),
    Column("edge", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("access_point", Text),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("signer", Text, nullable=False),
    Column("outcome", Text),
    Column("detail", Text),
    Column("outcome_at", Instant),
)
Index(None, _commands.c.outcome, _commands.c.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An edge as the hub knows it; keys in hex, None before it is enrolled."""

    id: EdgeId
    site: SiteId
    name: str
    created_at: datetime
    code_hash: str | None
    code_expires_at: datetime | None
    enrolled_at: datetime | None
    public_key: str | None
    mac_key: str | None
    password_hash: str | None
    software: str | None
    boot_id: str | None
    session: int
    online: bool
    online_changed_at: datetime | None
    last_seen_at: datetime | None
    cache_version: int
    clock: str | None
    uncertainty_ms: int | None
    reported_at: datetime | None
    reported_ms: int | None
    spans: str
    counter_reserved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCommand:
    """A command with its outcome, None while it is open."""

    id: CommandId
    edge: EdgeId
    action: str
    access_point: AccessPointId | None
    created_at: datetime
    expires_at: datetime
    signer: AccountId
    outcome: str | None
    detail: str | None
    outcome_at: datetime | None


def add(connection: Connection, edge: EdgeId, **values: object) -> None:
    connection.execute(
        insert(_edges).values(
            id=edge,
            session=-1,
            online=False,
            cache_version=0,
            spans="[]",
            counter_reserved=0,
            **values,
        )
    )


def change(connection: Connection, edge: EdgeId, values: Mapping[str, object]) -> None:
    connection.execute(update(_edges).where(_edges.c.id == edge).values(**values))


def remove(connection: Connection, edge: EdgeId) -> None:
    connection.execute(delete(_edges).where(_edges.c.id == edge))


def one(connection: Connection, edge: EdgeId) -> Edge | None:
    row = connection.execute(select(_edges).where(_edges.c.id == edge)).first()
    return None if row is None else _edge(row)


def by_code(connection: Connection, code_hash: str) -> Edge | None:
    row = connection.execute(select(_edges).where(_edges.c.code_hash == code_hash)).first()
    return None if row is None else _edge(row)


def everyone(connection: Connection, site: SiteId | None = None) -> list[Edge]:
    query = select(_edges).order_by(_edges.c.name, _edges.c.id)
    if site is not None:
        query = query.where(_edges.c.site == site)
    return [_edge(row) for row in connection.execute(query)]


def add_command(connection: Connection, command: StoredCommand) -> None:
    connection.execute(
        insert(_commands).values(
            id=command.id,
            edge=command.edge,
            action=command.action,
            access_point=command.access_point,
            created_at=command.created_at,
            expires_at=command.expires_at,
            signer=command.signer,
        )
    )


def command(connection: Connection, command_id: CommandId) -> StoredCommand | None:
    row = connection.execute(select(_commands).where(_commands.c.id == command_id)).first()
    return None if row is None else _command(row)


def open_commands(connection: Connection, now: datetime) -> list[StoredCommand]:
    """Those without an outcome that have not expired, oldest first."""
    query = (
        select(_commands)
        .where(_commands.c.outcome.is_(None), _commands.c.expires_at > now)
        .order_by(_commands.c.created_at, _commands.c.id)
    )
    return [_command(row) for row in connection.execute(query)]


def set_outcome(
    connection: Connection, command_id: CommandId, *, outcome: str, detail: str, at: datetime
) -> None:
    """The first outcome stays."""
    connection.execute(
        update(_commands)
        .where(_commands.c.id == command_id, _commands.c.outcome.is_(None))
        .values(outcome=outcome, detail=detail, outcome_at=at)
    )


def _edge(row: Any) -> Edge:  # SQLAlchemy's rows have no type of their own
    values = dict(row._mapping)  # noqa: SLF001 - its public name starts with an underscore
    return Edge(**values)


def _command(row: Any) -> StoredCommand:  # SQLAlchemy's rows have no type of their own
    return StoredCommand(**dict(row._mapping))  # noqa: SLF001 - as above
