"""Logging in and out."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.reasons import Language
from hub.accounts.api import end_session, start_session
from hub.caller import HubNow, identified
from hub.dashboard.forms import Form, TypedNow, refused
from hub.dashboard.frame import page, reading, see
from hub.dashboard.refusals import PageRoute, wanted_inside
from hub.dashboard.words import LANGUAGES
from hub.errors import HubError
from hub.roles import ANYONE, STAFF

router = APIRouter(route_class=PageRoute)
ROLES = {"GET /login": ANYONE, "POST /login": ANYONE, "POST /logout": STAFF}


@router.get("/login")
def show(request: Request, next: str = "/", language: Language | None = None) -> Response:  # noqa: A002 - the address says next
    if identified(request) is not None:
        return see(wanted_inside(next))
    request.state.language = language
    return _login(request, Form(), next)


@router.post("/login")
def log_in(
    request: Request, hub: HubNow, typed: TypedNow, language: Language | None = None
) -> Response:
    request.state.language = language
    wanted = typed.text("next") or "/"
    response = see(wanted_inside(wanted))
    # The password is taken as typed: blanks at its ends may be part of it.
    password = typed.exactly("password")
    try:
        start_session(hub, request, response, typed.text("login"), password)
    except HubError as error:
        form = refused(typed, error, reading(request))
        return _login(request, form, wanted, status=error.status)
    return response


@router.post("/logout")
def log_out(request: Request, hub: HubNow) -> Response:
    response = see("/login", "logged-out")
    end_session(hub, request, response)
    return response


def _login(request: Request, form: Form, wanted: str, *, status: int = 200) -> Response:
    choices = [(language.value, word) for language, word in LANGUAGES.items()]
    return page(request, "login.html", status=status, form=form, next=wanted, languages=choices)
