"""Who calls: every request is admitted here, by tenant, session or token, role and CSRF token."""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from core.ids import AccountId
from core.reasons import Language
from hub.acts import Act
from hub.context import Hub
from hub.errors import ForbiddenError, UnauthenticatedError, message
from hub.roles import ANYONE, Matrix, Roles
from hub.tenants.service import OpenTenant
from hub.texts.catalogue import chosen

SESSION_COOKIE = "vratar_session"
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_OWN_ORIGIN = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An admitted account; `csrf_token` belongs into its forms, None for bearer tokens."""

    account: AccountId
    login: str
    language: Language
    roles: Roles
    tenant: OpenTenant
    csrf_token: str | None


def hub_of(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


def tenant_of(request: Request) -> OpenTenant:
    """The tenant of the request's host name."""
    return hub_of(request).tenants.by_host(request.url.hostname or "")


def admission(matrix: Matrix) -> Callable[[Request], None]:
    """What runs before every route: refuses whoever has none of the roles in the matrix's row."""

    def admit(request: Request) -> None:
        # A route that the matrix does not know raises here: nobody is admitted by oversight.
        allowed = matrix[f"{request.method} {request.scope['route'].path}"]
        request.state.caller = None
        if allowed == ANYONE:
            return
        found = identified(request)
        if found is None:
            raise UnauthenticatedError(message("Log in first; the session may have ended."))
        request.state.caller = found
        if not found.roles & allowed:
            raise ForbiddenError(message("Your role does not include this; ask an owner."))

    return admit


async def check_origin(request: Request) -> None:
    """Runs after admission: a change by cookie needs our origin and the session's CSRF token."""
    if request.method in _SAFE or _bearer(request) is not None:
        return
    if request.headers.get("sec-fetch-site", "none") not in _OWN_ORIGIN:
        raise ForbiddenError(message("This request came from another site."))
    expected = request.state.caller.csrf_token if request.state.caller else None
    if expected is None:
        return
    given = request.headers.get(CSRF_HEADER) or await _form_field(request)
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise ForbiddenError(
            message(
                "The CSRF token is missing or not of this session; reload the page, or send the"
                " one from GET /api/v1/me as X-CSRF-Token."
            )
        )


def identified(request: Request) -> Caller | None:
    """Whose cookie or token this is; also for open pages that greet who is logged in."""
    hub, tenant = hub_of(request), tenant_of(request)
    token = _bearer(request)
    session = None if token is not None else request.cookies.get(SESSION_COOKIE)
    identity = hub.identify(tenant, session=session, token=token)
    if identity is None:
        return None
    return Caller(
        account=identity.account,
        login=identity.login,
        language=identity.language,
        roles=identity.roles,
        tenant=tenant,
        csrf_token=csrf_token(session) if session else None,
    )


def current(request: Request) -> Caller:
    """The caller of a route that needs a login."""
    caller: Caller | None = request.state.caller
    assert caller is not None, "this route is open to anyone in the matrix"
    return caller


def language_of(request: Request) -> Language:
    """The account's language, else the browser's, else Slovene."""
    caller: Caller | None = getattr(request.state, "caller", None)
    return caller.language if caller else chosen(request.headers.get("accept-language", ""))


def csrf_token(session: str) -> str:
    """The token of a session: follows from it, so that nothing more is stored."""
    return hashlib.sha256(b"vratar-csrf\0" + session.encode()).hexdigest()


HubNow = Annotated[Hub, Depends(hub_of)]
CallerNow = Annotated[Caller, Depends(current)]
TenantNow = Annotated[OpenTenant, Depends(tenant_of)]


@contextmanager
def acting(hub: Hub, caller: Caller) -> Iterator[Act]:
    """A write transaction in the caller's name."""
    with caller.tenant.database.write() as connection:
        yield Act(
            connection=connection,
            account=caller.account,
            at=hub.clock(),
            random_bytes=hub.random_bytes,
        )


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


async def _form_field(request: Request) -> str:
    if not request.headers.get("content-type", "").startswith(_FORMS):
        return ""
    value = (await request.form()).get(CSRF_FIELD)
    return value if isinstance(value, str) else ""
