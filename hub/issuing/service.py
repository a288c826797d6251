"""Arm a reader for a person: the next unknown card tapped there is issued to them."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from core.credential import CredentialKey, CredentialKind
from core.entries import Entry, Punched, Tapped
from core.ids import AccessPointId, RandomBytes, new_id
from core.reasons import Reason
from hub.acts import Act
from hub.audit import service as audit
from hub.credentials import service as credentials
from hub.errors import HubError, NotFoundError, message
from hub.issuing import store
from hub.issuing.store import Issuing
from hub.people import service as people
from hub.sites import points
from hub.taps import news

VALID_FOR = timedelta(seconds=60)


def arm(act: Act, *, access_point: str, person: str) -> Issuing:
    """Await a card for the person there for a minute; an earlier wait there ends."""
    placed = points.get_point(act.connection, access_point)
    holder = people.get(act.connection, person).id
    before = store.awaited(act.connection, placed.point.id, act.at)
    if before is not None:
        _end(act.connection, before, outcome="replaced", credential=None, at=act.at)
    issuing = Issuing(
        id=new_id("i", act.random_bytes),
        site=placed.site,
        access_point=placed.point.id,
        holder=holder,
        account=act.account,
        armed_at=act.at,
        expires_at=act.at + VALID_FOR,
        outcome=None,
        credential=None,
        ended_at=None,
    )
    store.add(act.connection, issuing)
    audit.record_act(act, "issuing.armed", holder, {"access_point": placed.point.id})
    _tell(act.connection, issuing, outcome="armed", at=act.at)
    return issuing


def cancel(act: Act, issuing_id: str) -> Issuing:
    """Await it no longer."""
    issuing = get(act.connection, issuing_id)
    if issuing.outcome is None:
        _end(act.connection, issuing, outcome="cancelled", credential=None, at=act.at)
    return get(act.connection, issuing_id)


def get(connection: Connection, issuing_id: str) -> Issuing:
    found = store.one(connection, issuing_id)
    if found is None:
        raise NotFoundError(message("There is no issuing {id}.", id=issuing_id))
    return found


def is_awaited(issuing: Issuing, now: datetime) -> bool:
    return issuing.outcome is None and now < issuing.expires_at


def on_entry(
    connection: Connection, entry: Entry, *, now: datetime, random_bytes: RandomBytes
) -> None:
    """Issue the unknown card of this entry, if one is awaited where it was tapped.

    What was tapped before the reader was armed does not count.
    """
    unknown = _unknown(entry)
    if unknown is None:
        return
    access_point, kind, key = unknown
    issuing = store.awaited(connection, access_point, now)
    if issuing is None or entry.moment.latest < issuing.armed_at:
        return
    act = Act(connection=connection, account=issuing.account, at=now, random_bytes=random_bytes)
    try:
        issued = credentials.issue_key(act, issuing.holder, kind=kind, key=key, label="")
    except HubError:
        # Somebody issued it, or removed the person, in the meantime: the page tells so.
        _end(connection, issuing, outcome="refused", credential=None, at=now)
        return
    _end(connection, issuing, outcome="issued", credential=issued.id, at=now)


def _unknown(entry: Entry) -> tuple[AccessPointId, CredentialKind, CredentialKey] | None:
    """The card that nobody has, where it was shown; None for all other entries."""
    match entry.body:
        case Tapped(reason=Reason.UNKNOWN_CREDENTIAL) as tapped:
            return tapped.access_point, tapped.credential_kind, tapped.credential
        case Punched(holder=None) as punched:
            return punched.access_point, punched.credential_kind, punched.credential
        case _:
            return None


def _end(
    connection: Connection,
    issuing: Issuing,
    *,
    outcome: str,
    credential: str | None,
    at: datetime,
) -> None:
    store.end(connection, issuing.id, outcome=outcome, credential=credential, at=at)
    _tell(connection, issuing, outcome=outcome, at=at, credential=credential)


def _tell(
    connection: Connection,
    issuing: Issuing,
    *,
    outcome: str,
    at: datetime,
    credential: str | None = None,
) -> None:
    news.tell(
        connection,
        "issuing",
        {
            "issuing": issuing.id,
            "site": issuing.site,
            "access_point": issuing.access_point,
            "holder": issuing.holder,
            "outcome": outcome,
            "credential": credential,
        },
        at,
    )
