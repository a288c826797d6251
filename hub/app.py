"""vratar-hub: puts the hub together from settings, clock and chance, and runs its commands."""

import argparse
import getpass
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

from argon2 import PasswordHasher

from core.ids import RandomBytes
from core.instants import whole_ms
from core.reasons import Language, language_of
from hub import commands, nouns
from hub.accounts.passwords import Passwords
from hub.accounts.service import Accounts
from hub.accounts.throttle import Throttle
from hub.backup import back_up, restore
from hub.commands import NewTenant
from hub.context import Clock, Hub
from hub.database import Database, Schema, open_sqlite
from hub.errors import HubError, Message, message
from hub.hooks import add_hooks
from hub.roles import Role
from hub.serving import serve
from hub.settings import OWNER_PASSWORD_VARIABLE, Settings, load
from hub.tenants.service import open_all
from hub.web import application, openapi_text

__all__ = ["accounts_on", "application", "build", "main", "openapi_text", "utc_now"]

_GENERATED_PASSWORD_BYTES = 12
_LOG = "%(asctime)s %(levelname)s %(name)s %(message)s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what it says, 1 with the reason on stderr."""
    chosen = _parser().parse_args(arguments)
    try:
        code: int = chosen.run(load(chosen.config, os.environ), chosen)
    except HubError as error:
        return _failed(error.detail)
    except OSError as error:
        return _failed(_told(error))
    return code


def _failed(told: Message) -> int:
    sys.stderr.write(f"vratar-hub: {told.in_(language_of(os.environ))}\n")
    return 1


def _told(error: OSError) -> Message:
    """A folder that is missing, full or not ours, in the words of every other problem."""
    return message(
        "{path}: {problem}; check that its folder exists, that you may write there and that the"
        " disk has room.",
        path=str(error.filename or "vratar-hub"),
        problem=error.strerror or str(error),
    )


def utc_now() -> datetime:
    return whole_ms(datetime.now(UTC))


def build(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    random_bytes: RandomBytes = os.urandom,
    hasher: PasswordHasher | None = None,
) -> Hub:
    """The hub of a directory that `init` has made; DatabaseError if the platform's cannot open."""
    nouns.load_tables()
    environment = settings.environment.value
    platform = open_sqlite(settings.platform_file, Schema.PLATFORM, environment)
    tenants = open_all(
        platform,
        lambda tenant: open_sqlite(settings.tenant_file(tenant), Schema.TENANT, environment),
    )
    for tenant in tenants:
        add_hooks(tenant.database, clock)
    accounts = accounts_on(
        platform, settings, clock=clock, random_bytes=random_bytes, hasher=hasher
    )
    return Hub(
        settings=settings,
        clock=clock,
        random_bytes=random_bytes,
        platform=platform,
        tenants=tenants,
        identify=accounts.identify,
        parts={Accounts: accounts},
    )


def accounts_on(
    platform: Database,
    settings: Settings,
    *,
    clock: Clock = utc_now,
    random_bytes: RandomBytes = os.urandom,
    hasher: PasswordHasher | None = None,
) -> Accounts:
    """The accounts of a platform's database."""
    return Accounts(
        platform=platform,
        passwords=Passwords(random_bytes, hasher),
        throttle=Throttle(),
        random_bytes=random_bytes,
        clock=clock,
        session_for=timedelta(hours=settings.http.session_hours),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vratar-hub", description="The hub: owns rights, records attendance, serves the pages."
    )
    parser.add_argument("--config", type=Path, help="settings in TOML; see docs/operations.md")
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, told: str, run: Callable[..., int]) -> argparse.ArgumentParser:
        added = parsers.add_parser(name, help=told, description=told)
        added.set_defaults(run=run)
        return added

    _add_tenant_arguments(command("init", "make a hub with its first organisation", _init))
    _add_tenant_arguments(command("add-tenant", "add an organisation", _add_tenant))
    command("serve", "run the hub", _serve)
    token = command("token", "make a service account and print its bearer token", _token)
    token.add_argument("--name", required=True, help="what the program is called")
    token.add_argument("--role", type=Role, default=Role.ADMINISTRATOR, choices=list(Role))
    token.add_argument("--tenant", help="id of the organisation, if there are several")
    kept = command(
        "backup", "copy databases and secrets into one file, also while serving", _backup
    )
    kept.add_argument("file", type=Path)
    again = command("restore", "unpack a backup into the empty directory of the settings", _restore)
    again.add_argument("file", type=Path)
    command("verify-audit", "prove all chains whole or name the first broken entry", _verify_audit)
    for module in nouns.modules("command"):
        module.arguments(command(module.NAME, module.HELP, _with_hub(module)))
    return parser


