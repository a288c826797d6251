"""Transactions: one writer, hooks before, listeners after, nothing half done."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy import text as sql
from sqlalchemy.exc import OperationalError

from hub.database import Change, Database, Schema, announce, announced, open_sqlite
from hub.errors import DatabaseError
from hub.migrations.schema import head, schema_text


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = open_sqlite(tmp_path / "t.db", Schema.TENANT, "test", create=True)
    yield made
    made.close()


def insert(connection: Connection, name: str) -> None:
    connection.execute(sql("INSERT INTO about VALUES (:name, 'x')"), {"name": name})


def change_then_fail(connection: Connection) -> None:
    insert(connection, "x")
    announce(connection, "holder", "h-1")
    connection.execute(sql("INSERT INTO nowhere VALUES (1)"))


def test_a_commit_is_on_the_disk_with_wal_and_foreign_keys(database: Database) -> None:
    with database.read() as connection:
        answers = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert answers == ["wal", 2, 1, 10_000]


def test_a_read_transaction_cannot_write(database: Database) -> None:
    with pytest.raises(OperationalError, match="readonly"), database.read() as connection:
        insert(connection, "x")


def test_a_failed_change_leaves_nothing_and_tells_nobody(database: Database) -> None:
    heard: list[frozenset[Change]] = []
    database.after_commit(heard.append)
    with pytest.raises(OperationalError), database.write() as connection:
        change_then_fail(connection)
    assert "x" not in database.about()
    assert heard == []


def test_a_hook_writes_in_the_same_transaction_and_listeners_hear_all(database: Database) -> None:
    heard: list[frozenset[Change]] = []

    def hook(connection: Connection) -> None:
        for holder in announced(connection, "holder"):
            insert(connection, f"refreshed-{holder}")
            announce(connection, "rows", "s-1")

    database.before_commit(hook)
    database.after_commit(heard.append)
    with database.write() as connection:
        announce(connection, "holder", "h-1")
        announce(connection, "holder", "h-1")
    assert "refreshed-h-1" in database.about()
    assert heard == [frozenset({Change(kind="holder", id="h-1"), Change(kind="rows", id="s-1")})]


def test_a_failing_hook_undoes_the_change(database: Database) -> None:
    def hook(_: Connection) -> None:
        raise ValueError("refused by the hook")

    database.before_commit(hook)
    with pytest.raises(ValueError, match="refused by the hook"), database.write() as connection:
        insert(connection, "x")
    assert "x" not in database.about()


def test_writers_wait_for_each_other_and_readers_do_not(database: Database) -> None:
    inside, order = threading.Event(), []

    def second() -> None:
        inside.set()
        with database.write() as connection:
            order.append("second")
            insert(connection, "second")

    with database.write() as connection:
        insert(connection, "first")
        thread = threading.Thread(target=second)
        thread.start()
        assert inside.wait(10)
        assert "first" not in database.about()
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
    assert {"first", "second"} <= set(database.about())


def test_a_write_within_a_write_is_a_defect_not_a_deadlock(database: Database) -> None:
    with database.write(), pytest.raises(AssertionError), database.write():
        pass


def test_tables_are_strict(database: Database) -> None:
    with database.read() as connection:
        lax = connection.execute(
            sql(
                "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
                " AND NOT strict AND name NOT LIKE 'sqlite_%' AND name <> 'alembic_version'"
            )
        ).scalars()
        assert list(lax) == []


@pytest.mark.parametrize("schema", Schema)
def test_a_database_from_the_future_is_refused_with_the_remedy(
    tmp_path: Path, schema: Schema
) -> None:
    path = tmp_path / "t.db"
    open_sqlite(path, schema, "test", create=True).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(DatabaseError, match=r"9999 is from a newer version.*install that version"):
        open_sqlite(path, schema, "test")


def test_a_database_of_another_environment_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    open_sqlite(path, Schema.TENANT, "test", create=True).close()
    with pytest.raises(DatabaseError, match="made for environment test, but the settings say prod"):
        open_sqlite(path, Schema.TENANT, "prod")


def test_a_missing_database_is_not_made_by_chance(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="run vratar-hub init first"):
        open_sqlite(tmp_path / "t.db", Schema.TENANT, "test")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("schema", list(Schema))
def test_opening_twice_changes_nothing(tmp_path: Path, schema: Schema) -> None:
    path = tmp_path / "t.db"
    for create in (True, False):
        database = open_sqlite(path, schema, "test", create=create)
        with database.read() as connection:
            revision = connection.execute(sql("SELECT version_num FROM alembic_version")).scalar()
        database.close()
        assert revision == head(schema)


@pytest.mark.parametrize("schema", ["platform", "tenant"])
def test_the_schema_as_text_is_the_same_every_time(schema: str) -> None:
    assert schema_text(schema) == schema_text(schema)
    assert "CREATE TABLE about" in schema_text(schema)
