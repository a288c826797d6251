"""What the commands of vratar-hub do, given settings, chance and a clock."""

from collections.abc import Callable
from dataclasses import dataclass

from core.ids import TenantId, new_id
from core.reasons import Language
from hub.accounts.service import Accounts, grant_role
from hub.acts import Act
from hub.database import Database, Schema, open_sqlite
from hub.errors import ConflictError, message
from hub.nouns import load_tables
from hub.roles import Role
from hub.settings import Settings
from hub.tenants.service import register


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The first account of a tenant."""

    login: str
    password: str
    language: Language = Language.SL


AccountsOn = Callable[[Database], Accounts]
"""The accounts of a platform's database."""


def initialise(
    settings: Settings,
    *,
    name: str,
    host: str,
    owner: Owner,
    accounts_on: AccountsOn,
) -> TenantId:
    """A new directory with platform, first tenant and its owner; ConflictError if there is one."""
    load_tables()
    if settings.platform_file.exists():
        raise ConflictError(
            message(
                "{path}: a hub is here already; start it with vratar-hub serve, or give another"
                " directory.",
                path=str(settings.directory),
            )
        )
    for folder in (settings.directory, settings.secrets, settings.directory / "tenants"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    platform = open_sqlite(
        settings.platform_file, Schema.PLATFORM, settings.environment.value, create=True
    )
    try:
        return add_tenant(
            settings, platform, name=name, host=host, owner=owner, accounts_on=accounts_on
        )
    finally:
        platform.close()


def add_tenant(
    settings: Settings,
    platform: Database,
    *,
    name: str,
    host: str,
    owner: Owner,
    accounts_on: AccountsOn,
) -> TenantId:
    """A tenant with its database and owner."""
    accounts = accounts_on(platform)
    account = accounts.create_person(
        login=owner.login, password=owner.password, language=owner.language
    )
    tenant = TenantId(new_id("t", accounts.random_bytes))
    database = open_sqlite(
        settings.tenant_file(tenant), Schema.TENANT, settings.environment.value, create=True
    )
    try:
        database.note("tenant", tenant)
        with database.write() as connection:
            act = Act(
                connection=connection,
                account=account,
                at=accounts.clock(),
                random_bytes=accounts.random_bytes,
            )
            grant_role(act, account, Role.OWNER)
    finally:
        database.close()
    # Registered last: a tenant that half exists is one that nobody sees.
    with platform.write() as connection:
        register(connection, tenant=tenant, name=name, host=host, at=accounts.clock())
    return tenant
