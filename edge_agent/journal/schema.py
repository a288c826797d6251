"""The journal's tables, by numbered steps that only go forward."""

import sqlite3
from pathlib import Path

from edge_agent.journal.errors import JournalFromFutureError

_FIRST = """
CREATE TABLE epochs (
    epoch TEXT NOT NULL PRIMARY KEY,
    opened_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE entries (
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL CHECK (seq >= 1),
    at_ms INTEGER NOT NULL,
    content BLOB NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (epoch, seq)
) STRICT;
CREATE TABLE usages (
    entitlement TEXT NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    units INTEGER NOT NULL,
    PRIMARY KEY (entitlement, epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE presences (
    holder TEXT NOT NULL PRIMARY KEY,
    zone TEXT,
    since_ms INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE grants (
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    door TEXT,
    access_point TEXT NOT NULL,
    holder TEXT,
    entitlement TEXT,
    units INTEGER NOT NULL,
    zone_to TEXT,
    PRIMARY KEY (epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE stamps (
    holder TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE commands (
    command TEXT NOT NULL PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""

MIGRATIONS: tuple[str, ...] = (_FIRST,)
"""Step n brings a file from version n to n + 1; a released step is never edited."""

VERSION = len(MIGRATIONS)

TABLES = ("epochs", "entries", "usages", "presences", "grants", "stamps", "commands")


def version_of(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file to VERSION, each step in a transaction of its own."""
    version = check_version(connection, path)
    for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
        # executescript commits what is open first, so the transaction is part of the script.
        connection.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {number}; COMMIT;")


def check_version(connection: sqlite3.Connection, path: Path) -> int:
    """The file's version; JournalFromFutureError if newer software wrote it."""
    version = version_of(connection)
    if version > VERSION:
        raise JournalFromFutureError(
            f"{path}: written by newer software (journal version {version}, this one knows up to"
            f" {VERSION}); install that software again, or move the file away once the hub has"
            " acknowledged it"
        )
    return version
