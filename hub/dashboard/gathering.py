"""Rows of taps, passages, punches and alarms with the names in them, gathered for telling."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from core.entries import Entry
from core.ids import HolderId
from hub.dashboard import hints
from hub.edges import service as edges
from hub.people import service as people
from hub.taps import service as taps
from hub.taps.service import Filter

ROWS_MAX = 50
KINDS = ("taps", "passages", "punches", "alarms")

Row = Any  # SQLAlchemy's rows have no type of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Rows of each kind, and the names of the people in them."""

    rows: Mapping[str, Sequence[Row]]
    names: Mapping[HolderId, str]


def gathered(connection: Connection, kinds: Iterable[str], wanted: Filter) -> Found:
    rows: dict[str, Sequence[Row]] = {}
    names: dict[HolderId, str] = {}
    for kind in kinds:
        rows[kind], named = taps.listed(connection, kind, wanted)
        names |= named
    return Found(rows=rows, names=names)


def with_announced(found: Found, connection: Connection, announced: Sequence[Entry]) -> Found:
    """With the rows of entries that are not stored yet."""
    stored = [
        (row.edge, row.epoch, row.seq)
        for kind, rows in found.rows.items()
        if kind != "alarms"
        for row in rows
    ]
    hinted = hints.rows_of(announced, edges.everyone(connection), stored)
    holders = {row.holder for rows in hinted.values() for row in rows if row.holder}
    return Found(
        rows={kind: [*hinted.get(kind, ()), *rows] for kind, rows in found.rows.items()},
        names={**people.names_of(connection, holders), **found.names},
    )
