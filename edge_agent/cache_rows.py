"""Rows into a cache file: each checked, the set's hash compared, then written as one change."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast
from zoneinfo import ZoneInfo

import msgspec

from core.entitlement import Entitlement
from core.ids import EpochId
from core.instants import from_ms, to_ms
from core.presence import AccessPoint
from wire.codec import TOMBSTONE, RowBody, row_body, set_hash, set_hash_change, set_hash_text
from wire.errors import MalformedError
from wire.messages import Row, RowKind, Rows, SiteRow


class Applied(StrEnum):
    """What became of a delta."""

    APPLIED = "applied"
    GAP = "gap"  # it starts after what is held
    OLDER = "older"  # it ends before what is held
    MISMATCH = "mismatch"  # the rows would not be the hub's


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Which rows are held: their version, their hash, and when they were last confirmed."""

    version: int
    set_hash: int
    as_of: datetime | None
    included: Mapping[EpochId, int]
    filled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One checked row: its new content, or None where it goes."""

    kind: RowKind
    id: str
    content: bytes | None
    holder: str | None


def checked(rows: Iterable[Row]) -> list[Change]:
    """The rows as changes; MalformedError if one is not what its kind and id say, or is twice."""
    changes = [_checked(row) for row in rows]
    if len({(change.kind, change.id) for change in changes}) != len(changes):
        raise MalformedError("rows", "the same row twice", "send each row once")
    return changes


def apply(connection: sqlite3.Connection, rows: Rows, changes: Sequence[Change]) -> Applied:
    """Bring a file to `to_version`; anything but APPLIED leaves it untouched.

    A row carries its whole content, so a delta that starts before what is held fits as well.
    """
    standing = read_standing(connection)
    if rows.from_version > standing.version:
        return Applied.GAP
    if rows.to_version < standing.version:
        return Applied.OLDER
    old = _contents(connection, changes)
    after = _hash_after(standing.set_hash, old, changes)
    if set_hash_text(after) != rows.set_hash:
        return Applied.MISMATCH
    _replace(connection, old, changes)
    write_standing(
        connection,
        Standing(
            version=rows.to_version,
            set_hash=after,
            as_of=standing.as_of if rows.more else rows.hub_at,
            included={EpochId(epoch): seq for epoch, seq in rows.included.items()},
            filled=True,
        ),
    )
    return Applied.APPLIED


def add(connection: sqlite3.Connection, changes: Sequence[Change]) -> int:
    """Write rows into a file that does not have them yet; returns their set hash."""
    present = [(each.kind, each.id, each.content) for each in changes if each.content is not None]
    if len(present) != len(changes):
        raise MalformedError("rows", "a tombstone in a snapshot", "send what there is")
    _write(connection, changes)
    return set_hash((kind, row_id, content) for kind, row_id, content in present if content)


def read_standing(connection: sqlite3.Connection) -> Standing:
    version, set_hash_now, as_of_ms, included, filled = connection.execute(
        "SELECT version, set_hash, as_of_ms, included, filled FROM standing"
    ).fetchone()
    return Standing(
        version=version,
        set_hash=int(set_hash_now, 16),
        as_of=None if as_of_ms is None else from_ms(as_of_ms),
        included=msgspec.json.decode(included, type=dict[EpochId, int]),
        filled=bool(filled),
    )


def write_standing(connection: sqlite3.Connection, standing: Standing) -> None:
    connection.execute(
        "UPDATE standing SET version = ?, set_hash = ?, as_of_ms = ?, included = ?, filled = ?",
        (
            standing.version,
            set_hash_text(standing.set_hash),
            None if standing.as_of is None else to_ms(standing.as_of),
            msgspec.json.encode(dict(standing.included)).decode(),
            int(standing.filled),
        ),
    )


def _checked(row: Row) -> Change:
    content = bytes(row.body)
    if content == TOMBSTONE:
        return Change(kind=row.kind, id=row.id, content=None, holder=None)
    body = row_body(row.kind, content)
    _check_meaning(row, body)
    holder = body.holder if isinstance(body, Entitlement) else None
    return Change(kind=row.kind, id=row.id, content=content, holder=holder)


def _check_meaning(row: Row, body: RowBody) -> None:
    if isinstance(body, AccessPoint | Entitlement) and body.id != row.id:
        raise MalformedError(f"{row.kind} {row.id}", f"body of {body.id}", "send matching ids")
    if isinstance(body, SiteRow):
        try:
            ZoneInfo(body.timezone)
        except (KeyError, OSError, ValueError):
            raise MalformedError(
                "timezone", repr(body.timezone), "use an IANA zone such as Europe/Ljubljana"
            ) from None


def _contents(
    connection: sqlite3.Connection, changes: Iterable[Change]
) -> dict[tuple[RowKind, str], bytes]:
    found = {}
    for change in changes:
        row = connection.execute(
            "SELECT body FROM rows WHERE kind = ? AND id = ?", (change.kind, change.id)
        ).fetchone()
        if row is not None:
            found[change.kind, change.id] = row[0]
    return found


def _hash_after(
    current: int, old: Mapping[tuple[RowKind, str], bytes], changes: Iterable[Change]
) -> int:
    for change in changes:
        before = old.get((change.kind, change.id))
        current = set_hash_change(current, change.kind, change.id, old=before, new=change.content)
    return current


def _replace(
    connection: sqlite3.Connection,
    old: Mapping[tuple[RowKind, str], bytes],
    changes: Sequence[Change],
) -> None:
    for (kind, row_id), content in old.items():
        connection.execute("DELETE FROM rows WHERE kind = ? AND id = ?", (kind, row_id))
        if kind is RowKind.ENTITLEMENT:
            holder = cast("Entitlement", row_body(kind, content)).holder
            connection.execute(
                "DELETE FROM entitlements_of WHERE holder = ? AND entitlement = ?",
                (holder, row_id),
            )
    _write(connection, changes)


def _write(connection: sqlite3.Connection, changes: Iterable[Change]) -> None:
    present = [change for change in changes if change.content is not None]
    connection.executemany(
        "INSERT OR REPLACE INTO rows VALUES (?, ?, ?)",
        ((change.kind, change.id, change.content) for change in present),
    )
    connection.executemany(
        "INSERT OR REPLACE INTO entitlements_of VALUES (?, ?)",
        ((change.holder, change.id) for change in present if change.holder is not None),
    )
