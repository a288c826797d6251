"""vratar-hub: puts the hub together from settings, clock and chance, and its commands."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher

from core.ids import RandomBytes
from core.instants import whole_ms
from hub.accounts.passwords import Passwords
from hub.accounts.service import Accounts
from hub.accounts.throttle import Throttle
from hub.context import Clock, Hub
from hub.database import Database, Schema, open_sqlite
from hub.hooks import add_hooks
from hub.nouns import load_tables
from hub.settings import Settings
from hub.tenants.service import open_all
from hub.web import application, openapi_text

__all__ = ["accounts_on", "application", "build", "main", "openapi_text", "utc_now"]


def utc_now() -> datetime:
    return whole_ms(datetime.now(UTC))


def build(
    chosen: Settings,
    *,
    clock: Clock = utc_now,
    random_bytes: RandomBytes = os.urandom,
    hasher: PasswordHasher | None = None,
) -> Hub:
    """The hub of a directory that `init` has made; DatabaseError if the platform's cannot open."""
    load_tables()
    environment = chosen.environment.value
    platform = open_sqlite(chosen.platform_file, Schema.PLATFORM, environment)
    tenants = open_all(
        platform,
        lambda tenant: open_sqlite(chosen.tenant_file(tenant), Schema.TENANT, environment),
    )
    for tenant in tenants:
        add_hooks(tenant.database, clock)
    accounts = accounts_on(platform, chosen, clock=clock, random_bytes=random_bytes, hasher=hasher)
    return Hub(
        settings=chosen,
        clock=clock,
        random_bytes=random_bytes,
        platform=platform,
        tenants=tenants,
        identify=accounts.identify,
        parts={Accounts: accounts},
    )


def accounts_on(
    platform: Database,
    chosen: Settings,
    *,
    clock: Clock = utc_now,
    random_bytes: RandomBytes = os.urandom,
    hasher: PasswordHasher | None = None,
) -> Accounts:
    return Accounts(
        platform=platform,
        passwords=Passwords(random_bytes, hasher),
        throttle=Throttle(),
        random_bytes=random_bytes,
        clock=clock,
        session_for=timedelta(hours=chosen.http.session_hours),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what it says, 1 with the reason on stderr."""
    return 0
