"""What staff may do to a person: suspend, grant, end, give cards and revoke them."""

from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hub.acts import Act
from hub.caller import CallerNow, HubNow, acting
from hub.credentials import service as credentials
from hub.credentials.api import NewCredential
from hub.dashboard.forms import Typed, TypedNow, checked, refused
from hub.dashboard.frame import reading, see
from hub.dashboard.person import Forms, shown
from hub.dashboard.places import zone_of
from hub.dashboard.refusals import PageRoute
from hub.entitlements import service as entitlements
from hub.entitlements.api import NewEntitlement
from hub.entitlements.service import Reference
from hub.errors import HubError
from hub.people import service as people
from hub.people.api import Blocking
from hub.products import service as products
from hub.roles import STAFF

router = APIRouter(route_class=PageRoute)
ROLES = {
    "POST /people/{person}/block": STAFF,
    "POST /people/{person}/unblock": STAFF,
    "POST /people/{person}/entitlements": STAFF,
    "POST /people/{person}/credentials": STAFF,
    "POST /entitlements/{entitlement}/end": STAFF,
    "POST /credentials/{credential}/block": STAFF,
    "POST /credentials/{credential}/unblock": STAFF,
}


@router.post("/people/{person}/block")
def block(
    request: Request, hub: HubNow, caller: CallerNow, person: str, typed: TypedNow
) -> Response:
    try:
        with acting(hub, caller) as act:
            reason = checked(Blocking, {"reason": typed.text("reason")}).reason
            people.block(act, person, reason=reason)
    except HubError as error:
        forms = Forms(block=refused(typed, error, reading(request)))
        return shown(request, hub, caller, person, forms=forms, status=error.status)
    return see(f"/people/{person}", "person-blocked")


@router.post("/people/{person}/unblock")
def unblock(hub: HubNow, caller: CallerNow, person: str) -> Response:
    with acting(hub, caller) as act:
        people.unblock(act, person)
    return see(f"/people/{person}", "person-unblocked")


@router.post("/people/{person}/entitlements")
def grant(
    request: Request, hub: HubNow, caller: CallerNow, person: str, typed: TypedNow
) -> Response:
    try:
        with acting(hub, caller) as act:
            _grant(act, person, typed)
    except HubError as error:
        forms = Forms(grant=refused(typed, error, reading(request)))
        return shown(request, hub, caller, person, forms=forms, status=error.status)
    return see(f"/people/{person}", "entitlement-granted")


@router.post("/people/{person}/credentials")
def add_card(
    request: Request, hub: HubNow, caller: CallerNow, person: str, typed: TypedNow
) -> Response:
    try:
        with acting(hub, caller) as act:
            body = checked(NewCredential, {"uid": typed.required("uid")})
            assert body.uid is not None
            credentials.issue_uid(act, person, uid_hex=body.uid, label=body.label)
    except HubError as error:
        forms = Forms(uid=refused(typed, error, reading(request)))
        return shown(request, hub, caller, person, forms=forms, status=error.status)
    return see(f"/people/{person}", "card-added")


@router.post("/entitlements/{entitlement}/end")
def end(hub: HubNow, caller: CallerNow, entitlement: str) -> Response:
    with acting(hub, caller) as act:
        ended = entitlements.end(act, entitlement)
    return see(f"/people/{ended.entitlement.holder}", "entitlement-ended")


@router.post("/credentials/{credential}/block")
def block_card(hub: HubNow, caller: CallerNow, credential: str) -> Response:
    with acting(hub, caller) as act:
        blocked = credentials.set_blocked(act, credential, blocked=True)
    return see(f"/people/{blocked.holder}", "card-blocked")


@router.post("/credentials/{credential}/unblock")
def unblock_card(hub: HubNow, caller: CallerNow, credential: str) -> Response:
    with acting(hub, caller) as act:
        unblocked = credentials.set_blocked(act, credential, blocked=False)
    return see(f"/people/{unblocked.holder}", "card-unblocked")


def _grant(act: Act, person: str, typed: Typed) -> None:
    """By the product's terms but for what was typed; the same form sent twice grants once."""
    product = products.get(act.connection, typed.required("product"))
    zone = zone_of(act.connection, product.template.zones)
    given = {
        "valid_from": typed.day_start("valid_from", zone),
        "valid_until": typed.day_end("valid_until", zone),
        "units": typed.whole("units"),
    }
    wanted = {name: value for name, value in given.items() if value is not None}
    body = checked(NewEntitlement, {"product": product.id, **wanted})
    terms = entitlements.terms_of(
        act.connection,
        product,
        people.get(act.connection, person),
        at=act.at,
        valid_from=body.valid_from,
    )
    terms = replace(terms, **{name: getattr(body, name) for name in wanted})
    once = typed.text("once")
    request = f"{person} {body.model_dump_json(exclude_unset=True)}"
    references = [Reference(text=f"form:{once}", request=request)] if once else []
    entitlements.grant(act, person, product.id, terms, references=references)
