"""One example of every message, entry and row, with every field filled."""

from datetime import UTC, date, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Raw

from core.access import IssuedCredential, SiteMode
from core.chain import GENESIS, link
from core.credential import CredentialKey, CredentialKind
from core.entitlement import Entitlement
from core.entries import (
    Alarmed,
    Body,
    ClockJumped,
    Commanded,
    Entry,
    Grant,
    Opened,
    Passed,
    Punched,
    Tapped,
    Verdict,
    content_of,
)
from core.ids import (
    AccessPointId,
    CommandId,
    DoorId,
    EdgeId,
    EntitlementId,
    EntryKey,
    EpochId,
    HolderId,
    ProductId,
    SiteId,
    TenantId,
    ZoneId,
)
from core.instants import ClockState, Moment
from core.presence import AccessPoint, AccessPointKind, AntiPassback, Presence
from core.punch import PunchKind
from core.reasons import Reason
from core.schedule import HolidayPolicy, Weekly, Window
from wire.codec import RowBody, row, set_hash, set_hash_text
from wire.messages import (
    Ack,
    Batch,
    Birth,
    Chunk,
    Command,
    EdgeState,
    EpochSpan,
    FigureRow,
    Health,
    Hello,
    HolderRow,
    Message,
    Preview,
    Rejected,
    Request,
    RowKind,
    Rows,
    SiteRow,
    Wanted,
)
from wire.topics import Address, Down, Up

ADDRESS = Address(tenant=TenantId("sport"), site=SiteId("bazen"), edge=EdgeId("edge-1"))
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MAC_KEY = bytes(range(32, 64))
AT = datetime(2026, 11, 23, 5, 58, tzinfo=UTC)
EPOCH = EpochId("00000002-0123456789abcdef")
_PREVIOUS = EpochId("00000001-fedcba9876543210")
_CREDENTIAL = CredentialKey("00112233445566778899aabbccddeeff")
_GATE, _HALL = AccessPointId("gate-in"), ZoneId("hall")
_HOLDER, _PASS = HolderId("h-novak"), EntitlementId("e-pass")

BODIES: dict[str, Body] = {
    "epoch": Opened(previous=_PREVIOUS, last_seq=41, last_hash="ab" * 32, software="vratar 0.1.0"),
    "tap": Tapped(
        access_point=_GATE,
        credential=_CREDENTIAL,
        credential_kind=CredentialKind.NFC_UID,
        holder=_HOLDER,
        verdict=Verdict.ALLOW,
        reason=Reason.GRANTED,
        entitlement=_PASS,
        units=1,
        zone_to=_HALL,
        retry_at=AT + timedelta(hours=1),
        cache_version=7,
        facts="0123456789abcdef",
    ),
    "passage": Passed(
        door=DoorId("gate"),
        access_point=_GATE,
        movement="passed",
        grant=Grant(epoch=EPOCH, seq=2),
        holder=_HOLDER,
        entitlement=_PASS,
        units=1,
        zone_to=_HALL,
    ),
    "punch": Punched(
        access_point=AccessPointId("terminal"),
        credential=_CREDENTIAL,
        credential_kind=CredentialKind.NFC_UID,
        holder=_HOLDER,
        kind=PunchKind.IN,
        cache_version=7,
    ),
    "alarm": Alarmed(part="gate-in", alarm="lost", detail="čitalnik se ne odziva"),
    "command": Commanded(
        command=CommandId("c-1"),
        action="open",
        access_point=_GATE,
        outcome="executed",
        detail="",
    ),
    "clock": ClockJumped(expected=AT, actual=AT + timedelta(minutes=3)),
}

