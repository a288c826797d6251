"""An enrolled edge with a large cache, for the figures of the agent."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from core.access import IssuedCredential, SiteMode
from core.credential import CredentialKey, from_uid, key_of
from core.entitlement import Entitlement
from core.ids import AccessPointId, DoorId, EntitlementId, HolderId, ProductId, ZoneId
from core.instants import to_ms
from core.presence import AccessPoint
from edge_agent.cache_file import current_name
from edge_agent.cache_writer import CacheWriter
from edge_agent.clock import Instant
from edge_agent.identity import Identity
from edge_agent.settings import Environment, LogLevel, Settings
from wire.codec import RowBody, row
from wire.enrolment import Broker, Enrolment
from wire.messages import HolderRow, RowKind, SiteRow

GATE, DOOR, POOL = AccessPointId("entry"), DoorId("door-1"), ZoneId("pool")
SITE_KEY = bytes(range(32))


def now_here() -> Instant:
    return Instant(
        wall=datetime.now(UTC), monotonic_ms=int(time.monotonic() * 1000), boot_id="benchmark"
    )


def uid_of(person: int) -> bytes:
    return b"\x04" + person.to_bytes(6, "big")


def settings_of(directory: Path) -> Settings:
    return Settings(
        environment=Environment.TEST,
        directory=directory,
        hardware_profile=directory / "profile.toml",
        hardware_devices=directory,
        clock_battery=True,
        journal_keep_days=35,
        display_port=0,
        log_level=LogLevel.INFO,
    )


def identity() -> Identity:
    enrolment = Enrolment(
        environment="test",
        tenant="tenant-1",
        site="site-1",
        edge="edge-1",
        broker=Broker(host="127.0.0.1", port=1, username="edge-1", password="x"),  # noqa: S106 - none
        mac_key="11" * 32,
        site_key=SITE_KEY.hex(),
        hub_at=datetime.now(UTC),
    )
    return Identity(enrolment=enrolment, private_key="22" * 32)


def fill(directory: Path, persons: int) -> None:
    """A cache of so many persons, each with a card and a right to 1,000,000 visits."""
    CacheWriter.opened(directory).close()
    connection = sqlite3.connect(directory / str(current_name(directory)), isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO rows VALUES (?, ?, ?)", _rows(persons))
    connection.executemany(
        "INSERT INTO entitlements_of VALUES (?, ?)",
        ((_holder(person), _right(person)) for person in range(persons)),
    )
    now = now_here()
    now_ms = to_ms(now.wall)
    connection.execute("UPDATE standing SET version = 1, filled = 1, as_of_ms = ?", (now_ms,))
    compared = (1, now_ms, 0, 5, now.boot_id, now.monotonic_ms)
    connection.execute("INSERT INTO hub_clock VALUES (?, ?, ?, ?, ?, ?)", compared)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _rows(persons: int) -> Iterator[tuple[str, str, bytes]]:
    """All rows in the order of their keys; each person's differ in their ids only."""
    gate = AccessPoint(id=GATE, name="Vhod", door=DOOR, zone_to=POOL)
    site = SiteRow(name="Bazen", mode=SiteMode.NORMAL, timezone="Europe/Ljubljana", holidays=[])
    yield _stored(RowKind.ACCESS_POINT, GATE, gate)
    credential = _template(lambda holder, _: IssuedCredential(holder=holder), RowKind.CREDENTIAL)
    for key, person in sorted((_key(person), person) for person in range(persons)):
        yield RowKind.CREDENTIAL.value, key, credential(person)
    entitlement = _template(_entitlement, RowKind.ENTITLEMENT)
    for person in range(persons):
        yield RowKind.ENTITLEMENT.value, _right(person), entitlement(person)
    holder = bytes(row(RowKind.HOLDER, "h", HolderRow(blocked=False)).body)
    for person in range(persons):
        yield RowKind.HOLDER.value, _holder(person), holder
    yield _stored(RowKind.SITE, "site-1", site)


def _template(
    body: Callable[[HolderId, EntitlementId], RowBody], kind: RowKind
) -> Callable[[int], bytes]:
    """Encodes one body and puts the ids of others into its bytes."""
    first = bytes(row(kind, "first", body(_holder(0), _right(0))).body)
    old_holder, old_right = _holder(0).encode(), _right(0).encode()
    return lambda person: first.replace(old_holder, _holder(person).encode()).replace(
        old_right, _right(person).encode()
    )


def _entitlement(holder: HolderId, right: EntitlementId) -> Entitlement:
    return Entitlement(
        id=right,
        holder=holder,
        product=ProductId("p-1"),
        name="Vstopnica",
        zones=(POOL,),
        units=1_000_000,
    )


def _stored(kind: RowKind, row_id: str, body: RowBody) -> tuple[str, str, bytes]:
    return kind.value, row_id, bytes(row(kind, row_id, body).body)


def _key(person: int) -> CredentialKey:
    return key_of(SITE_KEY, from_uid(uid_of(person)))


def _holder(person: int) -> HolderId:
    return HolderId(f"h-{person:07d}")


def _right(person: int) -> EntitlementId:
    return EntitlementId(f"e-{person:07d}")
