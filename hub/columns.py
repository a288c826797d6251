"""Column types and table sets: what SQLite (strict tables) and PostgreSQL both understand."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, Constraint, Index, Integer, MetaData, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from core.instants import from_ms, to_ms

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

PLATFORM = MetaData(naming_convention=_NAMING)
"""The tables of the platform's database; store modules add theirs."""

TENANT = MetaData(naming_convention=_NAMING)
"""The tables of every tenant's database; store modules add theirs."""


class Whole(TypeDecorator[int]):
    """A 64-bit integer."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())


class Flag(TypeDecorator[bool]):
    """True or false, stored as 1 or 0: strict SQLite tables have no boolean."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:  # noqa: ARG002, FBT001 - SQLAlchemy's signature
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else bool(value)


class Instant(TypeDecorator[datetime]):
    """An aware instant, stored as milliseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else to_ms(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else from_ms(value)


class Span(TypeDecorator[timedelta]):
    """A length of time in whole seconds."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else value // timedelta(seconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else timedelta(seconds=value)


def table(metadata: MetaData, name: str, *parts: Column[Any] | Constraint | Index) -> Table:
    """A table of the set, strict on SQLite."""
    return Table(name, metadata, *parts, sqlite_strict=True)