def _add_tenant_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", default="Vratar", help="the organisation's name")
    parser.add_argument("--host", default="", help="host name of its pages, if there are several")
    parser.add_argument("--login", required=True, help="the owner's login")
    parser.add_argument("--language", type=Language, default=Language.SL, choices=list(Language))
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help=f"read the owner's password from stdin; else from {OWNER_PASSWORD_VARIABLE}, else"
        " from a prompt; without a terminal one is made and printed once",
    )


def _init(settings: Settings, chosen: argparse.Namespace) -> int:
    wanted, made = _wanted(chosen)
    tenant = commands.initialise(settings, wanted, lambda platform: accounts_on(platform, settings))
    return _welcomed(f"Made {settings.directory} with tenant {tenant}.", wanted, made=made)


def _add_tenant(settings: Settings, chosen: argparse.Namespace) -> int:
    wanted, made = _wanted(chosen)
    platform = open_sqlite(settings.platform_file, Schema.PLATFORM, settings.environment.value)
    try:
        tenant = commands.add_tenant(settings, wanted, accounts_on(platform, settings))
    finally:
        platform.close()
    return _welcomed(f"Added tenant {tenant}; restart the hub.", wanted, made=made)


def _wanted(chosen: argparse.Namespace) -> tuple[NewTenant, bool]:
    """The tenant of the arguments, and whether its password was made up here."""
    password, made = _password(os.environ, from_stdin=chosen.password_stdin)
    tenant = NewTenant(
        name=chosen.name,
        host=chosen.host,
        login=chosen.login,
        password=password,
        language=chosen.language,
    )
    return tenant, made


def _password(environment: Mapping[str, str], *, from_stdin: bool) -> tuple[str, bool]:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n"), False
    if OWNER_PASSWORD_VARIABLE in environment:
        return environment[OWNER_PASSWORD_VARIABLE], False
    if sys.stdin.isatty():
        return getpass.getpass("The owner's password: "), False
    return os.urandom(_GENERATED_PASSWORD_BYTES).hex(), True


def _welcomed(told: str, wanted: NewTenant, *, made: bool) -> int:
    password = f" with password {wanted.password} (shown this once)" if made else ""
    sys.stdout.write(f"{told} Log in as {wanted.login}{password}.\n")
    return 0


def _serve(settings: Settings, _: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format=_LOG)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return serve(settings, lambda: build(settings))


def _token(settings: Settings, chosen: argparse.Namespace) -> int:
    hub = build(settings)
    try:
        tenant = commands.only_tenant(hub, chosen.tenant)
        token = commands.create_token(hub, tenant, name=chosen.name, role=chosen.role)
    finally:
        hub.close()
    sys.stdout.write(f"{token}\n")
    return 0


def _backup(settings: Settings, chosen: argparse.Namespace) -> int:
    manifest = back_up(settings, chosen.file, utc_now())
    sys.stdout.write(f"Wrote {chosen.file}: {len(manifest.files)} files.\n")
    return 0


def _restore(settings: Settings, chosen: argparse.Namespace) -> int:
    manifest = restore(settings, chosen.file, utc_now())
    sys.stdout.write(
        f"Restored {len(manifest.files)} files of {manifest.created_at} to {settings.directory}.\n"
    )
    return 0


def _verify_audit(settings: Settings, _: argparse.Namespace) -> int:
    hub = build(settings)
    try:
        found = list(commands.verify(hub))
    finally:
        hub.close()
    for _whole, line in found:
        sys.stdout.write(f"{line}\n")
    return 0 if all(whole for whole, _line in found) else 1


def _with_hub(module: ModuleType) -> Callable[[Settings, argparse.Namespace], int]:
    """A noun's own command, with the hub opened for it."""

    def run(settings: Settings, chosen: argparse.Namespace) -> int:
        hub = build(settings)
        try:
            code: int = module.run(hub, chosen)
        finally:
            hub.close()
        return code

    return run
