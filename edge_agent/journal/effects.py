"""What entries leave behind for later taps: usages, presences, open grants, stamps, commands."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.entries import Commanded, Entry, Grant, Punched, Tapped
from core.ids import AccessPointId, CommandId, DoorId, EntitlementId, EpochId, HolderId, ZoneId
from core.instants import from_ms, to_ms
from core.ledger import effect_of
from core.presence import Presence
from core.punch import PunchKind, Stamp

_INSERT_USAGE = "INSERT INTO usages (entitlement, epoch, seq, units) VALUES (?, ?, ?, ?)"
_REPLACE_PRESENCE = """
REPLACE INTO presences (holder, zone, since_ms, epoch, seq) VALUES (?, ?, ?, ?, ?)
"""
_INSERT_GRANT = """
INSERT INTO grants (epoch, seq, door, access_point, holder, entitlement, units, zone_to)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_SELECT_GRANT = """
SELECT epoch, seq, door, access_point, holder, entitlement, units, zone_to FROM grants
"""
_SELECT_USAGES = """
SELECT entitlement, epoch, seq, units FROM usages
WHERE entitlement IN (SELECT value FROM json_each(?))
"""
_SELECT_USAGES_OF_ONE = "SELECT entitlement, epoch, seq, units FROM usages WHERE entitlement = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Units that one entry took of an entitlement (negative: gave back)."""

    entitlement: EntitlementId
    epoch: EpochId
    seq: int
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPresence:
    """Where a holder went by this edge's latest passage, and which entry says so."""

    presence: Presence
    epoch: EpochId
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGrant:
    """A release that has not ended: where it was, and what it reserved."""

    grant: Grant
    door: DoorId | None
    access_point: AccessPointId
    holder: HolderId | None
    entitlement: EntitlementId | None
    units: int
    zone_to: ZoneId | None


def write(connection: sqlite3.Connection, entry: Entry, door: DoorId | None) -> None:
    """Keep the entry's effect; inside the transaction that keeps the entry."""
    _write_ledger(connection, entry)
    at_ms = to_ms(entry.moment.at)
    match entry.body:
        case Tapped(verdict=verdict) as tapped if verdict.opens:
            _open(connection, entry, tapped, door)
        case Punched(holder=holder, kind=kind) if holder is not None:
            sql = "REPLACE INTO stamps (holder, kind, at_ms) VALUES (?, ?, ?)"
            connection.execute(sql, (holder, kind.value, at_ms))
        case Commanded(command=command):
            sql = "INSERT INTO commands (command, at_ms) VALUES (?, ?)"
            connection.execute(sql, (command, at_ms))
        case _:
            pass


def usages(connection: sqlite3.Connection, entitlements: Sequence[EntitlementId]) -> list[Usage]:
    if len(entitlements) == 1:
        # Nearly everybody has one, and json_each costs as much as the look-up itself.
        rows = connection.execute(_SELECT_USAGES_OF_ONE, tuple(entitlements)).fetchall()
    else:
        rows = connection.execute(_SELECT_USAGES, (json.dumps(list(entitlements)),)).fetchall()
    return [Usage(entitlement=e, epoch=p, seq=s, units=u) for e, p, s, u in rows]


def presence(connection: sqlite3.Connection, holder: HolderId) -> OwnPresence | None:
    sql = "SELECT zone, since_ms, epoch, seq FROM presences WHERE holder = ?"
    row = connection.execute(sql, (holder,)).fetchone()
    if row is None:
        return None
    zone, since_ms, epoch, seq = row
    known = Presence(zone=zone, since=from_ms(since_ms))
    return OwnPresence(presence=known, epoch=epoch, seq=seq)


def pending(connection: sqlite3.Connection, holder: HolderId) -> list[Grant]:
    rows = connection.execute("SELECT epoch, seq FROM grants WHERE holder = ?", (holder,))
    return [Grant(epoch=epoch, seq=seq) for epoch, seq in rows.fetchall()]


def open_grant(connection: sqlite3.Connection, grant: Grant) -> OpenGrant | None:
    sql = f"{_SELECT_GRANT} WHERE epoch = ? AND seq = ?"
    row = connection.execute(sql, (grant.epoch, grant.seq)).fetchone()
    return _open_grant(*row) if row else None


def open_grants(connection: sqlite3.Connection) -> list[OpenGrant]:
    """Oldest first."""
    rows = connection.execute(f"{_SELECT_GRANT} ORDER BY epoch, seq").fetchall()
    return [_open_grant(*row) for row in rows]


def last_stamp(connection: sqlite3.Connection, holder: HolderId) -> Stamp | None:
    row = connection.execute(
        "SELECT kind, at_ms FROM stamps WHERE holder = ?", (holder,)
    ).fetchone()
    return Stamp(kind=PunchKind(row[0]), at=from_ms(row[1])) if row else None


def knows_command(connection: sqlite3.Connection, command: CommandId) -> bool:
    sql = "SELECT 1 FROM commands WHERE command = ?"
    return connection.execute(sql, (command,)).fetchone() is not None


def _write_ledger(connection: sqlite3.Connection, entry: Entry) -> None:
    """What `core.ledger` says of every entry, as rows."""
    effect = effect_of(entry)
    key = (entry.key.epoch, entry.key.seq)
    if effect.entitlement is not None and effect.units:
        connection.execute(_INSERT_USAGE, (effect.entitlement, *key, effect.units))
    if effect.moves:
        since_ms = to_ms(entry.moment.at)
        connection.execute(_REPLACE_PRESENCE, (effect.holder, effect.zone, since_ms, *key))
    if effect.settles is not None:
        settled = (effect.settles.epoch, effect.settles.seq)
        connection.execute("DELETE FROM grants WHERE epoch = ? AND seq = ?", settled)


def _open(
    connection: sqlite3.Connection, entry: Entry, tapped: Tapped, door: DoorId | None
) -> None:
    row = (
        entry.key.epoch,
        entry.key.seq,
        door,
        tapped.access_point,
        tapped.holder,
        tapped.entitlement,
        tapped.units,
        tapped.zone_to,
    )
    connection.execute(_INSERT_GRANT, row)


def _open_grant(*row: Any) -> OpenGrant:
    epoch, seq, door, access_point, holder, entitlement, units, zone_to = row
    return OpenGrant(
        grant=Grant(epoch=epoch, seq=seq),
        door=door,
        access_point=access_point,
        holder=holder,
        entitlement=entitlement,
        units=units,
        zone_to=zone_to,
    )
