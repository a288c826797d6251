"""Routes of accounts: sessions, oneself, and the accounts of the tenant."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from core.ids import AccountId
from core.reasons import Language
from hub.accounts import service
from hub.accounts.service import Account, AccountKind, Accounts
from hub.caller import (
    SESSION_COOKIE,
    CallerNow,
    HubNow,
    TenantNow,
    acting,
    csrf_token,
)
from hub.context import Hub
from hub.errors import ConflictError, message
from hub.problems import responses
from hub.roles import ANYONE, OWNERS, STAFF, Matrix, Role

router = APIRouter(tags=["accounts"])

ROLES: Matrix = {
    "POST /session": ANYONE,
    "DELETE /session": STAFF,
    "GET /me": STAFF,
    "PATCH /me": STAFF,
    "POST /me/password": STAFF,
    "GET /accounts": OWNERS,
    "POST /accounts": OWNERS,
    "PATCH /accounts/{account}": OWNERS,
    "POST /service-accounts": OWNERS,
}

LoginText = Annotated[str, Field(min_length=1, max_length=100)]
PasswordText = Annotated[str, Field(max_length=1000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Login(_Body):
    """What opens a session."""

    login: LoginText
    password: PasswordText


class Me(BaseModel):
    """Who is logged in; `csrf_token` goes into X-CSRF-Token of every change by cookie."""

    account: str
    login: str
    language: Language
    roles: list[Role]
    tenant: str
    csrf_token: str | None


class MyChange(_Body):
    """What people change of themselves."""

    language: Language


class PasswordChange(_Body):
    """The old password proves that it is really them."""

    old: PasswordText
    new: PasswordText


class AccountBody(BaseModel):
    """An account of the tenant."""

    id: str
    kind: AccountKind
    login: str
    language: Language
    role: Role | None
    blocked: bool


class NewAccount(_Body):
    """An account for a person."""

    login: LoginText
    password: PasswordText
    language: Language = Language.SL
    role: Role


class AccountChange(_Body):
    """What an owner changes of an account; what is absent stays."""

    role: Role | None = None
    blocked: bool | None = None


class NewServiceAccount(_Body):
    """An account for a program."""

    name: LoginText
    role: Role


class ServiceToken(BaseModel):
    """A program's bearer token; it is shown this once."""

    account: str
    token: str


@router.post("/session", summary="Log in", responses=responses(429))
def log_in(body: Login, request: Request, response: Response, hub: HubNow, tenant: TenantNow) -> Me:
    """Sets the session cookie (HttpOnly); failed attempts slow down the next ones."""
    token = start_session(hub, request, response, body.login, body.password)
    identity = hub.identify(tenant, session=token, token=None)
    assert identity is not None
    return Me(
        account=identity.account,
        login=identity.login,
        language=identity.language,
        roles=sorted(identity.roles),
        tenant=tenant.name,
        csrf_token=csrf_token(token),
    )


def start_session(hub: Hub, request: Request, response: Response, login: str, password: str) -> str:
    """Log in and set the cookie; the token, or the errors of Accounts.log_in."""
    address = request.client.host if request.client else ""
    session = accounts_of(hub).log_in(login=login, password=password, address=address)
    response.set_cookie(
        SESSION_COOKIE,
        session.token,
        max_age=hub.settings.http.session_hours * 3600,
        httponly=True,
        samesite="lax",
        secure=hub.settings.http.is_encrypted or request.url.scheme == "https",
    )
    return session.token


def end_session(hub: Hub, request: Request, response: Response) -> None:
    """Log out: the session ends at the hub, not only in the browser."""
    token = request.cookies.get(SESSION_COOKIE)
    if token is not None:
        accounts_of(hub).log_out(token)
    response.delete_cookie(SESSION_COOKIE)


def accounts_of(hub: Hub) -> Accounts:
    accounts: Accounts = hub.parts[Accounts]
    return accounts


@router.delete("/session", status_code=204, summary="Log out", responses=responses())
def log_out(request: Request, response: Response, hub: HubNow) -> None:
    end_session(hub, request, response)


@router.get("/me", summary="Who is logged in", responses=responses())
def me(caller: CallerNow) -> Me:
    return Me(
        account=caller.account,
        login=caller.login,
        language=caller.language,
        roles=sorted(caller.roles),
        tenant=caller.tenant.name,
        csrf_token=caller.csrf_token,
    )


@router.patch("/me", summary="Change one's language", responses=responses())
def change_me(body: MyChange, caller: CallerNow, hub: HubNow) -> Me:
    accounts_of(hub).set_language(caller.account, body.language)
    return Me(
        account=caller.account,
        login=caller.login,
        language=body.language,
        roles=sorted(caller.roles),
        tenant=caller.tenant.name,
        csrf_token=caller.csrf_token,
    )


@router.post(
    "/me/password", status_code=204, summary="Change one's password", responses=responses(429)
)
def change_password(body: PasswordChange, caller: CallerNow, hub: HubNow) -> None:
    """Ends all of one's sessions, this one too."""
    accounts_of(hub).change_password(caller.account, old=body.old, new=body.new)


@router.get("/accounts", summary="List the accounts of the tenant", responses=responses())
def list_accounts(caller: CallerNow, hub: HubNow) -> list[AccountBody]:
    return [_body(account) for account in accounts_of(hub).in_tenant(caller.tenant)]


@router.post("/accounts", status_code=201, summary="Create an account", responses=responses(409))
def create_account(body: NewAccount, caller: CallerNow, hub: HubNow) -> AccountBody:
    account = accounts_of(hub).create_person(
        login=body.login, password=body.password, language=body.language
    )
    with acting(hub, caller) as act:
        service.grant_role(act, account, body.role)
    return _body(accounts_of(hub).get(caller.tenant, account))


@router.patch(
    "/accounts/{account}", summary="Change or block an account", responses=responses(404, 409)
)
def change_account(
    account: str, body: AccountChange, caller: CallerNow, hub: HubNow
) -> AccountBody:
    accounts = accounts_of(hub)
    target = accounts.get(caller.tenant, account)
    if target.id == caller.account:
        raise ConflictError(
            message("This is your own account; another owner can change it, so one remains.")
        )
    if body.role is not None:
        with acting(hub, caller) as act:
            service.grant_role(act, target.id, body.role)
    if body.blocked is not None:
        with acting(hub, caller) as act:
            service.record_blocking(act, target.id, blocked=body.blocked)
        accounts.set_blocked(target.id, blocked=body.blocked)
    return _body(accounts.get(caller.tenant, account))


@router.post(
    "/service-accounts",
    status_code=201,
    summary="Create an account for a program",
    responses=responses(409),
)
def create_service_account(body: NewServiceAccount, caller: CallerNow, hub: HubNow) -> ServiceToken:
    account, token = accounts_of(hub).create_service(name=body.name)
    with acting(hub, caller) as act:
        service.grant_role(act, AccountId(account), body.role)
    return ServiceToken(account=account, token=token)


def _body(account: Account) -> AccountBody:
    return AccountBody(
        id=account.id,
        kind=account.kind,
        login=account.login,
        language=account.language,
        role=account.role,
        blocked=account.blocked,
    )
