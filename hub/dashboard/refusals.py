"""Refusals as pages: what happened, what to do, where to go, in the reader's language."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute

from hub.caller import Caller, identified
from hub.dashboard.frame import page, secured
from hub.errors import HubError, InvalidError, UnauthenticatedError, message

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """A route that answers with pages, also when it refuses."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                response = await handler(request)
            except HubError as error:
                response = refusal(request, error)
            except RequestValidationError:
                asked = message("The address asks for something that cannot be.")
                response = refusal(request, InvalidError(asked))
            return secured(response)

        return guarded


def refusal(request: Request, error: HubError) -> Response:
    """The page of an error; whoever is not logged in is sent to log in and comes back."""
    if isinstance(error, UnauthenticatedError):
        return _to_login(request)
    if not hasattr(request.state, "caller"):
        request.state.caller = _whoever(request)
    response = secured(page(request, "refusal.html", status=error.status, error=error))
    if error.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def wanted_inside(address: str) -> str:
    """Where to go after logging in: a page of this hub, else the first one."""
    inside = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if inside and address.isprintable() else "/"


def _whoever(request: Request) -> Caller | None:
    """Who asks; nobody where not even the organisation is known."""
    try:
        return identified(request)
    except HubError:
        return None


def _to_login(request: Request) -> Response:
    wanted = request.url.path if request.method == "GET" else "/"
    query = f"?{urlencode({'next': wanted})}" if wanted != "/" else ""
    return secured(RedirectResponse(f"/login{query}", 303))
