"""From bytes on a topic to a checked message of a known edge; nothing has an effect before."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.ids import EdgeId, TenantId
from hub.edges.store import Edge
from wire.codec import decode
from wire.envelope import open_signed
from wire.errors import ForgedError
from wire.messages import Batch, Birth, EdgeState, Preview, Request
from wire.topics import Address, Up, parse

UpMessage = Birth | EdgeState | Batch | Preview | Request

_KINDS: dict[Up, type[UpMessage]] = {
    Up.BIRTH: Birth,
    Up.STATE: EdgeState,
    Up.ENTRIES: Batch,
    Up.PREVIEW: Preview,
    Up.REQUEST: Request,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What came over the wire, and when by the hub's clock."""

    topic: str
    payload: bytes
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message that its edge has signed for the topic it came on."""

    edge: Edge
    received: Received
    message: UpMessage


def opened(received: Received, tenant: TenantId, find: Callable[[EdgeId], Edge | None]) -> Letter:
    """Check topic, signature and every field; WireError says what is wrong."""
    address, channel = parse(received.topic)
    if not isinstance(channel, Up):
        raise ForgedError("topic", f"{channel} comes from the hub", "publish under up/ only")
    edge = find(address.edge)
    if edge is None or edge.public_key is None:
        raise ForgedError("topic", f"edge {address.edge} is not enrolled", "enrol it")
    if address != Address(tenant=tenant, site=edge.site, edge=edge.id):
        raise ForgedError("topic", f"edge {edge.id} does not stand there", "enrol it again")
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(edge.public_key))
    body = open_signed(key, received.topic, received.payload)
    return Letter(edge=edge, received=received, message=decode(_KINDS[channel], body))
