"""Journals for tests: fixed chance, fixed times, short bodies."""

import hashlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.credential import CredentialKey, CredentialKind
from core.entries import Grant, Passed, Punched, Tapped, Verdict
from core.ids import AccessPointId, DoorId, EdgeId, EntitlementId, HolderId, ZoneId
from core.instants import ClockState, Moment
from core.punch import PunchKind
from core.reasons import Reason
from edge_agent.journal import Journal

EDGE = EdgeId("edge-1")
ENTRY = AccessPointId("entry")
DOOR = DoorId("door-1")
POOL = ZoneId("pool")
START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@dataclass(slots=True)
class Chance:
    """Randomness that a seed repeats."""

    seed: int = 0
    drawn: int = field(default=0)

    def __call__(self, count: int) -> bytes:
        self.drawn += 1
        return hashlib.sha512(f"{self.seed}/{self.drawn}".encode()).digest()[:count]


def moment(seconds: float = 0.0) -> Moment:
    return Moment(
        at=START + timedelta(seconds=seconds),
        clock=ClockState.TRUSTED,
        uncertainty=timedelta(milliseconds=5),
    )


def open_journal(path: Path, *, seed: int = 0, at: float = 0.0) -> Journal:
    return Journal.opened(
        path,
        edge=EDGE,
        random_bytes=Chance(seed),
        moment=moment(at),
        monotonic_ms=int(at * 1000),
        software="test",
    )


def tapped(
    holder: str = "h-1", *, entitlement: str | None = "e-1", allow: bool = True, units: int = 1
) -> Tapped:
    return Tapped(
        access_point=ENTRY,
        credential=CredentialKey("ab" * 16),
        credential_kind=CredentialKind.NFC_UID,
        holder=HolderId(holder),
        verdict=Verdict.ALLOW if allow else Verdict.DENY,
        reason=Reason.GRANTED if allow else Reason.NO_UNITS_LEFT,
        entitlement=EntitlementId(entitlement) if entitlement else None,
        units=units if allow else 0,
        zone_to=POOL,
        retry_at=None,
        cache_version=7,
        facts="0" * 16,
    )


def passed(grant: Grant | None, tap: Tapped, movement: str = "passed") -> Passed:
    return Passed(
        door=DOOR,
        access_point=tap.access_point,
        movement=movement,
        grant=grant,
        holder=tap.holder,
        entitlement=tap.entitlement,
        units=tap.units,
        zone_to=tap.zone_to,
    )


def punched(holder: str | None = "h-1", kind: PunchKind = PunchKind.IN) -> Punched:
    return Punched(
        access_point=AccessPointId("terminal"),
        credential=CredentialKey("cd" * 16),
        credential_kind=CredentialKind.NFC_UID,
        holder=HolderId(holder) if holder else None,
        kind=kind,
        cache_version=7,
    )


@contextmanager
def no_space() -> Iterator[None]:
    """The kernel refuses every write to a file: the nearest to a full disk without one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
