"""What the commands of vratar-hub do, given settings, chance and a clock."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.ids import AccountId, TenantId, new_id
from core.reasons import Language
from hub import nouns
from hub.accounts.passwords import require_good
from hub.accounts.service import Accounts, grant_role
from hub.acts import Act
from hub.audit import service as audit
from hub.context import Hub
from hub.database import Database, Schema, open_sqlite
from hub.errors import ConflictError, NotFoundError, message
from hub.roles import Role
from hub.settings import Settings
from hub.tenants.service import OpenTenant, register, registered

CONSOLE = AccountId("console")
"""Whoever has a shell on the hub's machine, as the audit chain names them."""

AccountsOn = Callable[[Database], Accounts]
"""The accounts of a platform's database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTenant:
    """A tenant and its first account; `host` may be empty while there is only one."""

    name: str
    host: str
    login: str
    password: str
    language: Language = Language.SL


def initialise(settings: Settings, wanted: NewTenant, accounts_on: AccountsOn) -> TenantId:
    """A new directory with platform, first tenant and its owner; ConflictError if there is one."""
    if settings.platform_file.exists():
        raise ConflictError(
            message(
                "{path}: a hub is here already; start it with vratar-hub serve, or set another"
                " directory.",
                path=str(settings.directory),
            )
        )
    # Checked before anything is made, so that a refused password leaves no half of a hub.
    require_good(wanted.password, wanted.login)
    for folder in (settings.directory, settings.secrets, settings.directory / "tenants"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    environment = settings.environment.value
    platform = open_sqlite(settings.platform_file, Schema.PLATFORM, environment, create=True)
    try:
        return add_tenant(settings, wanted, accounts_on(platform))
    finally:
        platform.close()


def add_tenant(settings: Settings, wanted: NewTenant, accounts: Accounts) -> TenantId:
    """A tenant with its database and owner; the hub serves it after its next start."""
    nouns.load_tables()
    _require_free_host(accounts.platform, wanted.host)
    account = accounts.create_person(
        login=wanted.login, password=wanted.password, language=wanted.language
    )
    tenant = TenantId(new_id("t", accounts.random_bytes))
    environment = settings.environment.value
    path = settings.tenant_file(tenant)
    database = open_sqlite(path, Schema.TENANT, environment, create=True)
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
    with accounts.platform.write() as connection:
        register(connection, tenant=tenant, name=wanted.name, host=wanted.host, at=accounts.clock())
    return tenant


def create_token(hub: Hub, tenant: OpenTenant, *, name: str, role: Role) -> str:
    """The bearer token of a new service account."""
    accounts: Accounts = hub.parts[Accounts]
    account, token = accounts.create_service(name=name)
    with tenant.database.write() as connection:
        act = Act(
            connection=connection,
            account=CONSOLE,
            at=hub.clock(),
            random_bytes=hub.random_bytes,
        )
        grant_role(act, account, role)
    return token


def only_tenant(hub: Hub, wanted: str | None) -> OpenTenant:
    """The tenant by its id, or the only one; NotFoundError says which there are."""
    everyone = {str(tenant.id): tenant for tenant in hub.tenants}
    if wanted is None and len(everyone) == 1:
        return next(iter(everyone.values()))
    if wanted not in everyone:
        raise NotFoundError(
            message("Say which tenant with --tenant: {ids}.", ids=", ".join(sorted(everyone)))
        )
    return everyone[wanted]


def verify(hub: Hub) -> Iterator[tuple[bool, str]]:
    """Every chain of every tenant: whole or not, and a line that says so."""
    for tenant in hub.tenants:
        with tenant.database.read() as connection:
            found = audit.verify(connection)
            told = f"{tenant.id}: audit chain of {found.entries} entries"
            if found.whole:
                yield True, f"{told} is whole, head {found.head}"
            else:
                yield False, f"{told} is broken at entry {found.broken_seq}: {found.problem}"
            for module in nouns.modules("verify"):
                for whole, line in module.verify(connection):
                    yield whole, f"{tenant.id}: {line}"
    for unread in hub.tenants.failed:
        # What nobody could look at is not proven whole.
        yield False, f"{unread}: its database could not be opened, see above; nothing was checked"


def _require_free_host(platform: Database, host: str) -> None:
    with platform.read() as connection:
        others = registered(connection)
    if any(other.host == host.lower() for other in others):
        raise ConflictError(
            message(
                'The host name "{host}" is another tenant\'s; choose one with --host.', host=host
            )
        )
