"""Messages to edges: each with a counter never used before, keyed for that edge and topic."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from core.ids import EdgeId, TenantId
from core.instants import to_ms
from hub.database import Database
from hub.edges import service
from hub.edges.store import Edge
from wire.codec import encode
from wire.envelope import authenticate
from wire.messages import Message
from wire.topics import Address, Down

BLOCK = 10_000
"""Counters are set aside in blocks, so that a message costs no commit."""

Publish = Callable[[str, bytes], None]
"""Hands a topic and an envelope to the broker; never waits, never raises."""

Build = Callable[[int, datetime], Message]
"""A message from its counter and the hub's time."""


@dataclass(slots=True)
class _Block:
    next: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Downward:
    """The hub's voice to the edges of one tenant; any thread may use it."""

    tenant: TenantId
    database: Database
    publish: Publish
    clock: Callable[[], datetime]
    _blocks: dict[EdgeId, _Block] = field(default_factory=dict)
    _order: threading.Lock = field(default_factory=threading.Lock)

    def send(self, edge: Edge, channel: Down, build: Build) -> None:
        """Say something to an enrolled edge; the broker may lose it.

        Must not be called within a write transaction: a new block of counters needs its own.
        """
        assert edge.mac_key is not None
        topic = self.address(edge).down(channel)
        # Within the lock, so that what has the lower counter also goes first.
        with self._order:
            body = encode(build(self._counter(edge.id), self.clock()))
            self.publish(topic, authenticate(bytes.fromhex(edge.mac_key), topic, body))

    def address(self, edge: Edge) -> Address:
        return Address(tenant=self.tenant, site=edge.site, edge=edge.id)

    def _counter(self, edge: EdgeId) -> int:
        """Above every earlier one: the clock keeps it so over a restored backup, which forgets."""
        block = self._blocks.setdefault(edge, _Block())
        if block.next == block.end:
            with self.database.write() as connection:
                block.next = service.reserve_counters(
                    connection, edge, at_least=to_ms(self.clock()), count=BLOCK
                )
            block.end = block.next + BLOCK
        block.next += 1
        return block.next - 1
