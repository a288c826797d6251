"""The page of one person: cards, passes, details, and what happened at the gates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from core.ids import AccessPointId
from core.reasons import Language
from hub.caller import Caller, CallerNow, HubNow
from hub.context import Hub
from hub.credentials import service as credentials
from hub.dashboard import happenings
from hub.dashboard.forms import Form
from hub.dashboard.frame import page, reading
from hub.dashboard.passes import Reader, passes
from hub.dashboard.places import Places, places, zone_names
from hub.dashboard.refusals import PageRoute
from hub.dashboard.words import CREDENTIALS, LANGUAGES, moment
from hub.entitlements import service as entitlements
from hub.errors import message
from hub.people import service as people
from hub.people.service import Person
from hub.products import service as products
from hub.roles import STAFF
from hub.taps import figures

router = APIRouter(route_class=PageRoute)
ROLES = {"GET /people/{person}": STAFF}

ONCE_BYTES = 16
_EMPTY = Form()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """The forms on the page; one of them may have been refused."""

    block: Form = field(default=_EMPTY)
    grant: Form = field(default=_EMPTY)
    tap: Form = field(default=_EMPTY)
    uid: Form = field(default=_EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A credential as the page shows it; its number is known to nobody."""

    id: str
    name: str
    about: str
    blocked: bool


@router.get("/people/{person}")
def show(request: Request, hub: HubNow, caller: CallerNow, person: str) -> Response:
    return shown(request, hub, caller, person)


def shown(
    request: Request,
    hub: Hub,
    caller: Caller,
    person_id: str,
    *,
    forms: Forms | None = None,
    status: int = 200,
) -> Response:
    """The page, with a refused form where there is one; NotFoundError if there is nobody."""
    language, now = reading(request), hub.clock()
    with caller.tenant.database.read() as connection:
        person = people.get(connection, person_id)
        where = places(connection)
        values = _values(connection, person, where, language, now)
    return page(
        request,
        "person.html",
        status=status,
        person=person,
        forms=forms or Forms(),
        once=hub.random_bytes(ONCE_BYTES).hex(),
        **values,
    )


def _values(
    connection: Connection, person: Person, where: Places, language: Language, now: datetime
) -> Mapping[str, object]:
    rights = entitlements.of_holder(connection, person.id)
    reader = Reader(
        language=language,
        zone=where.zone_at(person.site),
        zone_names=zone_names(connection),
        now=now,
    )
    taken = figures.taken(connection, [each.entitlement.id for each in rights])
    return {
        "passes": passes(rights, taken, reader),
        "cards": _cards(connection, person, reader),
        "details": _details(person, where, reader),
        "rows": happenings.of_holder(connection, person.id, where, language),
        "product_choices": [
            (each.id, each.template.name)
            for each in products.everything(connection)
            if each.template.offered
        ],
        "reader_choices": [(id_, where.name_of(id_)) for id_ in _readers(where)],
    }


def _cards(connection: Connection, person: Person, reader: Reader) -> list[Card]:
    return [
        Card(
            id=each.id,
            name=each.label or CREDENTIALS[each.kind].in_(reader.language),
            about=message(
                "{kind}, issued {when}",
                kind=CREDENTIALS[each.kind].in_(reader.language),
                when=moment(each.issued_at, reader.zone, reader.language),
            ).in_(reader.language),
            blocked=each.blocked_at is not None,
        )
        for each in credentials.of_holder(connection, person.id)
    ]


def _details(person: Person, where: Places, reader: Reader) -> list[tuple[str, str]]:
    site = where.sites.get(person.site) if person.site else None
    told = [
        (message("E-mail"), person.email or "–"),
        (message("Language"), LANGUAGES[person.language]),
        (message("Works at"), site.name if person.employee and site else "–"),
        (message("Added"), moment(person.created_at, reader.zone, reader.language)),
    ]
    return [(name.in_(reader.language), value) for name, value in told]


def _readers(where: Places) -> list[AccessPointId]:
    """Ways in first: there a new card lies where it will be used."""
    ordered = sorted(
        where.points.values(),
        key=lambda each: (each.point.leads_out, each.point.name),
    )
    return [each.point.id for each in ordered if each.edge is not None]
