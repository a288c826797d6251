"""Routes of people."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, StringConstraints

from core.reasons import Language
from hub.caller import CallerNow, HubNow, acting
from hub.fields import Body, IdText, NameText
from hub.people import service
from hub.people.service import PAGE_MAX, Particulars, Person
from hub.problems import responses
from hub.roles import STAFF, Matrix

router = APIRouter(prefix="/people", tags=["people"])

ROLES: Matrix = {
    "GET /people": STAFF,
    "POST /people": STAFF,
    "GET /people/{person}": STAFF,
    "PATCH /people/{person}": STAFF,
    "POST /people/{person}/block": STAFF,
    "POST /people/{person}/unblock": STAFF,
}

# As lenient as mail itself: something, an at sign, a domain.
EmailText = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=254, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$"
    ),
]


class PersonBody(BaseModel):
    """A person."""

    id: str
    name: str
    email: str | None
    language: Language
    employee: bool
    site: str | None
    blocked_at: datetime | None
    blocked_reason: str | None
    created_at: datetime


class PersonChange(Body):
    """What is absent stays; null takes the e-mail address or the site away."""

    name: NameText | None = None
    email: EmailText | None = None
    language: Language | None = None
    employee: bool | None = None
    site: IdText | None = None


class NewPerson(PersonChange):
    """A person to be registered."""

    name: NameText


class PeoplePage(BaseModel):
    """Part of the list; `next` is the cursor of the following part, null at the end."""

    people: list[PersonBody]
    next: str | None


class Blocking(Body):
    """Why a person is blocked; reception sees it, the gate does not say it."""

    reason: NameText


@router.get("", summary="Search people by name", responses=responses())
def search_people(
    caller: CallerNow,
    search: Annotated[str, Query(max_length=200)] = "",
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
) -> PeoplePage:
    """In the order of their names; `search` is the beginning of any word of the name."""
    with caller.tenant.database.read() as connection:
        page = service.page(connection, search=search, cursor=cursor, limit=limit)
    return PeoplePage(people=[_body(person) for person in page.people], next=page.following)


@router.post("", status_code=201, summary="Register a person", responses=responses(404))
def register_person(body: NewPerson, caller: CallerNow, hub: HubNow) -> PersonBody:
    with acting(hub, caller) as act:
        particulars = _described(Particulars(name=body.name), body)
        return _body(service.register(act, particulars))


@router.get("/{person}", summary="Show a person", responses=responses(404))
def show_person(person: str, caller: CallerNow) -> PersonBody:
    with caller.tenant.database.read() as connection:
        return _body(service.get(connection, person))


@router.patch("/{person}", summary="Change a person", responses=responses(404))
def change_person(person: str, body: PersonChange, caller: CallerNow, hub: HubNow) -> PersonBody:
    with acting(hub, caller) as act:
        known = service.particulars_of(service.get(act.connection, person))
        return _body(service.change(act, person, _described(known, body)))


@router.post("/{person}/block", summary="Block a person everywhere", responses=responses(404))
def block_person(person: str, body: Blocking, caller: CallerNow, hub: HubNow) -> PersonBody:
    with acting(hub, caller) as act:
        return _body(service.block(act, person, reason=body.reason))


@router.post("/{person}/unblock", summary="Unblock a person", responses=responses(404))
def unblock_person(person: str, caller: CallerNow, hub: HubNow) -> PersonBody:
    with acting(hub, caller) as act:
        return _body(service.unblock(act, person))


_NEVER_NULL = frozenset({"name", "language", "employee"})


def _described(known: Particulars, body: PersonChange) -> Particulars:
    given = body.model_dump(exclude_unset=True)
    wanted = {
        key: value for key, value in given.items() if key not in _NEVER_NULL or value is not None
    }
    return replace(known, **wanted)


def _body(person: Person) -> PersonBody:
    return PersonBody(
        id=person.id,
        name=person.name,
        email=person.email,
        language=person.language,
        employee=person.employee,
        site=person.site,
        blocked_at=person.blocked_at,
        blocked_reason=person.blocked_reason,
        created_at=person.created_at,
    )
