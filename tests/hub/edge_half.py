"""The edge's half of the wire, scripted: keys, a chained journal, messages made and read."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Raw

from core.chain import GENESIS, link
from core.entries import Body, Entry, Opened, content_of
from core.ids import EdgeId, EntryKey, EpochId, SiteId, TenantId
from core.instants import ClockState, Moment
from hub.taps.letters import Received
from wire.codec import decode, encode
from wire.envelope import open_keyed, sign
from wire.messages import (
    Ack,
    Batch,
    Birth,
    Chunk,
    Command,
    EdgeState,
    EpochSpan,
    Health,
    Hello,
    Message,
    Preview,
    Request,
    Rows,
    Wanted,
)
from wire.topics import Address, Down, Up, parse

SETTLED = timedelta(0)
DOWN: dict[Down, type[Message]] = {
    Down.ACK: Ack,
    Down.ROWS: Rows,
    Down.CHUNK: Chunk,
    Down.COMMAND: Command,
    Down.HELLO: Hello,
}


def epoch_named(count: int, mark: str = "a") -> EpochId:
    """An epoch such as 00000001-aaaaaaaaaaaaaaaa."""
    return EpochId(f"{count:08d}-{(mark * 16)[:16]}")


@dataclass(slots=True)
class Chain:
    """One epoch of a journal: entries with their hashes."""

    edge: EdgeId
    epoch: EpochId
    contents: list[bytes] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)

    def add(
        self,
        body: Body,
        at: datetime,
        *,
        monotonic_ms: int = 0,
        clock: ClockState = ClockState.TRUSTED,
    ) -> Entry:
        entry = Entry(
            key=EntryKey(edge=self.edge, epoch=self.epoch, seq=len(self.contents) + 1),
            moment=Moment(at=at, clock=clock, uncertainty=SETTLED),
            monotonic_ms=monotonic_ms,
            body=body,
        )
        self.add_content(content_of(entry))
        return entry

    def add_content(self, content: bytes) -> None:
        previous = self.hashes[-1] if self.hashes else GENESIS
        self.contents.append(content)
        self.hashes.append(link(previous, content))

    def open(self, previous: "Chain | None", at: datetime) -> None:
        """Write the first entry, tied to an epoch before."""
        self.add(
            Opened(
                previous=previous.epoch if previous else None,
                last_seq=len(previous.contents) if previous else 0,
                last_hash=(previous.hashes[-1] if previous else GENESIS).hex(),
                software="1.0",
            ),
            at,
        )

    def span(self, first: int = 1) -> EpochSpan:
        return EpochSpan(
            epoch=self.epoch,
            first=first,
            last=len(self.contents),
            last_hash=(self.hashes[-1] if self.hashes else GENESIS).hex(),
        )

    def batch(self, first: int = 1, last: int | None = None, *, sent_ms: int = 1) -> Batch:
        last = len(self.contents) if last is None else last
        before = self.hashes[first - 2] if first > 1 else GENESIS
        return Batch(
            epoch=self.epoch,
            first=first,
            previous=before.hex(),
            entries=[Raw(content) for content in self.contents[first - 1 : last]],
            sent_ms=sent_ms,
        )


@dataclass(slots=True)
class EdgeHalf:
    """An enrolled edge of a test: signs what it says, checks what it is told."""

    tenant: TenantId
    site: SiteId
    id: EdgeId
    mac_key: bytes = b""
    seed: bytes = b"edge"
    session: int = 0
    told: list[Message] = field(default_factory=list)

    @property
    def key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(self.seed).digest())

    @property
    def public_key(self) -> str:
        return self.key.public_key().public_bytes_raw().hex()

    @property
    def address(self) -> Address:
        return Address(tenant=self.tenant, site=self.site, edge=self.id)

    def says(self, channel: Up, message: Message, at: datetime) -> Received:
        topic = self.address.up(channel)
        payload = sign(self.key, topic, encode(message))
        return Received(topic=topic, payload=payload, at=at)

    def birth(
        self,
        spans: Iterable[EpochSpan] = (),
        *,
        version: int = 0,
        set_hash: str = "0" * 32,
        sent_ms: int = 1,
    ) -> Birth:
        """The birth of a new connection."""
        self.session += 1
        return Birth(
            session=self.session,
            software="1.0",
            boot_id="boot",
            epochs=list(spans),
            cache_version=version,
            set_hash=set_hash,
            clock="trusted",
            uncertainty_ms=5,
            sent_ms=sent_ms,
        )

    def state(self, *, online: bool, session: int | None = None) -> EdgeState:
        return EdgeState(session=self.session if session is None else session, online=online)

    def health(self, version: int, clock: str = "trusted", *, sent_ms: int) -> EdgeState:
        """How the edge is, told in this connection."""
        health = Health(cache_version=version, clock=clock, uncertainty_ms=7, sent_ms=sent_ms)
        return EdgeState(session=self.session, online=True, health=health)

    def preview(self, chain: Chain) -> Preview:
        return Preview(entries=[Raw(chain.contents[-1])])

    def wants(self, wanted: Wanted, version: int, index: int = 0, *, sent_ms: int = 1) -> Request:
        return Request(wanted=wanted, version=version, index=index, sent_ms=sent_ms)

    def hears(self, topic: str, payload: bytes) -> Message:
        """Check and remember what the hub said to this edge."""
        address, channel = parse(topic)
        assert address == self.address
        assert isinstance(channel, Down)
        message = decode(DOWN[channel], open_keyed(self.mac_key, topic, payload))
        self.told.append(message)
        return message

    def heard(self, kind: type[Message]) -> list[Message]:
        return [message for message in self.told if type(message) is kind]


def spoiled(content: bytes) -> bytes:
    """An entry of a kind that nobody knows, at the same place."""
    plain = json.loads(content)
    plain["kind"] = "from-the-future"
    return json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()
