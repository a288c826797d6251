"""The list of people, and the form by which one is added or changed."""

import base64
import binascii
import json
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from core.ids import SiteId
from core.reasons import Language
from hub.caller import CallerNow, HubNow, acting
from hub.dashboard.forms import Form, Typed, TypedNow, checked, filled, refused
from hub.dashboard.frame import page, reading, see
from hub.dashboard.refusals import PageRoute
from hub.dashboard.words import LANGUAGES
from hub.errors import HubError, InvalidError, NotFoundError
from hub.people import service
from hub.people.api import NewPerson
from hub.people.service import Particulars, Person
from hub.roles import STAFF
from hub.sites import service as sites

router = APIRouter(route_class=PageRoute)
ROLES = {
    "GET /people": STAFF,
    "POST /people": STAFF,
    "GET /people/new": STAFF,
    "POST /people/new": STAFF,
    "GET /people/{person}/edit": STAFF,
    "POST /people/{person}/edit": STAFF,
}

LOOKED_FOR_COOKIE = "vratar_people"
SEARCH_CHARACTERS_MAX = 100
CURSOR_CHARACTERS_MAX = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedFor:
    """What part of the list is shown. It travels in a cookie: an address must not hold a name."""

    search: str = ""
    cursor: str | None = None


@router.get("/people")
def show(request: Request, caller: CallerNow) -> Response:
    wanted = _looked_for(request.cookies.get(LOOKED_FOR_COOKIE, ""))
    with caller.tenant.database.read() as connection:
        try:
            found = service.page(connection, search=wanted.search, cursor=wanted.cursor)
        except InvalidError:
            wanted = LookedFor(search=wanted.search)
            found = service.page(connection, search=wanted.search)
    return page(
        request,
        "people.html",
        people=found.people,
        wanted=wanted,
        following=found.following,
    )


@router.post("/people")
def search(typed: TypedNow) -> Response:
    wanted = [
        typed.text("search")[:SEARCH_CHARACTERS_MAX],
        typed.text("cursor")[:CURSOR_CHARACTERS_MAX] or None,
    ]
    response = see("/people")
    kept = base64.urlsafe_b64encode(json.dumps(wanted).encode()).decode("ascii")
    response.set_cookie(LOOKED_FOR_COOKIE, kept, path="/people", httponly=True, samesite="lax")
    return response


@router.get("/people/new")
def new(request: Request, caller: CallerNow) -> Response:
    with caller.tenant.database.read() as connection:
        return _form(request, connection, None, filled({"language": Language.SL.value}))


@router.post("/people/new")
def add(request: Request, hub: HubNow, caller: CallerNow, typed: TypedNow) -> Response:
    try:
        with acting(hub, caller) as act:
            person = service.register(act, _particulars(typed))
    except HubError as error:
        return _again(request, caller, typed, error)
    return see(f"/people/{person.id}", "person-created")


@router.get("/people/{person}/edit")
def edit(request: Request, caller: CallerNow, person: str) -> Response:
    with caller.tenant.database.read() as connection:
        known = service.get(connection, person)
        values = {
            "name": known.name,
            "email": known.email,
            "language": known.language.value,
            "employee": "yes" if known.employee else None,
            "site": known.site,
        }
        return _form(request, connection, known, filled(values))


@router.post("/people/{person}/edit")
def change(
    request: Request, hub: HubNow, caller: CallerNow, person: str, typed: TypedNow
) -> Response:
    try:
        with acting(hub, caller) as act:
            service.change(act, person, _particulars(typed))
    except NotFoundError:
        raise
    except HubError as error:
        return _again(request, caller, typed, error, person=person)
    return see(f"/people/{person}", "person-changed")


def _looked_for(cookie: str) -> LookedFor:
    try:
        search_, cursor = json.loads(base64.urlsafe_b64decode(cookie.encode("ascii")))
    except (binascii.Error, UnicodeError, ValueError, TypeError, RecursionError):
        return LookedFor()
    if not isinstance(search_, str) or not isinstance(cursor, str | None):
        return LookedFor()
    return LookedFor(search=search_, cursor=cursor)


def _particulars(typed: Typed) -> Particulars:
    body = checked(
        NewPerson,
        {
            "name": typed.text("name"),
            "email": typed.optional("email"),
            "language": typed.text("language"),
            "employee": typed.text("employee") == "yes",
            "site": typed.optional("site"),
        },
    )
    return Particulars(
        name=body.name,
        email=body.email,
        language=body.language or Language.SL,
        employee=bool(body.employee),
        site=SiteId(body.site) if body.site else None,
    )


def _again(
    request: Request,
    caller: CallerNow,
    typed: Typed,
    error: HubError,
    *,
    person: str | None = None,
) -> Response:
    with caller.tenant.database.read() as connection:
        known = service.get(connection, person) if person else None
        form = refused(typed, error, reading(request))
        return _form(request, connection, known, form, status=error.status)


def _form(
    request: Request,
    connection: Connection,
    person: Person | None,
    form: Form,
    *,
    status: int = 200,
) -> Response:
    places = [(site.id, site.name) for site in sites.everywhere(connection)]
    languages = [(language.value, word) for language, word in LANGUAGES.items()]
    return page(
        request,
        "person_form.html",
        status=status,
        person=person,
        form=form,
        site_choices=places,
        language_choices=languages,
    )
