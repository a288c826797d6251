"""One database: many readers, one writer, hooks before a commit and listeners after it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import Column, Connection, Engine, Text, create_engine, event, select
from sqlalchemy import text as sql
from sqlalchemy.exc import DatabaseError as SqlError
from sqlalchemy.pool import ConnectionPoolEntry

from hub.columns import PLATFORM, TENANT, table
from hub.errors import DatabaseError, message
from hub.migrations.schema import Schema, migrate, schema_text

__all__ = ["Change", "Database", "Schema", "announce", "announced", "open_sqlite", "schema_text"]

BUSY_TIMEOUT_MS = 10_000
READERS_MAX = 48
"""More than the threads that serve requests (40), so that none waits for a connection."""

_CHANGES = "vratar_changes"
_WRITING = "vratar_writing"

_about = {
    schema: table(
        metadata,
        "about",
        Column("name", Text, primary_key=True),
        Column("value", Text, nullable=False),
    )
    for schema, metadata in ((Schema.PLATFORM, PLATFORM), (Schema.TENANT, TENANT))
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that a transaction changed: kind such as `holder` or `rows`, and whose."""

    kind: str
    id: str


BeforeCommit = Callable[[Connection], None]
AfterCommit = Callable[[frozenset[Change]], None]


class Database:
    """Transactions on one database; whoever writes is alone."""

    def __init__(self, engine: Engine, schema: Schema) -> None:
        self.engine = engine
        self.schema = schema
        self._alone = threading.Lock()
        self._writer: int | None = None
        self._before: list[BeforeCommit] = []
        self._after: list[AfterCommit] = []

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent picture; writing in it is refused by the database."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One change, whole or not at all; listeners hear of it once it is committed."""
        assert self._writer != threading.get_ident(), "a write within a write would wait for itself"
        changes: dict[Change, None] = {}
        with self._alone, self.engine.connect() as connection:
            self._writer = threading.get_ident()
            connection.info[_CHANGES] = changes
            connection.execution_options(**{_WRITING: True})
            try:
                with connection.begin():
                    yield connection
                    for hook in self._before:
                        hook(connection)
            finally:
                connection.info.pop(_CHANGES, None)
                self._writer = None
        heard = frozenset(changes)
        for listener in self._after:
            listener(heard)

    def before_commit(self, hook: BeforeCommit) -> None:
        """`hook` ends every write transaction; it may write and announce; in order of adding."""
        self._before.append(hook)

    def after_commit(self, listener: AfterCommit) -> None:
        """`listener` hears what was announced, in the writer's thread, with no lock held.

        It must be quick, must not raise and must not write.
        """
        self._after.append(listener)

    def about(self) -> dict[str, str]:
        """What the database says of itself: environment, kind, tenant, restored_at."""
        rows = _about[self.schema]
        with self.read() as connection:
            return {row.name: row.value for row in connection.execute(select(rows))}

    def note(self, name: str, value: str) -> None:
        """Write one line of `about`."""
        rows = _about[self.schema]
        with self.write() as connection:
            connection.execute(rows.delete().where(rows.c.name == name))
            connection.execute(rows.insert().values(name=name, value=value))

    def close(self) -> None:
        self.engine.dispose()


def announce(connection: Connection, kind: str, id_: str) -> None:
    """Say within a write transaction what it changes: for its hooks now, for listeners later."""
    changes: dict[Change, None] | None = connection.info.get(_CHANGES)
    assert changes is not None, "announce belongs into Database.write()"
    changes[Change(kind=kind, id=id_)] = None


def announced(connection: Connection, kind: str) -> tuple[str, ...]:
    """The ids announced with `kind` in this write transaction so far, first first."""
    return tuple(change.id for change in connection.info[_CHANGES] if change.kind == kind)


def open_sqlite(path: Path, schema: Schema, environment: str, *, create: bool = False) -> Database:
    """The database in a file, migrated to this version.

    DatabaseError if it is missing, from a newer version, or of another environment.
    """
    if not create and not path.exists():
        raise DatabaseError(
            message("{path}: there is no database; run vratar-hub init first.", path=str(path))
        )
    if create:
        path.touch(mode=0o600)
    database = Database(sqlite_engine(path), schema)
    try:
        migrate(database.engine, schema, str(path))
        _require_environment(database, path, environment)
    except DatabaseError:
        database.close()
        raise
    except SqlError as error:
        database.close()
        raise DatabaseError(
            message(
                "{path}: {problem}; check that it is a database of the hub, or restore a backup.",
                path=str(path),
                problem=str(error.orig),
            )
        ) from None
    return database


def sqlite_engine(path: Path) -> Engine:
    """Connections to a file: WAL, every commit on the disk, foreign keys held."""
    engine = create_engine(
        f"sqlite:///{path}", pool_size=8, max_overflow=READERS_MAX - 8, pool_timeout=30
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: SqliteConnection, _: ConnectionPoolEntry) -> None:
    # SQLAlchemy's driver would begin a transaction late and by itself; _begin does it.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writing else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _require_environment(database: Database, path: Path, environment: str) -> None:
    """Write the environment into a new database; refuse one of another."""
    recorded = database.about().get("environment")
    if recorded is None:
        database.note("environment", environment)
    elif recorded != environment:
        raise DatabaseError(
            message(
                "{path}: made for environment {recorded}, but the settings say {environment};"
                ' set environment = "{recorded}" or give another directory.',
                path=str(path),
                recorded=recorded,
                environment=environment,
            )
        )


def is_whole(connection: Connection) -> bool:
    """True when SQLite finds nothing wrong with the file."""
    answer: str = connection.execute(sql("PRAGMA integrity_check")).scalar_one()
    return answer == "ok"
