"""Forgetting what the hub has long acknowledged, a little at a time."""

import sqlite3
from collections.abc import Mapping

from core.ids import EpochId

ROWS_PER_TRIM_MAX = 500
"""One call holds the tap path up no longer than the deletion of so many rows takes."""

_SPANS = """
SELECT epoch, last FROM (
    SELECT epoch, (SELECT max(seq) FROM entries WHERE entries.epoch = epochs.epoch) AS last
    FROM epochs
)
WHERE last IS NOT NULL ORDER BY epoch
"""


def trim(
    connection: sqlite3.Connection,
    older_than_ms: int,
    marks: Mapping[EpochId, int],
    included: Mapping[EpochId, int],
) -> int:
    """Delete up to ROWS_PER_TRIM_MAX entries, oldest first; returns how many. In a transaction.

    The entry at the mark stays, since the next batch builds on its hash, unless its epoch is over
    and acknowledged as a whole. Effects go with their entries, as far as the hub's figures
    contain them.
    """
    deleted = 0
    spans = connection.execute(_SPANS).fetchall()
    for epoch, last in spans:
        whole = epoch != spans[-1][0] and marks.get(epoch, 0) >= last
        before = last + 1 if whole else marks.get(epoch, 0)
        old = _old(connection, epoch, before, older_than_ms, ROWS_PER_TRIM_MAX - deleted)
        if old:
            connection.execute("DELETE FROM entries WHERE epoch = ? AND seq <= ?", (epoch, old[-1]))
            _forget_effects(connection, epoch, min(old[-1], included.get(epoch, 0)))
        deleted += len(old)
        # Only from the front, so that what is kept stays one chain.
        if not whole or not old or old[-1] < last:
            break
    _forget_emptied(connection, older_than_ms)
    return deleted


def _old(
    connection: sqlite3.Connection, epoch: EpochId, before: int, older_than_ms: int, limit: int
) -> list[int]:
    """The seqs of the epoch's beginning that are old, in order and without a gap."""
    sql = "SELECT seq, at_ms FROM entries WHERE epoch = ? AND seq < ? ORDER BY seq LIMIT ?"
    old: list[int] = []
    for seq, at_ms in connection.execute(sql, (epoch, before, limit)):
        if at_ms >= older_than_ms:
            break
        old.append(seq)
    return old


def _forget_effects(connection: sqlite3.Connection, epoch: EpochId, up_to: int) -> None:
    for table in ("usages", "presences"):
        sql = f"DELETE FROM {table} WHERE epoch = ? AND seq <= ?"  # noqa: S608 - names of ours
        connection.execute(sql, (epoch, up_to))


def _forget_emptied(connection: sqlite3.Connection, older_than_ms: int) -> None:
    connection.execute(
        "DELETE FROM epochs WHERE NOT EXISTS"
        " (SELECT 1 FROM entries WHERE entries.epoch = epochs.epoch)"
    )
    connection.execute("DELETE FROM commands WHERE at_ms < ?", (older_than_ms,))
