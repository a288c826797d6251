"""Routes of credentials."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, StringConstraints

from core.credential import CredentialKey, CredentialKind
from hub.caller import CallerNow, HubNow, acting
from hub.credentials import service
from hub.credentials.service import IssuedToHolder
from hub.errors import invalid, message
from hub.fields import Body, NameText
from hub.people import service as people
from hub.problems import responses
from hub.roles import STAFF, Matrix

router = APIRouter(tags=["credentials"])

ROLES: Matrix = {
    "GET /people/{person}/credentials": STAFF,
    "POST /people/{person}/credentials": STAFF,
    "POST /credentials/{credential}/block": STAFF,
    "POST /credentials/{credential}/unblock": STAFF,
    "DELETE /credentials/{credential}": STAFF,
}


class CredentialBody(BaseModel):
    """A credential; its number is not kept, only a keyed hash that is shown to nobody."""

    id: str
    holder: str
    kind: CredentialKind
    label: str
    blocked_at: datetime | None
    issued_at: datetime


class NewCredential(Body):
    """A card by its number (`uid`, hex), or by the `key` of a tap that an edge has recorded."""

    uid: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    key: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None = None
    kind: CredentialKind = CredentialKind.NFC_UID
    label: NameText = "NFC"


@router.get(
    "/people/{person}/credentials",
    summary="List a person's credentials",
    responses=responses(404),
)
def list_credentials(person: str, caller: CallerNow) -> list[CredentialBody]:
    with caller.tenant.database.read() as connection:
        people.get(connection, person)
        return [_body(each) for each in service.of_holder(connection, person)]


@router.post(
    "/people/{person}/credentials",
    status_code=201,
    summary="Issue a credential",
    responses=responses(404, 409),
)
def issue_credential(
    person: str, body: NewCredential, caller: CallerNow, hub: HubNow
) -> CredentialBody:
    with acting(hub, caller) as act:
        if body.uid is not None and body.key is None:
            return _body(service.issue_uid(act, person, uid_hex=body.uid, label=body.label))
        if body.key is None or body.uid is not None or body.kind is CredentialKind.MALFORMED:
            raise invalid(
                "uid",
                message("either a card's number or the key of a tap is needed, not both."),
                message("Send uid, or key with its kind."),
            )
        key = CredentialKey(body.key)
        return _body(service.issue_key(act, person, kind=body.kind, key=key, label=body.label))


@router.post(
    "/credentials/{credential}/block", summary="Block a credential", responses=responses(404)
)
def block_credential(credential: str, caller: CallerNow, hub: HubNow) -> CredentialBody:
    with acting(hub, caller) as act:
        return _body(service.set_blocked(act, credential, blocked=True))


@router.post(
    "/credentials/{credential}/unblock", summary="Unblock a credential", responses=responses(404)
)
def unblock_credential(credential: str, caller: CallerNow, hub: HubNow) -> CredentialBody:
    with acting(hub, caller) as act:
        return _body(service.set_blocked(act, credential, blocked=False))


@router.delete(
    "/credentials/{credential}",
    status_code=204,
    summary="Take a credential back",
    responses=responses(404),
)
def take_credential_back(credential: str, caller: CallerNow, hub: HubNow) -> None:
    with acting(hub, caller) as act:
        service.take_back(act, credential)


def _body(credential: IssuedToHolder) -> CredentialBody:
    return CredentialBody(
        id=credential.id,
        holder=credential.holder,
        kind=credential.kind,
        label=credential.label,
        blocked_at=credential.blocked_at,
        issued_at=credential.issued_at,
    )
