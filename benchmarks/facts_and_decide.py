"""Facts and decide: credential known to verdict, on a cache of a million credentials."""

import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.access import Decision, IssuedCredential, SiteMode, Tap, decide
from core.credential import CredentialKey, CredentialKind
from core.entitlement import Entitlement
from core.entries import Verdict
from core.ids import AccessPointId, EntitlementId, HolderId, ProductId, ZoneId
from core.instants import ClockState, Moment
from core.ledger import State, facts_of
from core.presence import AccessPoint
from core.schedule import Weekly, Window
from edge_agent.cache import CacheReader
from edge_agent.cache_file import current_name
from edge_agent.cache_writer import CacheWriter
from wire.codec import RowBody, row
from wire.messages import FigureRow, HolderRow, RowKind, SiteRow

TARGET_P99_MS = 1.0
RIGHTS_OF_ONE = 50
CREDENTIALS, CREDENTIALS_SHORT = 1_000_000, 100_000
TAPS, TAPS_SHORT = 20_000, 4_000
HEAVY = 500
"""So many persons have RIGHTS_OF_ONE entitlements, that no tap finds the last one's pages warm."""

_NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
_GATE, _HALL = AccessPointId("gate-in"), ZoneId("hall")
_WEEKLY = Weekly(windows=(Window(days=(1, 2, 3, 4, 5), start_minute=360, end_minute=1320),))
_Stored = tuple[str, str, bytes]


def main(argv: list[str]) -> None:
    """Build the cache, tap, print the figures."""
    short = "--short" in argv
    credentials = CREDENTIALS_SHORT if short else CREDENTIALS
    taps = TAPS_SHORT if short else TAPS
    with tempfile.TemporaryDirectory() as directory:
        started = time.perf_counter()
        _build(Path(directory), credentials)
        built_s = time.perf_counter() - started
        size_mb = sum(path.stat().st_size for path in Path(directory).iterdir()) / 1e6
        print(f"{credentials:,} credentials, file {size_mb:.0f} MB, built in {built_s:.0f} s")
        _measure(Path(directory), credentials, taps)


def _measure(directory: Path, credentials: int, taps: int) -> None:
    reader = CacheReader(directory)
    chance = random.Random(1)  # noqa: S311 - a repeatable run
    heavy = [chance.randrange(HEAVY) for _ in range(taps)]
    others = [chance.randrange(HEAVY, credentials) for _ in range(taps)]
    for one, other in zip(heavy[:100], others[:100], strict=True):
        _timed(reader, one)
        _timed(reader, other)
    light_ms, heavy_ms = [], []
    for one, other in zip(heavy, others, strict=True):
        light_ms.append(_timed(reader, other))
        heavy_ms.append(_timed(reader, one))
    print(_line("one or two entitlements", light_ms))
    print(_line(f"{RIGHTS_OF_ONE} entitlements", heavy_ms))
    reader.close()


def _timed(reader: CacheReader, person: int) -> float:
    """Milliseconds from the known credential to the verdict."""
    key = _key(person)
    started = time.perf_counter()
    decision = _decision(reader, key)
    elapsed_ms = (time.perf_counter() - started) * 1_000
    assert decision.verdict is Verdict.ALLOW
    return elapsed_ms


def _decision(reader: CacheReader, key: CredentialKey) -> Decision:
    picture = reader.rows_for(key, _GATE)
    assert picture is not None
    moment = Moment(at=_NOW, clock=ClockState.TRUSTED, uncertainty=timedelta(milliseconds=5))
    tap = Tap(
        access_point=_GATE,
        credential=key,
        credential_kind=CredentialKind.NFC_UID,
        moment=moment,
    )
    return decide(tap, facts_of(picture.rows, State(taken=picture.taken)))


def _line(name: str, times_ms: list[float]) -> str:
    cuts = statistics.quantiles(times_ms, n=100)
    return (
        f"facts and decide, {name}: p50 {cuts[49]:.3f} ms, p99 {cuts[98]:.3f} ms,"
        f" max {max(times_ms):.2f} ms, {len(times_ms):,} taps (target p99 <= {TARGET_P99_MS} ms)"
    )


def _build(directory: Path, credentials: int) -> None:
    """The rows of a large site, written in bulk: what is measured is reading them."""
    CacheWriter.opened(directory).close()
    connection = sqlite3.connect(directory / str(current_name(directory)), isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO rows VALUES (?, ?, ?)", _rows(credentials))
    connection.executemany("INSERT INTO entitlements_of VALUES (?, ?)", _pairs(credentials))
    connection.execute(
        "UPDATE standing SET version = 1, filled = 1, as_of_ms = ?",
        (int(_NOW.timestamp() * 1_000),),
    )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _rows(credentials: int) -> Iterator[_Stored]:
    """All rows in the order of their keys."""
    gate = AccessPoint(id=_GATE, name="Vhod", zone_to=_HALL)
    site = SiteRow(name="Bazen", mode=SiteMode.NORMAL, timezone="Europe/Ljubljana", holidays=[])
    yield _stored(RowKind.ACCESS_POINT, _GATE, gate)
    for key, person in sorted((_key(person), person) for person in range(credentials)):
        yield _stored(RowKind.CREDENTIAL, key, IssuedCredential(holder=_holder(person)))
    rights = sorted(
        (_right(person, number), person)
        for person in range(credentials)
        for number in range(_count(person))
    )
    for right, person in rights:
        yield _stored(RowKind.ENTITLEMENT, right, _entitlement(right, person))
    for right, _ in rights:
        yield _stored(RowKind.FIGURE, right, FigureRow(taken=3))
    for person in range(credentials):
        yield _stored(RowKind.HOLDER, _holder(person), HolderRow(blocked=False))
    yield _stored(RowKind.SITE, "bazen", site)


def _pairs(credentials: int) -> Iterator[tuple[str, str]]:
    for person in range(credentials):
        for number in range(_count(person)):
            yield _holder(person), _right(person, number)


def _entitlement(right: EntitlementId, person: int) -> Entitlement:
    return Entitlement(
        id=right,
        holder=_holder(person),
        product=ProductId("p-visits"),
        name="Deset obiskov",
        zones=(_HALL,),
        weekly=_WEEKLY,
        valid_from=_NOW - timedelta(days=30),
        valid_until=_NOW + timedelta(days=335),
        units=10,
    )


def _stored(kind: RowKind, row_id: str, body: RowBody) -> _Stored:
    return kind.value, row_id, bytes(row(kind, row_id, body).body)


def _count(person: int) -> int:
    """Fifty for some, else 1.2 on average."""
    return RIGHTS_OF_ONE if person < HEAVY else 1 + (person % 5 == 0)


def _key(person: int) -> CredentialKey:
    # Spread over the whole range, as keyed hashes are.
    return CredentialKey(f"{person * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128):032x}")


def _holder(person: int) -> HolderId:
    return HolderId(f"h-{person:07d}")


def _right(person: int, number: int) -> EntitlementId:
    """Ids are random in use: one person's rights lie far apart."""
    mixed = (person * 64 + number) * 0x9E3779B97F4A7C15 % (1 << 64)
    return EntitlementId(f"e-{mixed:016x}")
