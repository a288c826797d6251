"""The broker, the hub's connection to it, and a station for every tenant, as one service."""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from core.ids import EdgeId, HolderId, TenantId
from hub.broker.embedded import EmbeddedBroker
from hub.broker.passwords import hashed, new_password
from hub.broker.rights import HUB_USER, User, edge_user, hub_user
from hub.context import Background, Hub
from hub.database import Change, Database
from hub.edges import service as edges
from hub.edges.downward import Downward
from hub.edges.enrolment import BrokerPlace
from hub.errors import UnavailableError, message
from hub.mqtt import BrokerAddress, Link
from hub.people import service as people
from hub.settings import BrokerKind
from hub.taps.ingest import Ingest
from hub.taps.live import Live
from hub.taps.projector import OnEntry, Projector
from hub.taps.station import Parts, Station
from hub.taps.store.feed import News
from hub.tenants.service import OpenTenant
from wire.errors import WireError
from wire.topics import Address, parse

log = logging.getLogger(__name__)

__all__ = ["Synchronisation", "running", "services"]


def services(hub: Hub) -> Sequence[Background]:
    """Started with the hub; found again by `running`."""
    made = Synchronisation(hub)
    hub.parts[Synchronisation] = made
    hub.parts[BrokerPlace] = made
    return [made]


def running(hub: Hub) -> "Synchronisation":
    """UnavailableError while the hub does not serve."""
    found = hub.parts.get(Synchronisation)
    if not isinstance(found, Synchronisation):
        raise UnavailableError(message("Synchronisation is not running."))
    return found


class Synchronisation:
    """All of the hub's half of sync."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._users: dict[str, User] = {}
        self._broker: EmbeddedBroker | None = None
        self._link: Link | None = None
        self._live: dict[TenantId, Live] = {}
        self._stations: dict[TenantId, Station] = {}

    async def start(self) -> None:
        address = await self._start_broker()
        link = Link(address, self._receive, self._greet)
        self._link = link
        for tenant in self._hub.tenants:
            self._add_users(tenant)
            station = self._station(tenant)
            self._stations[tenant.id] = station
            await asyncio.to_thread(station.start)
        link.start()
        if not await asyncio.to_thread(link.wait_until_ready, _READY_S_MAX):
            log.warning("broker_not_reached host=%s port=%d", address.host, address.port)

    async def stop(self) -> None:
        if self._link is not None:
            await asyncio.to_thread(self._link.stop)
        for station in self._stations.values():
            await asyncio.to_thread(station.stop)
        if self._broker is not None:
            await self._broker.stop()
        self._hub.parts.pop(Synchronisation, None)
        self._hub.parts.pop(BrokerPlace, None)

    def live(self, tenant: TenantId) -> Live:
        return self._live[tenant]

    def broker_for_edges(self) -> tuple[str, int]:
        """Host and port that an edge is told at enrolment."""
        settings = self._hub.settings.mqtt
        port = self._broker.port if self._broker else settings.port
        return settings.public_host or settings.host, settings.public_port or port

    def _greet(self) -> None:
        """Edges may have spoken or been spoken to in vain: ask all for a birth."""
        for station in self._stations.values():
            station.greet()

    def _receive(self, topic: str, payload: bytes) -> None:
        try:
            address, _ = parse(topic)
        except WireError as error:
            log.warning("message_refused topic=%s: %s", topic, error.diagnostics())
            return
        station = self._stations.get(address.tenant)
        if station is not None:
            station.receive(topic, payload)

    async def _start_broker(self) -> BrokerAddress:
        settings = self._hub.settings.mqtt
        if settings.broker is BrokerKind.EXTERNAL:
            return BrokerAddress(
                host=settings.host,
                port=settings.port,
                username=settings.username,
                password=settings.password,
                authority=settings.authority,
            )
        password = new_password(self._hub.random_bytes)
        self._users[HUB_USER] = hub_user(hashed(password, self._hub.random_bytes))
        self._broker = EmbeddedBroker(self._users.get, host=settings.host, port=settings.port)
        await self._broker.start()
        return BrokerAddress(
            host=settings.host, port=self._broker.port, username=HUB_USER, password=password
        )

    def _station(self, tenant: OpenTenant) -> Station:
        hub, database = self._hub, tenant.database
        assert self._link is not None
        live = Live(database, partial(with_names, database), hub.clock)
        self._live[tenant.id] = live
        return Station(
            Parts(
                database=database,
                ingest=Ingest(tenant.id, database),
                projector=Projector(
                    database=database, clock=hub.clock, on_entry=self._listeners(hub)
                ),
                downward=Downward(
                    tenant=tenant.id,
                    database=database,
                    publish=self._link.publish,
                    clock=hub.clock,
                ),
                live=live,
                clock=hub.clock,
            )
        )

    def _listeners(self, hub: Hub) -> Sequence[OnEntry]:
        listeners: Sequence[OnEntry] = hub.parts.get(EntryListeners, EntryListeners())
        return listeners

    def _add_users(self, tenant: OpenTenant) -> None:
        """Every enrolled edge may connect; one that is enrolled later, from then on."""
        with tenant.database.read() as connection:
            for edge in edges.everyone(connection):
                self._know(tenant, edge.id)
        tenant.database.after_commit(partial(self._committed, tenant))

    def _committed(self, tenant: OpenTenant, changes: frozenset[Change]) -> None:
        for change in changes:
            if change.kind == "edge":
                self._know(tenant, EdgeId(change.id))

    def _know(self, tenant: OpenTenant, edge: EdgeId) -> None:
        with tenant.database.read() as connection:
            found = edges.find(connection, edge)
        if found is None or found.password_hash is None:
            self._users.pop(edge, None)
            return
        address = Address(tenant=tenant.id, site=found.site, edge=edge)
        self._users[edge] = edge_user(address, found.password_hash)


class EntryListeners(list[OnEntry]):
    """Which other nouns want to know of entries; they add themselves in the composition."""


_READY_S_MAX = 5.0


def with_names(database: Database, found: Sequence[News]) -> list[News]:
    """The news with the names of the people in them, which are kept nowhere else."""
    bodies = [json.loads(each.body) for each in found]
    holders = {HolderId(body["holder"]) for body in bodies if body.get("holder")}
    if not holders:
        return list(found)
    with database.read() as connection:
        names = people.names_of(connection, holders)
    for body in bodies:
        body["holder_name"] = names.get(body.get("holder"))
    return [
        replace(each, body=json.dumps(body, ensure_ascii=False))
        for each, body in zip(found, bodies, strict=True)
    ]
