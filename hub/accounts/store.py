"""Rows of accounts, sessions and tokens (platform) and of roles (tenant)."""

from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Row,
    Text,
    UniqueConstraint,
    select,
)

from core.ids import AccountId
from hub.columns import PLATFORM, TENANT, Instant, table

AnyRow = Row[tuple[object, ...]]

accounts = table(
    PLATFORM,
    "accounts",
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("login", Text, nullable=False),
    Column("password_hash", Text),
    Column("language", Text, nullable=False),
    Column("blocked_at", Instant),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("login"),
)
sessions = table(
    PLATFORM,
    "sessions",
    Column("token_hash", Text, primary_key=True),
    Column("account", Text, ForeignKey("accounts.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index(None, "account"),
    Index(None, "expires_at"),
)
tokens = table(
    PLATFORM,
    "tokens",
    Column("token_hash", Text, primary_key=True),
    Column("account", Text, ForeignKey("accounts.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Index(None, "account"),
)
roles = table(
    TENANT,
    "roles",
    Column("account", Text, nullable=False),
    Column("role", Text, nullable=False),
    PrimaryKeyConstraint("account", "role"),
)


def insert(connection: Connection, **values: object) -> None:
    connection.execute(accounts.insert().values(**values))


def update(connection: Connection, account: AccountId, **values: object) -> None:
    connection.execute(accounts.update().where(accounts.c.id == account).values(**values))


def by_id(connection: Connection, account: str) -> AnyRow | None:
    return connection.execute(select(accounts).where(accounts.c.id == account)).one_or_none()


def by_login(connection: Connection, login: str) -> AnyRow | None:
    return connection.execute(select(accounts).where(accounts.c.login == login)).one_or_none()


def by_ids(connection: Connection, ids: list[str]) -> list[AnyRow]:
    query = select(accounts).where(accounts.c.id.in_(ids)).order_by(accounts.c.login)
    return list(connection.execute(query))


def insert_session(connection: Connection, **values: object) -> None:
    connection.execute(sessions.insert().values(**values))


def account_of_session(connection: Connection, token_hash: str, at: datetime) -> AnyRow | None:
    query = (
        select(accounts)
        .join(sessions, sessions.c.account == accounts.c.id)
        .where(sessions.c.token_hash == token_hash, sessions.c.expires_at > at)
    )
    return connection.execute(query).one_or_none()


def delete_session(connection: Connection, token_hash: str) -> None:
    connection.execute(sessions.delete().where(sessions.c.token_hash == token_hash))


def delete_expired(connection: Connection, at: datetime) -> None:
    connection.execute(sessions.delete().where(sessions.c.expires_at <= at))


def delete_sessions_of(connection: Connection, account: AccountId) -> None:
    connection.execute(sessions.delete().where(sessions.c.account == account))


def insert_token(connection: Connection, **values: object) -> None:
    connection.execute(tokens.insert().values(**values))


def account_of_token(connection: Connection, token_hash: str) -> AnyRow | None:
    query = (
        select(accounts)
        .join(tokens, tokens.c.account == accounts.c.id)
        .where(tokens.c.token_hash == token_hash)
    )
    return connection.execute(query).one_or_none()


def roles_of(connection: Connection, account: str) -> list[str]:
    query = select(roles.c.role).where(roles.c.account == account).order_by(roles.c.role)
    return list(connection.execute(query).scalars())


def everyones_roles(connection: Connection) -> list[tuple[str, str]]:
    query = select(roles.c.account, roles.c.role).order_by(roles.c.account, roles.c.role)
    return [(row.account, row.role) for row in connection.execute(query)]


def set_role(connection: Connection, account: AccountId, role: str | None) -> None:
    connection.execute(roles.delete().where(roles.c.account == account))
    if role is not None:
        connection.execute(roles.insert().values(account=account, role=role))
