"""A filled cache, through the same pen that the sync process uses."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from core.access import IssuedCredential, SiteMode
from core.credential import from_uid, key_of
from core.entitlement import Entitlement
from core.ids import AccessPointId, DoorId, EntitlementId, HolderId, ProductId, ZoneId
from core.presence import AccessPoint
from edge_agent.cache_writer import CacheWriter
from wire.codec import row, set_hash, set_hash_text
from wire.messages import ROWS_PER_MESSAGE_MAX, Chunk, HolderRow, Row, RowKind, SiteRow

POOL = ZoneId("pool")


def site_rows(gates: dict[str, str], terminals: Iterable[str] = ()) -> Iterable[Row]:
    """A site with gates into the pool (by their doors; "exit" leads out) and terminals."""
    site = SiteRow(name="Kopališče", mode=SiteMode.NORMAL, timezone="Europe/Ljubljana", holidays=[])
    yield row(RowKind.SITE, "site-1", site)
    for name, door in gates.items():
        into = None if "exit" in name else POOL
        point = AccessPoint(
            id=AccessPointId(name),
            name=name,
            door=DoorId(door),
            zone_from=None if into else POOL,
            zone_to=into,
        )
        yield row(RowKind.ACCESS_POINT, name, point)
    for name in terminals:
        yield row(RowKind.ACCESS_POINT, name, AccessPoint(id=AccessPointId(name), name=name))


def person_rows(number: int, uid: bytes, site_key: bytes, *, units: int | None = 10) -> list[Row]:
    """One holder with a card and a right to the pool."""
    holder = HolderId(f"h-{number}")
    right = Entitlement(
        id=EntitlementId(f"e-{number}"),
        holder=holder,
        product=ProductId("p-1"),
        name="Vstopnica",
        zones=(POOL,),
        units=units,
        staleness_bound=None,
    )
    return [
        row(RowKind.HOLDER, holder, HolderRow(blocked=False)),
        row(
            RowKind.CREDENTIAL,
            key_of(site_key, from_uid(uid)),
            IssuedCredential(holder=holder),
        ),
        row(RowKind.ENTITLEMENT, right.id, right),
    ]


def fill(directory: Path, rows: Iterable[Row], version: int = 7) -> None:
    """Make these rows the cache of `directory`, as a snapshot would."""
    writer = CacheWriter.opened(directory)
    snapshot = writer.snapshot()
    total, source = 0, iter(rows)
    while batch := list(islice(source, ROWS_PER_MESSAGE_MAX)):
        total += set_hash((each.kind, each.id, bytes(each.body)) for each in batch)
        snapshot.add(_chunk(batch, version, total))
    assert snapshot.close_with(_chunk([], version, total))
    writer.adopt(snapshot)
    writer.close()


def _chunk(rows: list[Row], version: int, total: int) -> Chunk:
    return Chunk(
        counter=1,
        hub_at=datetime(2026, 11, 23, 6, tzinfo=UTC),
        version=version,
        index=0,
        count=1,
        rows=rows,
        included={},
        set_hash=set_hash_text(total % (1 << 128)),
        as_of=datetime(2026, 11, 23, 6, tzinfo=UTC),
    )
