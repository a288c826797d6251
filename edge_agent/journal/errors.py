"""What can be wrong with a journal, and which of SQLite's errors means what."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_agent.errors import EdgeError

# A result code's low byte is its class; the rest is detail.
_PRIMARY = 0xFF
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class JournalError(EdgeError):
    """Nothing can be recorded, or read of what was."""


class JournalFromFutureError(JournalError):
    """The file was written by newer software, which this one must not touch."""


class JournalUnwritableError(JournalError):
    """The disk is full, read-only or failing; what was to be recorded was not."""


class JournalDamagedError(JournalError):
    """The file is no whole database any more."""


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Turns SQLite's and the file system's errors into the journal's."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY
        if code in _DAMAGED:
            raise JournalDamagedError(
                f"{path}: {error}; it is moved aside at the next start, keep it for inspection"
            ) from error
        raise _unwritable(path, error) from error
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: Exception) -> JournalUnwritableError:
    return JournalUnwritableError(
        f"{path}: {error}; free space, check the disk and who may write in {path.parent}"
    )
