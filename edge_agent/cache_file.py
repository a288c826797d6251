"""The cache as a file: its tables, its name, and which file counts now."""

import os
import sqlite3
from pathlib import Path

from edge_agent.errors import EdgeError

CACHE_LINK = "cache.db"
"""A symlink to the file that counts; replacing it is the moment at which a snapshot counts."""

CACHE_SCHEMA_VERSION = 1
PARTIAL = ".partial"
ASIDE = ".aside"

_PREFIX, _SUFFIX = "cache-", ".db"
_BUSY_MS = 5_000

TABLES = """
CREATE TABLE rows (
    kind TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE entitlements_of (
    holder TEXT NOT NULL, entitlement TEXT NOT NULL,
    PRIMARY KEY (holder, entitlement)
) STRICT, WITHOUT ROWID;
CREATE TABLE standing (
    single INTEGER PRIMARY KEY CHECK (single = 1),
    version INTEGER NOT NULL, set_hash TEXT NOT NULL, as_of_ms INTEGER,
    included TEXT NOT NULL, filled INTEGER NOT NULL
) STRICT;
CREATE TABLE marks (epoch TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE hub_clock (
    single INTEGER PRIMARY KEY CHECK (single = 1),
    hub_at_ms INTEGER NOT NULL, offset_ms INTEGER NOT NULL, uncertainty_ms INTEGER NOT NULL,
    boot_id TEXT NOT NULL, monotonic_ms INTEGER NOT NULL
) STRICT;
INSERT INTO standing VALUES (1, 0, '00000000000000000000000000000000', NULL, '{}', 0);
"""


class CacheError(EdgeError):
    """The cache's file cannot be used; it is replaceable, so a new one is fetched."""


class FutureCacheError(CacheError):
    """The file was written by a newer program."""


def current_name(directory: Path) -> str | None:
    """The name of the file that counts, None if there is none."""
    try:
        # Asked before every tap: pathlib's own way takes five times as long.
        return os.readlink(f"{directory}/{CACHE_LINK}")  # noqa: PTH115 - see above
    except OSError:
        return None


def new_name(directory: Path, version: int) -> str:
    """A file name never used before here.

    A reader may still hold a removed file open, and SQLite finds its -wal file by name.
    """
    names = [current_name(directory) or "", *(path.name for path in directory.glob("cache-*"))]
    return f"{_PREFIX}{version}-{max(map(_serial, names)) + 1}{_SUFFIX}"


def create(path: Path) -> sqlite3.Connection:
    """A new file with empty tables; nothing in it is durable before it is sealed."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.executescript(TABLES)
    connection.execute(f"PRAGMA user_version = {CACHE_SCHEMA_VERSION}")
    return connection


def seal(connection: sqlite3.Connection, path: Path) -> None:
    """Close a created file so that it survives a power cut from now on."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    sync(path)


def open_writing(path: Path) -> sqlite3.Connection:
    """The file for its one writer; CacheError if it is broken or from the future."""
    connection = _open(path, "rw")
    try:
        _check(connection, path)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise CacheError(f"{path.name}: {error}; a new one is fetched") from None
    except CacheError:
        connection.close()
        raise
    return connection


def open_reading(path: Path) -> sqlite3.Connection:
    """The file for a reader; reading never waits for the writer nor the writer for it."""
    connection = _open(path, "ro")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError as error:
        connection.close()
        raise CacheError(f"{path.name}: {error}; the sync process fetches a new one") from None
    if version != CACHE_SCHEMA_VERSION:
        connection.close()
        raise _not_ours(path, version)
    return connection


def sync(path: Path) -> None:
    """Make a file's content, or a directory's names, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a cache file with what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _open(path: Path, mode: str) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True)
    except sqlite3.OperationalError as error:
        raise CacheError(f"{path.name}: {error}; a new one is fetched") from None
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != CACHE_SCHEMA_VERSION:
        raise _not_ours(path, version)
    problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise CacheError(f"{path.name}: {problem}; a new one is fetched")


def _not_ours(path: Path, version: int) -> CacheError:
    if version > CACHE_SCHEMA_VERSION:
        return FutureCacheError(
            f"{path.name}: schema {version} is from a newer program, this one knows"
            f" {CACHE_SCHEMA_VERSION}; a new cache is fetched"
        )
    return CacheError(f"{path.name}: schema {version} is not a cache; a new one is fetched")


def _serial(name: str) -> int:
    digits = name.removeprefix(_PREFIX).split(_SUFFIX)[0].rpartition("-")[2]
    return int(digits) if digits.isascii() and digits.isdigit() else 0