ROWS: dict[RowKind, tuple[str, RowBody]] = {
    RowKind.SITE: (
        "bazen",
        SiteRow(
            name="Bazen Žalec",
            mode=SiteMode.NORMAL,
            timezone="Europe/Ljubljana",
            holidays=[date(2026, 12, 25)],
        ),
    ),
    RowKind.ACCESS_POINT: (
        "gate-in",
        AccessPoint(
            id=_GATE,
            name="Vhod",
            kind=AccessPointKind.GATE,
            door=DoorId("gate"),
            zone_from=None,
            zone_to=_HALL,
            anti_passback=AntiPassback.HARD,
        ),
    ),
    RowKind.HOLDER: ("h-novak", HolderRow(blocked=False)),
    RowKind.CREDENTIAL: (_CREDENTIAL, IssuedCredential(holder=_HOLDER, blocked=False)),
    RowKind.ENTITLEMENT: (
        "e-pass",
        Entitlement(
            id=_PASS,
            holder=_HOLDER,
            product=ProductId("p-ten"),
            name="Deset obiskov",
            zones=(_HALL,),
            weekly=Weekly(
                windows=(Window(days=(1, 5), start_minute=360, end_minute=120),),
                holiday_policy=HolidayPolicy.AS_SUNDAY,
            ),
            valid_from=AT,
            valid_until=AT + timedelta(days=365),
            units=10,
            staleness_bound=timedelta(days=7),
        ),
    ),
    RowKind.FIGURE: ("e-pass", FigureRow(taken=3)),
    RowKind.PRESENCE: ("h-novak", Presence(zone=_HALL, since=AT)),
}


def entry(kind: str, seq: int) -> Entry:
    return Entry(
        key=EntryKey(edge=ADDRESS.edge, epoch=EPOCH, seq=seq),
        moment=Moment(at=AT, clock=ClockState.DRIFTING, uncertainty=timedelta(milliseconds=40)),
        monotonic_ms=1000 * seq,
        body=BODIES[kind],
    )


ENTRIES: dict[str, Entry] = {kind: entry(kind, seq) for seq, kind in enumerate(BODIES, start=1)}
_CONTENTS = [content_of(each) for each in ENTRIES.values()]
_ROWS = [row(kind, row_id, body) for kind, (row_id, body) in ROWS.items()]
_GONE = row(RowKind.HOLDER, "h-gone", None)
_SET_HASH = set_hash_text(set_hash((each.kind, each.id, bytes(each.body)) for each in _ROWS))

MESSAGES: dict[Up | Down, Message] = {
    Up.BIRTH: Birth(
        session=1_795_413_480_000,
        software="vratar 0.1.0",
        boot_id="3f0c2f0e-6d0b-4c55-9f6e-0a5f4f5f7a10",
        epochs=[EpochSpan(epoch=EPOCH, first=1, last=7, last_hash="cd" * 32)],
        cache_version=7,
        set_hash=_SET_HASH,
        clock="drifting",
        uncertainty_ms=40,
        sent_ms=60_000,
    ),
    Up.STATE: EdgeState(session=1_795_413_480_000, online=False),
    Up.ENTRIES: Batch(
        epoch=EPOCH,
        first=2,
        previous=link(GENESIS, _CONTENTS[0]).hex(),
        entries=[Raw(_CONTENTS[1])],
        sent_ms=60_010,
    ),
    Up.PREVIEW: Preview(entries=[Raw(_CONTENTS[4])]),
    Up.REQUEST: Request(wanted=Wanted.SNAPSHOT, version=7, index=3, sent_ms=60_020),
    Down.ACK: Ack(
        counter=11,
        hub_at=AT,
        echo_ms=60_010,
        marks={EPOCH: 2},
        rejected=[Rejected(epoch=EPOCH, seq=2, code="malformed")],
    ),
    Down.ROWS: Rows(
        counter=12,
        hub_at=AT,
        echo_ms=None,
        from_version=6,
        to_version=7,
        rows=[_ROWS[5], _GONE],
        included={EPOCH: 2},
        set_hash=_SET_HASH,
    ),
    Down.CHUNK: Chunk(
        counter=13,
        hub_at=AT,
        echo_ms=60_020,
        version=7,
        index=1,
        count=4,
        rows=_ROWS[:2],
        included={EPOCH: 2},
        set_hash=_SET_HASH,
        as_of=AT,
    ),
    Down.COMMAND: Command(
        counter=14,
        hub_at=AT,
        id="c-1",
        action="open",
        access_point="gate-in",
        expires_at=AT + timedelta(seconds=5),
        signer="a-ana",
    ),
    Down.HELLO: Hello(counter=15, hub_at=AT),
}

HEALTHY = EdgeState(
    session=1_795_413_480_000,
    online=True,
    health=Health(cache_version=7, clock="trusted", uncertainty_ms=12, sent_ms=61_000),
)
"""A state with health, as edges tell it since it was added to v1."""
