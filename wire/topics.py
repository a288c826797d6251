"""Topics: `v1/<tenant>/<site>/<edge>/up|dn/<channel>`, and who may use which."""

from dataclasses import dataclass
from enum import StrEnum

from core.ids import EdgeId, SiteId, TenantId, is_id
from wire.errors import MalformedError, UnknownVersionError

TOPIC_VERSION = "v1"
_PARTS = 6


class Up(StrEnum):
    """What an edge sends."""

    BIRTH = "birth"
    STATE = "state"
    ENTRIES = "entries"
    PREVIEW = "preview"
    REQUEST = "request"


class Down(StrEnum):
    """What the hub sends to an edge."""

    ACK = "ack"
    ROWS = "rows"
    CHUNK = "chunk"
    COMMAND = "command"
    HELLO = "hello"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where an edge stands."""

    tenant: TenantId
    site: SiteId
    edge: EdgeId

    @property
    def base(self) -> str:
        return f"{TOPIC_VERSION}/{self.tenant}/{self.site}/{self.edge}"

    def up(self, channel: Up) -> str:
        return f"{self.base}/up/{channel}"

    def down(self, channel: Down) -> str:
        return f"{self.base}/dn/{channel}"

    @property
    def up_filter(self) -> str:
        """Everything that this edge may publish."""
        return f"{self.base}/up/#"

    @property
    def down_filter(self) -> str:
        """Everything that this edge may subscribe to."""
        return f"{self.base}/dn/#"


def all_up(tenant: TenantId | None = None) -> str:
    """The hub's subscription: what every edge (of a tenant) sends."""
    return f"{TOPIC_VERSION}/{tenant or '+'}/+/+/up/#"


def parse(topic: str) -> tuple[Address, Up | Down]:
    """The address and channel of a topic; refuses other versions and foreign shapes."""
    parts = topic.split("/")
    if parts[0] != TOPIC_VERSION:
        raise UnknownVersionError("topic", f"version {parts[0]!r}", f"use {TOPIC_VERSION}")
    if len(parts) != _PARTS or not all(is_id(part) for part in parts[1:4]):
        raise MalformedError(
            "topic", repr(topic), "use v1/<tenant>/<site>/<edge>/up|dn/<channel>, ids of [a-z0-9-]"
        )
    _, tenant, site, edge, direction, channel = parts
    address = Address(tenant=TenantId(tenant), site=SiteId(site), edge=EdgeId(edge))
    channels: dict[str, type[Up | Down]] = {"up": Up, "dn": Down}
    try:
        return address, channels[direction](channel)
    except (KeyError, ValueError):
        raise MalformedError("topic", f"{direction}/{channel}", "no such channel") from None
