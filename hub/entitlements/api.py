"""Routes of entitlements."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, Field, StringConstraints

from core.ids import ZoneId
from hub.caller import CallerNow, HubNow, acting
from hub.entitlements import service
from hub.entitlements.service import Granted, Reference, Terms
from hub.fields import (
    Body,
    IdText,
    InstantBody,
    NameText,
    WeeklyBody,
    weekly_body,
    weekly_of,
)
from hub.people import service as people
from hub.problems import responses
from hub.products import service as products
from hub.products.api import StalenessDays, Units, Zones
from hub.roles import STAFF, Matrix

router = APIRouter(tags=["entitlements"])

ROLES: Matrix = {
    "GET /people/{person}/entitlements": STAFF,
    "POST /people/{person}/entitlements": STAFF,
    "PATCH /entitlements/{entitlement}": STAFF,
    "DELETE /entitlements/{entitlement}": STAFF,
}

ReferenceText = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")
]


class EntitlementBody(BaseModel):
    """A person's right; null is without limit, `units` count in all."""

    id: str
    holder: str
    product: str
    name: str
    zones: list[str]
    weekly: WeeklyBody
    valid_from: datetime | None
    valid_until: datetime | None
    units: int | None
    staleness_days: int | None
    ended_at: datetime | None
    created_at: datetime


class EntitlementChange(Body):
    """What is absent stays (or is as in the product); null takes a limit away."""

    name: NameText | None = None
    zones: Zones | None = None
    weekly: WeeklyBody | None = None
    valid_from: InstantBody | None = None
    valid_until: InstantBody | None = None
    units: Units | None = None
    staleness_days: StalenessDays | None = None


class NewEntitlement(EntitlementChange):
    """A right granted from a product.

    `reference` is the caller's own number (an order, a contract): granting again under it gives
    the same right and changes nothing.
    """

    product: IdText
    reference: Annotated[ReferenceText | None, Field(default=None)]


@router.get(
    "/people/{person}/entitlements",
    summary="List a person's entitlements",
    responses=responses(404),
)
def list_entitlements(person: str, caller: CallerNow) -> list[EntitlementBody]:
    with caller.tenant.database.read() as connection:
        people.get(connection, person)
        return [_body(granted) for granted in service.of_holder(connection, person)]


@router.post(
    "/people/{person}/entitlements",
    status_code=201,
    summary="Grant an entitlement",
    responses={
        **responses(404, 409),
        200: {"model": EntitlementBody, "description": "Granted before under this reference"},
    },
)
def grant_entitlement(
    person: str,
    body: NewEntitlement,
    response: Response,
    caller: CallerNow,
    hub: HubNow,
    idempotency_key: Annotated[ReferenceText | None, Header()] = None,
) -> EntitlementBody:
    """Send an Idempotency-Key or a reference, so that a repeated request grants nothing twice."""
    request = f"{person} {body.model_dump_json(exclude_unset=True)}"
    named = {"key": idempotency_key, "reference": body.reference}
    references = [
        Reference(text=f"{kind}:{text}", request=request) for kind, text in named.items() if text
    ]
    with acting(hub, caller) as act:
        product = products.get(act.connection, body.product)
        holder = people.get(act.connection, person)
        base = service.terms_of(
            act.connection, product, holder, at=act.at, valid_from=body.valid_from
        )
        granted, new = service.grant(
            act, person, body.product, _wanted(base, body), references=references
        )
    if not new:
        response.status_code = 200
    return _body(granted)


@router.patch(
    "/entitlements/{entitlement}",
    summary="Change an entitlement",
    responses=responses(404, 409),
)
def change_entitlement(
    entitlement: str, body: EntitlementChange, caller: CallerNow, hub: HubNow
) -> EntitlementBody:
    with acting(hub, caller) as act:
        known = service.terms(service.get(act.connection, entitlement).entitlement)
        return _body(service.change(act, entitlement, _wanted(known, body)))


@router.delete(
    "/entitlements/{entitlement}", summary="End an entitlement", responses=responses(404)
)
def end_entitlement(entitlement: str, caller: CallerNow, hub: HubNow) -> EntitlementBody:
    """It is over from now on, and kept for the record."""
    with acting(hub, caller) as act:
        return _body(service.end(act, entitlement))


_NEVER_NULL = frozenset({"name", "zones", "weekly"})


def _wanted(base: Terms, body: EntitlementChange) -> Terms:
    given = {
        name: getattr(body, name)
        for name in EntitlementChange.model_fields
        if name in body.model_fields_set
        and not (name in _NEVER_NULL and getattr(body, name) is None)
    }
    return replace(base, **dict(_term(name, value) for name, value in given.items()))


def _term(name: str, value: Any) -> tuple[str, Any]:  # a field of the body, of whichever type
    match name, value:
        case "zones", zones:
            return name, tuple(ZoneId(zone) for zone in zones)
        case "weekly", weekly:
            return name, weekly_of(weekly)
        case "staleness_days", None:
            return "staleness_bound", None
        case "staleness_days", days:
            return "staleness_bound", timedelta(days=days)
        case _:
            return name, value


def _body(granted: Granted) -> EntitlementBody:
    right = granted.entitlement
    bound = right.staleness_bound
    return EntitlementBody(
        id=right.id,
        holder=right.holder,
        product=right.product,
        name=right.name,
        zones=[*right.zones],
        weekly=weekly_body(right.weekly),
        valid_from=right.valid_from,
        valid_until=right.valid_until,
        units=right.units,
        staleness_days=None if bound is None else bound // timedelta(days=1),
        ended_at=granted.ended_at,
        created_at=granted.created_at,
    )
