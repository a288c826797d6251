"""What the hub says, read for one tap: one read transaction, a few indexed reads."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from core.access import IssuedCredential, SiteMode
from core.credential import CredentialKey
from core.entitlement import Entitlement
from core.ids import AccessPointId, EntitlementId, EpochId
from core.instants import from_ms
from core.ledger import Rows
from core.presence import AccessPoint, Presence
from core.schedule import Calendar
from edge_agent.cache_file import CacheError, current_name, open_reading
from wire.messages import FigureRow, HolderRow, RowKind, SiteRow

T = TypeVar("T")

_RIGHTS_KEPT = 4096
_PLACES_KEPT = 64

_STANDING = "SELECT version, as_of_ms, included, filled FROM standing"
_PLACE = """
SELECT kind, body FROM rows WHERE kind = 'site'
UNION ALL SELECT kind, body FROM rows WHERE kind = 'access-point' AND id = :access_point
UNION ALL SELECT kind, body FROM rows WHERE kind = 'credential' AND id = :credential
"""
_PERSON = """
SELECT 'holder', body, NULL FROM rows WHERE kind = 'holder' AND id = :holder
UNION ALL SELECT 'presence', body, NULL FROM rows WHERE kind = 'presence' AND id = :holder
UNION ALL
SELECT 'entitlement', right.body, figure.body
FROM entitlements_of AS of
JOIN rows AS right ON right.kind = 'entitlement' AND right.id = of.entitlement
LEFT JOIN rows AS figure ON figure.kind = 'figure' AND figure.id = of.entitlement
WHERE of.holder = :holder
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What the hub says about one tap.

    `taken` and `presence` contain the entries up to `included` (per epoch), and no others.
    """

    rows: Rows
    version: int
    included: Mapping[EpochId, int]
    taken: Mapping[EntitlementId, int]
    presence: Presence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HubClock:
    """The last comparison with the hub's clock.

    When the edge's monotonic clock of this boot stood at `monotonic_ms`, the hub's stood at
    `hub_at` and the edge's wall clock `offset_ms` before it, each within `uncertainty_ms`.
    """

    hub_at: datetime
    offset_ms: int
    uncertainty_ms: int
    boot_id: str
    monotonic_ms: int


class CacheReader:
    """A read-only view of the cache for one thread; follows the link to the newest file."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._name: str | None = None
        self._connection: sqlite3.Connection | None = None
        self.problem: str | None = None
        """Why the cache cannot be read, None if it can or there is none yet."""

    def rows_for(self, credential: CredentialKey, access_point: AccessPointId) -> Picture | None:
        """What one tap needs; None if the cache was never filled or knows no such access point."""
        return self._read(lambda connection: _picture(connection, credential, access_point))

    def marks(self) -> Mapping[EpochId, int]:
        """For each epoch the last seq that the hub has acknowledged."""
        return self._read(read_marks) or {}

    def included(self) -> Mapping[EpochId, int]:
        """For each epoch the last seq that figures and presences contain."""
        return self._read(_read_included) or {}

    def clock(self) -> HubClock | None:
        """The last comparison with the hub's clock."""
        return self._read(read_clock)

    def version(self) -> int:
        """The version of the rows held, 0 for none."""
        return self._read(lambda connection: int(connection.execute(_STANDING).fetchone()[0])) or 0

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._name, self._connection = None, None

    def _read(self, question: Callable[[sqlite3.Connection], T]) -> T | None:
        """One read transaction; a broken file is a cache that is not there, told in `problem`."""
        try:
            connection = self._newest()
            if connection is None:
                return None
            connection.execute("BEGIN")
            answer = question(connection)
            connection.execute("COMMIT")
        except (CacheError, msgspec.DecodeError, sqlite3.DatabaseError) as error:
            self.close()
            self.problem = str(error)
            return None
        return answer

    def _newest(self) -> sqlite3.Connection | None:
        name = current_name(self._directory)
        if name != self._name or self._connection is None:
            self.close()
            self._connection = open_reading(self._directory / name) if name else None
            self._name, self.problem = name, None
        return self._connection


