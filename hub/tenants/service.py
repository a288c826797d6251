"""Which tenants there are, and their open databases by host name."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from core.ids import TenantId
from hub.database import Database
from hub.errors import DatabaseError, NotFoundError, UnavailableError, message
from hub.tenants import store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """An organisation; `host` is the name under which its people reach the hub."""

    id: TenantId
    name: str
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTenant:
    """A tenant with its database."""

    id: TenantId
    name: str
    host: str
    database: Database


class Tenants:
    """The tenants of a hub; one that could not be opened stops no other."""

    def __init__(self, opened: Sequence[OpenTenant], failed: Mapping[TenantId, Tenant]) -> None:
        self._opened = {tenant.id: tenant for tenant in opened}
        self._failed = dict(failed)

    def __iter__(self) -> Iterator[OpenTenant]:
        return iter(self._opened.values())

    @property
    def failed(self) -> tuple[TenantId, ...]:
        """Those whose database could not be opened."""
        return tuple(self._failed)

    def get(self, tenant: TenantId) -> OpenTenant:
        if tenant in self._failed:
            raise _unavailable(tenant)
        if tenant not in self._opened:
            raise NotFoundError(message("There is no tenant {id} at this hub.", id=tenant))
        return self._opened[tenant]

    def by_host(self, host: str) -> OpenTenant:
        """The tenant of a host name; a hub with one tenant answers on any."""
        everyone: list[OpenTenant | Tenant] = [*self._opened.values(), *self._failed.values()]
        found = [tenant for tenant in everyone if tenant.host == host.lower()]
        chosen = found[0] if found else everyone[0] if len(everyone) == 1 else None
        if chosen is None:
            raise NotFoundError(
                message("No organisation uses the address {host}; check its spelling.", host=host)
            )
        return self.get(chosen.id)

    def close(self) -> None:
        for tenant in self:
            tenant.database.close()


def register(
    connection: Connection, *, tenant: TenantId, name: str, host: str, at: datetime
) -> None:
    """Write a tenant into the platform's database."""
    store.insert(connection, id=tenant, name=name, host=host.lower(), created_at=at)


def registered(connection: Connection) -> list[Tenant]:
    return [
        Tenant(id=TenantId(row.id), name=row.name, host=row.host) for row in store.rows(connection)
    ]


def open_all(platform: Database, opener: Callable[[TenantId], Database]) -> Tenants:
    """Every tenant's database; those that cannot be opened are logged and answer 503."""
    opened: list[OpenTenant] = []
    failed: dict[TenantId, Tenant] = {}
    with platform.read() as connection:
        everyone = registered(connection)
    for tenant in everyone:
        try:
            database = opener(tenant.id)
        except DatabaseError as error:
            log.error("tenant_not_opened tenant=%s: %s", tenant.id, error.diagnostics())  # noqa: TRY400 - an operating error, told in words
            failed[tenant.id] = tenant
        else:
            opened.append(
                OpenTenant(id=tenant.id, name=tenant.name, host=tenant.host, database=database)
            )
    return Tenants(opened, failed)


def _unavailable(tenant: TenantId) -> UnavailableError:
    return UnavailableError(
        message(
            "The database of {tenant} could not be opened; the hub's log says why.", tenant=tenant
        )
    )
