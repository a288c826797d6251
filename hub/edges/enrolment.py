"""Enrolment: a one-time code in, an identity with its keys out."""

from typing import Protocol

from hub.context import Hub
from hub.edges import service
from hub.errors import UnavailableError, message
from hub.sites import service as sites
from hub.tenants.service import OpenTenant
from wire.enrolment import Broker, Enrolment


class BrokerForEdges(Protocol):
    """Knows where edges find the broker."""

    def broker_for_edges(self) -> tuple[str, int]:
        """Host and port."""
        ...


class BrokerPlace:
    """The name under which the hub keeps who knows it."""


def enrol(hub: Hub, tenant: OpenTenant, *, code: str, public_key: str, software: str) -> Enrolment:
    """What the edge keeps; UnavailableError while there is no broker to send it to."""
    place: BrokerForEdges | None = hub.parts.get(BrokerPlace)
    if place is None:
        raise UnavailableError(message("The broker is not running; try again in a moment."))
    host, port = place.broker_for_edges()
    with tenant.database.write() as connection:
        keys = service.enrol(
            connection,
            code=code,
            public_key=public_key,
            software=software,
            at=hub.clock(),
            random_bytes=hub.random_bytes,
        )
        site_key = sites.credential_key(connection)
    edge = keys.edge
    return Enrolment(
        environment=hub.settings.environment.value,
        tenant=tenant.id,
        site=edge.site,
        edge=edge.id,
        broker=Broker(host=host, port=port, username=edge.id, password=keys.password),
        mac_key=keys.mac_key,
        site_key=site_key.hex(),
        hub_at=hub.clock(),
    )
