"""A hub in memory that keeps the protocol, for the edge's engine."""

from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Raw
from msgspec.structs import replace

from core.access import SiteMode
from core.entitlement import Entitlement
from core.ids import EdgeId, EntitlementId, HolderId, ProductId, SiteId, TenantId, ZoneId
from edge_agent.sync_actions import SyncIdentity
from wire.codec import RowBody, decode, encode, row, set_hash, set_hash_text
from wire.envelope import authenticate, open_signed
from wire.messages import (
    Ack,
    Batch,
    Birth,
    Chunk,
    Command,
    Downward,
    EdgeState,
    Hello,
    HolderRow,
    Preview,
    Request,
    Row,
    RowKind,
    Rows,
    SiteRow,
    Wanted,
)
from wire.topics import Address, Down, Up, parse

ADDRESS = Address(tenant=TenantId("hisa"), site=SiteId("bazen"), edge=EdgeId("edge-1"))
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MAC_KEY = bytes(range(32, 64))
START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
IDENTITY = SyncIdentity(
    address=ADDRESS,
    private_key=PRIVATE_KEY,
    mac_key=MAC_KEY,
    software="vratar 0.1.0",
    boot_id="boot-1",
)
Sent = tuple[str, bytes]


class ScriptedHub:
    """The hub's half, as docs/protocol.md says; `say` makes anything else for a test."""

    def __init__(self, rows_per_chunk: int = 3) -> None:
        self.kept: dict[str, list[bytes]] = {}
        self.lost: dict[str, int] = {}
        self.rows: dict[tuple[RowKind, str], bytes] = {}
        self.log: list[tuple[RowKind, str]] = []
        self.oldest = 0
        self.included: dict[str, int] = {}
        self.counter = 0
        self.now = START
        self.births: list[Birth] = []
        self.batches: list[Batch] = []
        self.requests: list[Request] = []
        self.previews: list[Preview] = []
        self.states: list[EdgeState] = []
        self._rows_per_chunk = rows_per_chunk
        self._snapshot: list[Chunk] = []

    @property
    def version(self) -> int:
        return self.oldest + len(self.log)

    @property
    def set_hash(self) -> int:
        return set_hash((kind, row_id, body) for (kind, row_id), body in self.rows.items())

    def mark(self, of: str) -> int:
        return self.lost.get(of, 0) + len(self.kept.get(of, []))

    def put(self, kind: RowKind, row_id: str, body: RowBody | None) -> None:
        content = bytes(row(kind, row_id, body).body)
        if body is None:
            self.rows.pop((kind, row_id), None)
        else:
            self.rows[kind, row_id] = content
        self.log.append((kind, row_id))

    def restore_from_backup(self, keep: int) -> None:
        """Forget everything but the first `keep` entries of each epoch."""
        self.kept = {of: entries[:keep] for of, entries in self.kept.items() if keep}
        self._snapshot = []

    def forget_log(self) -> None:
        """The change log starts anew: deltas from before can no longer be made."""
        self.oldest, self.log = self.version, []

    def push(self, since: int) -> Sent:
        return self.say(Down.ROWS, self._delta(since))

    def hello(self) -> Sent:
        return self.say(Down.HELLO, Hello(counter=0, hub_at=self.now))

    def command(self, command_id: str) -> Sent:
        body = Command(
            counter=0,
            hub_at=self.now,
            id=command_id,
            action="open",
            access_point="gate-in",
            expires_at=self.now + timedelta(seconds=5),
            signer="ana",
        )
        return self.say(Down.COMMAND, body)

    def say(self, channel: Down, message: Downward) -> Sent:
        """The message with the next counter, sealed."""
        self.counter += 1
        topic = ADDRESS.down(channel)
        return topic, authenticate(MAC_KEY, topic, encode(replace(message, counter=self.counter)))

    def handle(self, topic: str, payload: bytes) -> list[Sent]:
        _, channel = parse(topic)
        body = open_signed(PRIVATE_KEY.public_key(), topic, payload)
        match channel:
            case Up.BIRTH:
                return self._born(decode(Birth, body))
            case Up.ENTRIES:
                return self._entries(decode(Batch, body))
            case Up.REQUEST:
                return self._asked(decode(Request, body))
            case Up.PREVIEW:
                self.previews.append(decode(Preview, body))
            case _:
                self.states.append(decode(EdgeState, body))
        return []

    def ack(self, marks: dict[str, int], echo_ms: int | None) -> Sent:
        return self.say(Down.ACK, Ack(counter=0, hub_at=self.now, echo_ms=echo_ms, marks=marks))

    def _born(self, birth: Birth) -> list[Sent]:
        self.births.append(birth)
        for span in birth.epochs:
            if self.mark(span.epoch) < span.first - 1:
                self.lost[span.epoch] = span.first - 1 - len(self.kept.get(span.epoch, []))
        marks = {span.epoch: self.mark(span.epoch) for span in birth.epochs}
        answer = [self.ack(marks, birth.sent_ms)]
        return [*answer, self._current(birth.cache_version, birth.set_hash, birth.sent_ms)]

    def _entries(self, batch: Batch) -> list[Sent]:
        self.batches.append(batch)
        mark = self.mark(batch.epoch)
        if batch.first <= mark + 1:
            contents = [bytes(entry) for entry in batch.entries]
            kept = self.kept.setdefault(batch.epoch, [])
            kept.extend(contents[mark + 1 - batch.first :])
        return [self.ack({batch.epoch: self.mark(batch.epoch)}, batch.sent_ms)]

    def _asked(self, request: Request) -> list[Sent]:
        self.requests.append(request)
        if request.wanted is Wanted.DELTA:
            return [self._current(request.version, None, request.sent_ms)]
        chunks = self._snapshot
        if not chunks or chunks[0].version != request.version:
            chunks = self._new_snapshot()
            return [self._chunk(chunks[0], request.sent_ms)]
        if request.index < len(chunks):
            return [self._chunk(chunks[request.index], request.sent_ms)]
        return []

    def _current(self, version: int, held: str | None, echo_ms: int) -> Sent:
        diverged = held is not None and version == self.version
        if diverged and held != set_hash_text(self.set_hash):
            return self._chunk(self._new_snapshot()[0], echo_ms)
        if not self.oldest <= version <= self.version:
            return self._chunk(self._new_snapshot()[0], echo_ms)
        return self.say(Down.ROWS, self._delta(version, echo_ms))

    def _delta(self, since: int, echo_ms: int | None = None) -> Rows:
        changed = dict.fromkeys(self.log[max(0, since - self.oldest) :])
        return Rows(
            counter=0,
            hub_at=self.now,
            echo_ms=echo_ms,
            from_version=since,
            to_version=self.version,
            rows=[_row(kind, row_id, self.rows.get((kind, row_id))) for kind, row_id in changed],
            included=self.included,
            set_hash=set_hash_text(self.set_hash),
        )

    def _new_snapshot(self) -> list[Chunk]:
        rows = [_row(kind, row_id, body) for (kind, row_id), body in sorted(self.rows.items())]
        size = self._rows_per_chunk
        parts = [rows[at : at + size] for at in range(0, len(rows), size)] or [[]]
        self._snapshot = [
            Chunk(
                counter=0,
                hub_at=self.now,
                version=self.version,
                index=index,
                count=len(parts),
                rows=part,
                included=self.included,
                set_hash=set_hash_text(self.set_hash),
                as_of=self.now,
            )
            for index, part in enumerate(parts)
        ]
        return self._snapshot

    def _chunk(self, chunk: Chunk, echo_ms: int) -> Sent:
        return self.say(Down.CHUNK, replace(chunk, hub_at=self.now, echo_ms=echo_ms))


def _row(kind: RowKind, row_id: str, content: bytes | None) -> Row:
    return Row(kind=kind, id=row_id, body=Raw(content if content is not None else b"null"))


def site(mode: SiteMode = SiteMode.NORMAL) -> SiteRow:
    return SiteRow(name="Bazen", mode=mode, timezone="Europe/Ljubljana", holidays=[])


def entitlement(number: int, holder: int) -> Entitlement:
    return Entitlement(
        id=EntitlementId(f"e-{number}"),
        holder=HolderId(f"h-{holder}"),
        product=ProductId("p-1"),
        name="Letna karta",
        zones=(ZoneId("hall"),),
    )


def fill(hub: ScriptedHub, holders: int = 5) -> None:
    hub.put(RowKind.SITE, "bazen", site())
    for number in range(holders):
        hub.put(RowKind.HOLDER, f"h-{number}", HolderRow(blocked=False))
        hub.put(RowKind.ENTITLEMENT, f"e-{number}", entitlement(number, number))
