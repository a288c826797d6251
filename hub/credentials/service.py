"""Credentials: issuing, blocking and taking back what people present at readers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from core.credential import CredentialKey, CredentialKind, from_uid, key_of
from core.ids import CredentialId, HolderId, new_id
from hub.acts import Act
from hub.audit import service as audit
from hub.credentials import store
from hub.database import announce
from hub.errors import ConflictError, InvalidError, NotFoundError, invalid, message
from hub.people import service as people
from hub.sites import service as sites


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToHolder:
    """A credential as the hub keeps it; `label` is what reception calls it."""

    id: CredentialId
    holder: HolderId
    kind: CredentialKind
    key: CredentialKey
    label: str
    blocked_at: datetime | None
    issued_at: datetime


def issue_uid(act: Act, person_id: str, *, uid_hex: str, label: str) -> IssuedToHolder:
    """Issue a card by its number, as a reader or the card's print shows it."""
    credential = from_uid(_uid(uid_hex))
    if credential.kind is CredentialKind.MALFORMED:
        raise invalid(
            "uid",
            message(
                "a card does not keep such a number: 4 bytes starting with 08 change each time."
            ),
            message("Use a card with a fixed number of 4, 7 or 10 bytes."),
        )
    key = key_of(sites.credential_key(act.connection), credential)
    return issue_key(act, person_id, kind=credential.kind, key=key, label=label)


def issue_key(
    act: Act, person_id: str, *, kind: CredentialKind, key: CredentialKey, label: str
) -> IssuedToHolder:
    """Issue what an edge has seen under this key; once more to the same person changes nothing."""
    person = people.get(act.connection, person_id)
    known = store.by_key(act.connection, key)
    if known is not None and known.holder == person.id:
        return _credential(known)
    if known is not None:
        raise ConflictError(
            message(
                "This card is issued to person {holder} already; take it back there first.",
                holder=known.holder,
            )
        )
    credential = CredentialId(new_id("c", act.random_bytes))
    store.insert(
        act.connection,
        id=credential,
        holder=person.id,
        kind=kind.value,
        key=key,
        label=label,
        issued_at=act.at,
    )
    audit.record_act(act, "credential.issued", credential, {"holder": person.id})
    announce(act.connection, "holder", person.id)
    return get(act.connection, credential)


def set_blocked(act: Act, credential_id: str, *, blocked: bool) -> IssuedToHolder:
    """A blocked card is refused as revoked; the holder's other cards go on working."""
    credential = get(act.connection, credential_id)
    if (credential.blocked_at is not None) == blocked:
        return credential
    store.update(act.connection, credential.id, blocked_at=act.at if blocked else None)
    action = "credential.blocked" if blocked else "credential.unblocked"
    audit.record_act(act, action, credential.id, {"holder": credential.holder})
    announce(act.connection, "holder", credential.holder)
    return get(act.connection, credential.id)


def take_back(act: Act, credential_id: str) -> None:
    """The card is nobody's from now on and can be issued again."""
    credential = get(act.connection, credential_id)
    store.delete(act.connection, credential.id)
    audit.record_act(act, "credential.returned", credential.id, {"holder": credential.holder})
    announce(act.connection, "holder", credential.holder)


def get(connection: Connection, credential_id: str) -> IssuedToHolder:
    row = store.by_id(connection, credential_id)
    if row is None:
        raise NotFoundError(message("There is no credential {id}.", id=credential_id))
    return _credential(row)


def find_key(connection: Connection, key: CredentialKey) -> IssuedToHolder | None:
    """Whose the presented credential is."""
    row = store.by_key(connection, key)
    return _credential(row) if row else None


def of_holder(connection: Connection, holder: str) -> list[IssuedToHolder]:
    """In the order of issuing, blocked ones too."""
    return [_credential(row) for row in store.of_holder(connection, holder)]


def holders(connection: Connection) -> frozenset[HolderId]:
    """Everybody who has a credential, also a blocked one."""
    return frozenset(HolderId(each) for each in store.holders(connection))


def _uid(text: str) -> bytes:
    digits = text.replace(":", "").replace(" ", "").replace("-", "")
    if not digits.isascii():
        raise _bad_uid()
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise _bad_uid() from None


def _bad_uid() -> InvalidError:
    return invalid(
        "uid",
        message("it is not a card number."),
        message("Write its bytes in hex, such as 04A1B2C3D4E5F6."),
    )


def _credential(row: Row[Any]) -> IssuedToHolder:
    return IssuedToHolder(
        id=CredentialId(row.id),
        holder=HolderId(row.holder),
        kind=CredentialKind(row.kind),
        key=CredentialKey(row.key),
        label=row.label,
        blocked_at=row.blocked_at,
        issued_at=row.issued_at,
    )
