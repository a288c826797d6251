"""Deltas and snapshots for cache tests, with their set hashes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from core.access import IssuedCredential, SiteMode
from core.entitlement import Entitlement
from core.ids import AccessPointId, EntitlementId, HolderId, ProductId, ZoneId
from core.presence import AccessPoint, AntiPassback, Presence
from wire.codec import row, set_hash, set_hash_text
from wire.messages import Chunk, FigureRow, HolderRow, Row, RowKind, Rows, SiteRow

AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
EPOCH = "00000001-0123456789abcdef"
CARD = "00112233445566778899aabbccddeeff"
HALL = ZoneId("hall")

SITE = row(
    RowKind.SITE,
    "bazen",
    SiteRow(name="Bazen", mode=SiteMode.NORMAL, timezone="Europe/Ljubljana", holidays=[]),
)
GATE = row(
    RowKind.ACCESS_POINT,
    "gate-in",
    AccessPoint(
        id=AccessPointId("gate-in"),
        name="Vhod",
        zone_to=HALL,
        anti_passback=AntiPassback.HARD,
    ),
)
HOLDER = row(RowKind.HOLDER, "h-1", HolderRow(blocked=False))
CREDENTIAL = row(RowKind.CREDENTIAL, CARD, IssuedCredential(holder=HolderId("h-1")))
PRESENCE = row(RowKind.PRESENCE, "h-1", Presence(zone=None, since=AT))


def entitlement(number: int, holder: str = "h-1") -> Row:
    right = Entitlement(
        id=EntitlementId(f"e-{number}"),
        holder=HolderId(holder),
        product=ProductId("p-1"),
        name="Deset obiskov",
        zones=(HALL,),
        units=10,
    )
    return row(RowKind.ENTITLEMENT, right.id, right)


def figure(number: int, taken: int) -> Row:
    return row(RowKind.FIGURE, f"e-{number}", FigureRow(taken=taken))


MEMBER = [SITE, GATE, HOLDER, CREDENTIAL, PRESENCE, entitlement(1), figure(1, 3)]


def hash_of(held: Sequence[Row]) -> str:
    return set_hash_text(set_hash((each.kind, each.id, bytes(each.body)) for each in held))


def delta(
    versions: tuple[int, int],
    changed: Sequence[Row],
    held: Sequence[Row],
    included: Mapping[str, int] | None = None,
) -> Rows:
    """The delta between two versions, after which exactly `held` is there."""
    return Rows(
        counter=1,
        hub_at=AT,
        from_version=versions[0],
        to_version=versions[1],
        rows=list(changed),
        included=dict(included or {}),
        set_hash=hash_of(held),
    )


def chunks(version: int, held: Sequence[Row], size: int = 3) -> list[Chunk]:
    parts = [list(held[at : at + size]) for at in range(0, len(held), size)]
    return [
        Chunk(
            counter=1,
            hub_at=AT,
            version=version,
            index=index,
            count=len(parts),
            rows=part,
            included={EPOCH: 5},
            set_hash=hash_of(held),
            as_of=AT,
        )
        for index, part in enumerate(parts)
    ]
