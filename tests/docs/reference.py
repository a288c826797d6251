"""What docs/reference holds: API, messages and tables as the code has them; run to write it."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from edge_agent.cache_file import TABLES as CACHE_TABLES
from edge_agent.journal.schema import MIGRATIONS as JOURNAL_MIGRATIONS
from hub.app import openapi_text
from hub.database import schema_text
from hub.nouns import load_tables
from wire.schema import schema_text as wire_text

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def _tables(script: str) -> str:
    """The tables that a script makes, as SQLite itself tells them."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(script)
    rows = connection.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY tbl_name, type DESC, name"
    ).fetchall()
    connection.close()
    return "".join(f"{statement};\n" for (statement,) in rows)


def _hub_tables(schema: str) -> str:
    load_tables()
    return schema_text(schema)


CONTENTS: dict[str, Callable[[], str]] = {
    "openapi.json": openapi_text,
    "wire.schema.json": wire_text,
    "hub-platform.sql": lambda: _hub_tables("platform"),
    "hub-tenant.sql": lambda: _hub_tables("tenant"),
    "edge-journal.sql": lambda: _tables("".join(JOURNAL_MIGRATIONS)),
    "edge-cache.sql": lambda: _tables(CACHE_TABLES),
}


def main() -> None:
    """Write every file of docs/reference."""
    REFERENCE.mkdir(exist_ok=True)
    for name, content in CONTENTS.items():
        (REFERENCE / name).write_text(content(), "utf-8")


if __name__ == "__main__":
    main()
