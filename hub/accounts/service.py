"""Accounts: logging in and out, who a session or token belongs to, roles in a tenant."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from core.ids import AccountId, RandomBytes, new_id
from core.reasons import Language
from hub.accounts import store
from hub.accounts.passwords import Passwords, require_good
from hub.accounts.throttle import Throttle
from hub.acts import Act
from hub.audit import service as audit
from hub.context import Identity
from hub.database import Database
from hub.errors import (
    ConflictError,
    NotFoundError,
    TooManyAttemptsError,
    UnauthenticatedError,
    message,
)
from hub.roles import Role, Roles
from hub.tenants.service import OpenTenant

_TOKEN_BYTES = 32


class AccountKind(StrEnum):
    """A person with a password, or a program with a token."""

    PERSON = "person"
    SERVICE = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Someone or something that logs in, with its role in the tenant (None: none)."""

    id: AccountId
    kind: AccountKind
    login: str
    language: Language
    role: Role | None
    blocked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A fresh login: the cookie's value and until when it holds."""

    token: str
    account: AccountId
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The accounts of the platform; roles come from the tenant that is passed in."""

    platform: Database
    passwords: Passwords
    throttle: Throttle
    random_bytes: RandomBytes
    clock: Callable[[], datetime]
    session_for: timedelta

    def log_in(self, *, login: str, password: str, address: str) -> Session:
        """A new session; UnauthenticatedError without saying what was wrong."""
        at, login = self.clock(), login.strip().casefold()
        self._require_patience((login, address), at)
        with self.platform.read() as connection:
            row = store.by_login(connection, login)
        usable = row is not None and row.blocked_at is None
        if not self.passwords.fits(row.password_hash if row and usable else None, password):
            self.throttle.failed((login, address), at)
            raise UnauthenticatedError(message("Login or password is wrong; try again."))
        assert row is not None
        self.throttle.succeeded((login, address))
        return self._new_session(AccountId(row.id), at)

    def log_out(self, token: str) -> None:
        with self.platform.write() as connection:
            store.delete_session(connection, _hash(token))

    def identify(
        self, tenant: OpenTenant, *, session: str | None, token: str | None
    ) -> Identity | None:
        """Whose cookie or bearer token this is; None if ended, unknown or blocked."""
        with self.platform.read() as connection:
            if token is not None:
                row = store.account_of_token(connection, _hash(token))
            elif session is not None:
                row = store.account_of_session(connection, _hash(session), self.clock())
            else:
                row = None
        if row is None or row.blocked_at is not None:
            return None
        return Identity(
            account=AccountId(row.id),
            login=row.login,
            language=Language(row.language),
            roles=_roles(tenant, row.id),
        )

    def create_person(self, *, login: str, password: str, language: Language) -> AccountId:
        """An account without any role yet; ConflictError if the login is taken."""
        login = login.strip().casefold()
        require_good(password, login)
        hashed = self.passwords.hashed(password)
        return self._create(AccountKind.PERSON, login, language=language, password_hash=hashed)

    def create_service(self, *, name: str) -> tuple[AccountId, str]:
        """An account for a program and its bearer token, which is shown this once."""
        account = self._create(AccountKind.SERVICE, name.strip().casefold(), language=Language.EN)
        token = self._token()
        with self.platform.write() as connection:
            store.insert_token(
                connection, token_hash=_hash(token), account=account, created_at=self.clock()
            )
        return account, token

    def set_language(self, account: AccountId, language: Language) -> None:
        with self.platform.write() as connection:
            store.update(connection, account, language=language.value)

    def change_password(self, account: AccountId, *, old: str, new: str) -> None:
        """Ends all of the account's sessions; UnauthenticatedError if `old` is wrong."""
        key, at = (account, "password"), self.clock()
        self._require_patience(key, at)
        with self.platform.read() as connection:
            row = store.by_id(connection, account)
        if not self.passwords.fits(row.password_hash if row else None, old):
            self.throttle.failed(key, at)
            raise UnauthenticatedError(message("The old password is wrong; try again."))
        assert row is not None
        require_good(new, row.login)
        hashed = self.passwords.hashed(new)
        with self.platform.write() as connection:
            store.update(connection, account, password_hash=hashed)
            store.delete_sessions_of(connection, account)

    def set_blocked(self, account: AccountId, *, blocked: bool) -> None:
        """A blocked account's sessions end at once; its tokens stop to work."""
        with self.platform.write() as connection:
            store.update(connection, account, blocked_at=self.clock() if blocked else None)
            if blocked:
                store.delete_sessions_of(connection, account)

    def in_tenant(self, tenant: OpenTenant) -> list[Account]:
        """Everybody with a role in the tenant, by login."""
        with tenant.database.read() as connection:
            roles = dict(store.everyones_roles(connection))
        with self.platform.read() as connection:
            return [_account(row, roles) for row in store.by_ids(connection, sorted(roles))]

    def get(self, tenant: OpenTenant, account: str) -> Account:
        found = {each.id: each for each in self.in_tenant(tenant)}.get(AccountId(account))
        if found is None:
            raise NotFoundError(message("There is no account {id}.", id=account))
        return found

    def _create(
        self,
        kind: AccountKind,
        login: str,
        *,
        language: Language,
        password_hash: str | None = None,
    ) -> AccountId:
        account = AccountId(new_id("a", self.random_bytes))
        with self.platform.write() as connection:
            if store.by_login(connection, login) is not None:
                raise ConflictError(
                    message("The login {login} is taken; choose another.", login=login)
                )
            store.insert(
                connection,
                id=account,
                kind=kind.value,
                login=login,
                password_hash=password_hash,
                language=language.value,
                created_at=self.clock(),
            )
        return account

    def _new_session(self, account: AccountId, at: datetime) -> Session:
        token, expires_at = self._token(), at + self.session_for
        with self.platform.write() as connection:
            store.delete_expired(connection, at)
            store.insert_session(
                connection,
                token_hash=_hash(token),
                account=account,
                created_at=at,
                expires_at=expires_at,
            )
        return Session(token=token, account=account, expires_at=expires_at)

    def _require_patience(self, key: tuple[str, str], at: datetime) -> None:
        wait = self.throttle.wait_for(key, at)
        if not wait:
            return
        seconds = -(-wait // timedelta(seconds=1))
        raise TooManyAttemptsError(
            message("Too many failed attempts; wait {seconds} s and try again.", seconds=seconds),
            retry_after_seconds=seconds,
        )

    def _token(self) -> str:
        return self.random_bytes(_TOKEN_BYTES).hex()


def grant_role(act: Act, account: AccountId, role: Role | None) -> None:
    """The account's only role in the tenant of the act (None: none any more)."""
    store.set_role(act.connection, account, role.value if role else None)
    audit.record_act(act, "account.role", account, {"role": role.value if role else None})


def record_blocking(act: Act, account: AccountId, *, blocked: bool) -> None:
    """Chain in the tenant that one of its owners blocked or unblocked the account."""
    audit.record_act(act, "account.blocked" if blocked else "account.unblocked", account)


def _roles(tenant: OpenTenant, account: str) -> Roles:
    with tenant.database.read() as connection:
        return frozenset(Role(role) for role in store.roles_of(connection, account))


def _account(row: store.AnyRow, roles: Mapping[str, str]) -> Account:
    return Account(
        id=AccountId(row.id),
        kind=AccountKind(row.kind),
        login=row.login,
        language=Language(row.language),
        role=Role(roles[row.id]) if row.id in roles else None,
        blocked=row.blocked_at is not None,
    )


def _hash(token: str) -> str:
    """Tokens are 256 random bits: a plain hash keeps them as well as a slow one."""
    return hashlib.sha256(token.encode()).hexdigest()