def read_marks(connection: sqlite3.Connection) -> dict[EpochId, int]:
    return {EpochId(epoch): seq for epoch, seq in connection.execute("SELECT * FROM marks")}


def read_clock(connection: sqlite3.Connection) -> HubClock | None:
    row = connection.execute(
        "SELECT hub_at_ms, offset_ms, uncertainty_ms, boot_id, monotonic_ms FROM hub_clock"
    ).fetchone()
    if row is None:
        return None
    return HubClock(
        hub_at=from_ms(row[0]),
        offset_ms=row[1],
        uncertainty_ms=row[2],
        boot_id=row[3],
        monotonic_ms=row[4],
    )


def _read_included(connection: sqlite3.Connection) -> Mapping[EpochId, int]:
    _, _, included, _ = connection.execute(_STANDING).fetchone()
    return _included(included)


def _picture(
    connection: sqlite3.Connection, credential: CredentialKey, access_point: AccessPointId
) -> Picture | None:
    version, as_of_ms, included, filled = connection.execute(_STANDING).fetchone()
    place = dict(
        connection.execute(_PLACE, {"access_point": access_point, "credential": credential})
    )
    if not filled or RowKind.SITE not in place or RowKind.ACCESS_POINT not in place:
        return None
    mode, calendar = _site(place[RowKind.SITE])
    issued = _credential(place[RowKind.CREDENTIAL]) if RowKind.CREDENTIAL in place else None
    person = _person(connection, issued)
    return Picture(
        rows=Rows(
            access_point=_access_point(place[RowKind.ACCESS_POINT]),
            mode=mode,
            calendar=calendar,
            credential=issued,
            holder_blocked=person.blocked,
            entitlements=tuple(person.entitlements),
            cache_as_of=None if as_of_ms is None else from_ms(as_of_ms),
        ),
        version=version,
        included=_included(included),
        taken=person.taken,
        presence=person.presence,
    )


@dataclass(slots=True, kw_only=True)
class _Person:
    blocked: bool
    presence: Presence | None
    entitlements: list[Entitlement]
    taken: dict[EntitlementId, int]


def _person(connection: sqlite3.Connection, issued: IssuedCredential | None) -> _Person:
    """What belongs to the holder; a holder whose row is missing is blocked, for nobody knows."""
    person = _Person(blocked=issued is not None, presence=None, entitlements=[], taken={})
    if issued is None:
        return person
    for kind, body, figure in connection.execute(_PERSON, {"holder": issued.holder}):
        if kind == "entitlement":
            entitlement = _entitlement(body)
            person.entitlements.append(entitlement)
            if figure is not None:
                person.taken[entitlement.id] = _figure(figure).taken
        elif kind == "holder":
            person.blocked = _holder(body).blocked
        else:
            person.presence = _presence(body)
    return person


# Rows were checked when they were written; the same bytes always mean the same.
_access_point = lru_cache(_PLACES_KEPT)(msgspec.json.Decoder(AccessPoint).decode)
_credential = msgspec.json.Decoder(IssuedCredential).decode
_holder = msgspec.json.Decoder(HolderRow).decode
_presence = msgspec.json.Decoder(Presence).decode
_figure = msgspec.json.Decoder(FigureRow).decode
_entitlement = lru_cache(_RIGHTS_KEPT)(msgspec.json.Decoder(Entitlement).decode)
_included = lru_cache(_PLACES_KEPT)(msgspec.json.Decoder(dict[EpochId, int]).decode)


@lru_cache(_PLACES_KEPT)
def _site(body: bytes) -> tuple[SiteMode, Calendar]:
    site = msgspec.json.decode(body, type=SiteRow)
    return site.mode, Calendar(zone=ZoneInfo(site.timezone), holidays=frozenset(site.holidays))
