"""A hub in a temporary directory with a clock that tests turn, and clients for each role."""

import hashlib
import itertools
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import Connection

from core.ids import AccountId
from core.reasons import Language
from hub import app, commands
from hub.accounts.api import accounts_of
from hub.accounts.service import Accounts, grant_role
from hub.acts import Act
from hub.context import Hub
from hub.database import Database
from hub.roles import Role
from hub.settings import Environment, Settings
from hub.tenants.service import OpenTenant

with warnings.catch_warnings():
    # Starlette wants httpx's successor, which nothing else here needs.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

__all__ = ["CHEAP", "PASSWORD", "START", "Bench", "Chance", "TestClient", "TurnedClock"]

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
PASSWORD = "dolgo geslo za teste"
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@dataclass
class TurnedClock:
    """Stands until it is turned."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def turn(self, by: timedelta) -> None:
        self.at += by


@dataclass
class Chance:
    """Bytes that look random and are the same in every run."""

    seed: int
    _count: Iterator[int] = field(default_factory=itertools.count)

    def __call__(self, length: int) -> bytes:
        text = f"{self.seed}:{next(self._count)}".encode()
        return hashlib.shake_256(text).digest(length)


@dataclass
class Bench:
    """A hub with one tenant and its owner `owner`; enter it to serve requests."""

    directory: Path
    clock: TurnedClock = field(default_factory=TurnedClock)
    random_bytes: Chance = field(default_factory=lambda: Chance(1))
    environment: Environment = Environment.TEST
    language: Language = Language.EN
    opened: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.settings = Settings(environment=self.environment, directory=self.directory / "hub")
        self.initialise()
        self.hub = self.build()
        self.app: FastAPI = app.application(self.hub)

    def initialise(self) -> None:
        commands.initialise(
            self.settings,
            commands.NewTenant(name="Plezalni center", host="", login="owner", password=PASSWORD),
            self.accounts_on,
        )

    def build(self) -> Hub:
        return self.build_with(self.settings)

    def build_with(self, settings: Settings) -> Hub:
        """Another hub on the same directory, as after a restart; the caller closes it."""
        return app.build(settings, clock=self.clock, random_bytes=self.random_bytes, hasher=CHEAP)

    def accounts_on(self, platform: Database) -> Accounts:
        return app.accounts_on(
            platform,
            self.settings,
            clock=self.clock,
            random_bytes=self.random_bytes,
            hasher=CHEAP,
        )

    @property
    def tenant(self) -> OpenTenant:
        return next(iter(self.hub.tenants))

    @property
    def database(self) -> Database:
        return self.tenant.database

    def client(self) -> TestClient:
        """A browser that nobody has logged in with; background services are not started."""
        client = TestClient(self.app, raise_server_exceptions=False)
        self.opened.callback(client.close)
        return client

    def logged_in(self, role: Role = Role.OWNER) -> TestClient:
        """A browser with a session and the CSRF header of an account with this role."""
        if role is not Role.OWNER:
            self.account(role.value, role)
        client = self.client()
        answer = client.post("/api/v1/session", json={"login": role.value, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        return client

    def program(self, role: Role) -> TestClient:
        """A program with the bearer token of a service account with this role."""
        accounts = accounts_of(self.hub)
        account, token = accounts.create_service(name=f"program-{role}")
        with self.database.write() as connection:
            grant_role(self.act_on(connection), account, role)
        client = self.client()
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    def account(self, login: str, role: Role) -> AccountId:
        """The account with this login, made with the role unless it exists."""
        accounts = accounts_of(self.hub)
        for each in accounts.in_tenant(self.tenant):
            if each.login == login:
                return each.id
        account = accounts.create_person(login=login, password=PASSWORD, language=self.language)
        with self.database.write() as connection:
            grant_role(self.act_on(connection, account), account, role)
        return account

    def act_on(self, connection: Connection, account: AccountId | None = None) -> Act:
        """An act of a test (of the account `a-test` unless another is given)."""
        return Act(
            connection=connection,
            account=account or AccountId("a-test"),
            at=self.clock(),
            random_bytes=self.random_bytes,
        )

    def close(self) -> None:
        self.opened.close()
        self.hub.close()
