"""Bringing a database to this version's schema, and that schema as text."""

from enum import StrEnum
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy import text as sql
from sqlalchemy.pool import StaticPool

from hub.errors import DatabaseError, message


class Schema(StrEnum):
    """The two kinds of database."""

    PLATFORM = "platform"
    TENANT = "tenant"


def migrate(engine: Engine, schema: Schema, name: str) -> None:
    """All missing steps in one transaction; DatabaseError for a database from the future."""
    with engine.connect() as connection:
        connection.execution_options(vratar_writing=True)
        # A step may rebuild a table; with foreign keys held that would delete what refers to it.
        _foreign_keys(connection, held=False)
        with connection.begin():
            current = _revision(connection)
            _require_known(schema, current, name)
            if current != head(schema):
                command.upgrade(_config(schema, connection), "head")
                _require_no_dangling(connection, name)
        _foreign_keys(connection, held=True)


def head(schema: Schema) -> str:
    """The revision that this version of the hub works with."""
    revision = ScriptDirectory.from_config(_config(schema)).get_current_head()
    assert revision is not None
    return revision


def schema_text(schema: str) -> str:
    """The tables and indexes of `platform` or `tenant` after all migrations, as SQLite DDL."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    migrate(engine, Schema(schema), schema)
    with engine.connect() as connection:
        statements = connection.execute(
            sql(
                "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"
                " ORDER BY tbl_name, type DESC, name"
            )
        ).scalars()
        text = "\n".join(f"{statement.strip()};\n" for statement in statements)
    engine.dispose()
    return text


def _config(schema: Schema, connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / schema.value))
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _require_known(schema: Schema, revision: str | None, name: str) -> None:
    known = {
        step.revision for step in ScriptDirectory.from_config(_config(schema)).walk_revisions()
    }
    if revision is not None and revision not in known:
        raise DatabaseError(
            message(
                "{name}: its schema {revision} is from a newer version of the hub (this one knows"
                " up to {head}); install that version, or restore a backup of this one.",
                name=name,
                revision=revision,
                head=head(schema),
            )
        )


def _foreign_keys(connection: Connection, *, held: bool) -> None:
    """Outside of a transaction, where alone SQLite obeys it."""
    if connection.dialect.name == "sqlite":
        cursor = connection.connection.cursor()
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if held else 'OFF'}")
        cursor.close()


def _require_no_dangling(connection: Connection, name: str) -> None:
    if connection.dialect.name != "sqlite":
        return
    dangling = connection.execute(sql("PRAGMA foreign_key_check")).first()
    if dangling is not None:
        raise DatabaseError(
            message(
                "{name}: after the migration a row of {table} refers to nothing; the database is"
                " as before, restore a backup or ask for help.",
                name=name,
                table=str(dangling[0]),
            )
        )
