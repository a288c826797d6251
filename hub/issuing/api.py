"""Routes of issuing a card by tapping it."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from hub.caller import CallerNow, HubNow, acting
from hub.fields import Body, IdText
from hub.issuing import service
from hub.issuing.store import Issuing
from hub.problems import responses
from hub.roles import STAFF, Matrix

router = APIRouter(prefix="/issuing", tags=["issuing"])

ROLES: Matrix = {
    "POST /issuing": STAFF,
    "GET /issuing/{issuing}": STAFF,
    "DELETE /issuing/{issuing}": STAFF,
}


class NewIssuing(Body):
    """Which reader awaits a card, for whom."""

    access_point: IdText
    person: IdText


class IssuingBody(BaseModel):
    """A wait for a card; `outcome` is null while it lasts.

    Then it is issued, cancelled, replaced, refused or expired.
    """

    id: str
    site: str
    access_point: str
    person: str
    armed_at: datetime
    expires_at: datetime
    outcome: str | None
    credential: str | None


@router.post("", status_code=201, summary="Await a card at a reader", responses=responses(404))
def arm(body: NewIssuing, caller: CallerNow, hub: HubNow) -> IssuingBody:
    """The next unknown card tapped there within a minute is issued to the person."""
    with acting(hub, caller) as act:
        issuing = service.arm(act, access_point=body.access_point, person=body.person)
    return _body(issuing, hub.clock())


@router.get("/{issuing}", summary="What became of a wait for a card", responses=responses(404))
def look(issuing: IdText, caller: CallerNow, hub: HubNow) -> IssuingBody:
    with caller.tenant.database.read() as connection:
        return _body(service.get(connection, issuing), hub.clock())


@router.delete("/{issuing}", summary="Await the card no longer", responses=responses(404))
def cancel(issuing: IdText, caller: CallerNow, hub: HubNow) -> IssuingBody:
    with acting(hub, caller) as act:
        ended = service.cancel(act, issuing)
    return _body(ended, hub.clock())


def _body(issuing: Issuing, now: datetime) -> IssuingBody:
    is_over = issuing.outcome is None and not service.is_awaited(issuing, now)
    return IssuingBody(
        id=issuing.id,
        site=issuing.site,
        access_point=issuing.access_point,
        person=issuing.holder,
        armed_at=issuing.armed_at,
        expires_at=issuing.expires_at,
        outcome="expired" if is_over else issuing.outcome,
        credential=issuing.credential,
    )
