"""The running hub, as every route and background service gets it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from core.ids import AccountId, RandomBytes, TenantId
from core.reasons import Language
from hub.database import Database
from hub.roles import Roles
from hub.settings import Settings
from hub.tenants.service import OpenTenant, Tenants

Clock = Callable[[], datetime]
"""The time now: aware UTC, whole milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An account with its roles in one tenant."""

    account: AccountId
    login: str
    language: Language
    roles: Roles


class Identify(Protocol):
    """Who shows this session cookie or bearer token; None if it is not (or no longer) good."""

    def __call__(
        self, tenant: OpenTenant, *, session: str | None, token: str | None
    ) -> Identity | None: ...


class Background(Protocol):
    """Work besides requests; started in order with the hub, stopped in reverse."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """What the composition root has put together."""

    settings: Settings
    clock: Clock
    random_bytes: RandomBytes
    platform: Database
    tenants: Tenants
    identify: Identify
    parts: dict[type, Any] = field(default_factory=dict)  # each noun keeps its own here, by type

    def tenant(self, tenant: TenantId) -> OpenTenant:
        return self.tenants.get(tenant)

    def close(self) -> None:
        self.tenants.close()
        self.platform.close()
