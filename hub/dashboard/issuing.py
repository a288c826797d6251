"""Issuing a card by tapping: arm a reader for a person, then follow what becomes of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.ids import HolderId
from hub.caller import Caller, CallerNow, HubNow, acting
from hub.dashboard.forms import TypedNow, checked, refused
from hub.dashboard.frame import fragment, page, reading, see
from hub.dashboard.person import Forms, shown
from hub.dashboard.places import places
from hub.dashboard.refusals import PageRoute
from hub.errors import HubError
from hub.issuing import service
from hub.issuing.api import NewIssuing
from hub.people import service as people
from hub.roles import STAFF

router = APIRouter(route_class=PageRoute)
ROLES = {
    "POST /people/{person}/issuing": STAFF,
    "GET /issuing/{issuing}": STAFF,
    "GET /issuing/{issuing}/now": STAFF,
    "POST /issuing/{issuing}/cancel": STAFF,
}


class State(StrEnum):
    """How a wait for a card stands."""

    WAITING = "waiting"
    ISSUED = "issued"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """A wait for a card as the page shows it."""

    id: str
    state: State
    reader: str
    holder: HolderId
    name: str
    seconds_left: int


@router.post("/people/{person}/issuing")
def arm(request: Request, hub: HubNow, caller: CallerNow, person: str, typed: TypedNow) -> Response:
    try:
        with acting(hub, caller) as act:
            wanted = {"access_point": typed.required("access_point"), "person": person}
            body = checked(NewIssuing, wanted)
            armed = service.arm(act, access_point=body.access_point, person=body.person)
    except HubError as error:
        forms = Forms(tap=refused(typed, error, reading(request)))
        return shown(request, hub, caller, person, forms=forms, status=error.status)
    return see(f"/issuing/{armed.id}")


@router.get("/issuing/{issuing}")
def show(request: Request, hub: HubNow, caller: CallerNow, issuing: str) -> Response:
    return page(request, "issuing.html", issuing=_awaited(caller, issuing, hub.clock()))


@router.get("/issuing/{issuing}/now")
def now(request: Request, hub: HubNow, caller: CallerNow, issuing: str) -> Response:
    return fragment(request, "issuing_now.html", issuing=_awaited(caller, issuing, hub.clock()))


@router.post("/issuing/{issuing}/cancel")
def cancel(hub: HubNow, caller: CallerNow, issuing: str) -> Response:
    with acting(hub, caller) as act:
        ended = service.cancel(act, issuing)
    return see(f"/people/{ended.holder}")


def _awaited(caller: Caller, issuing_id: str, at: datetime) -> Awaited:
    with caller.tenant.database.read() as connection:
        issuing = service.get(connection, issuing_id)
        person = people.get(connection, issuing.holder)
        reader = places(connection).name_of(issuing.access_point)
    left = -((at - issuing.expires_at) // timedelta(seconds=1))
    return Awaited(
        id=issuing.id,
        state=_state(issuing.outcome, is_awaited=service.is_awaited(issuing, at)),
        reader=reader,
        holder=person.id,
        name=person.name,
        seconds_left=max(left, 0),
    )


def _state(outcome: str | None, *, is_awaited: bool) -> State:
    if is_awaited:
        return State.WAITING
    # Replaced by another wait, or over: for the person at the reader it is the same.
    return State(outcome) if outcome in set(State) else State.OVER
