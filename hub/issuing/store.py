"""SQL of armed readers: where the next unknown card is issued, to whom, until when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Index, Text, insert, select, update

from core.ids import AccessPointId, AccountId, HolderId, SiteId
from hub.columns import TENANT, Instant, table

_issuings = table(
    TENANT,
    "issuings",
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("access_point", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("armed_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    # issued, replaced, cancelled or refused; null while the card is awaited.
    Column("outcome", Text),
    Column("credential", Text),
    Column("ended_at", Instant),
)
Index(None, _issuings.c.access_point, _issuings.c.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuing:
    """A reader armed for one person; `outcome` is None while the card is awaited."""

    id: str
    site: SiteId
    access_point: AccessPointId
    holder: HolderId
    account: AccountId
    armed_at: datetime
    expires_at: datetime
    outcome: str | None
    credential: str | None
    ended_at: datetime | None


def add(connection: Connection, issuing: Issuing) -> None:
    connection.execute(
        insert(_issuings).values(
            id=issuing.id,
            site=issuing.site,
            access_point=issuing.access_point,
            holder=issuing.holder,
            account=issuing.account,
            armed_at=issuing.armed_at,
            expires_at=issuing.expires_at,
        )
    )


def one(connection: Connection, issuing: str) -> Issuing | None:
    row = connection.execute(select(_issuings).where(_issuings.c.id == issuing)).first()
    return None if row is None else _issuing(row)


def awaited(connection: Connection, access_point: AccessPointId, now: datetime) -> Issuing | None:
    """The one that awaits a card there now."""
    query = select(_issuings).where(
        _issuings.c.access_point == access_point,
        _issuings.c.outcome.is_(None),
        _issuings.c.expires_at > now,
    )
    row = connection.execute(query.order_by(_issuings.c.armed_at.desc())).first()
    return None if row is None else _issuing(row)


def end(
    connection: Connection, issuing: str, *, outcome: str, credential: str | None, at: datetime
) -> None:
    connection.execute(
        update(_issuings)
        .where(_issuings.c.id == issuing, _issuings.c.outcome.is_(None))
        .values(outcome=outcome, credential=credential, ended_at=at)
    )


def _issuing(row: Any) -> Issuing:  # SQLAlchemy's rows have no type of their own
    return Issuing(**dict(row._mapping))  # noqa: SLF001 - its public name has an underscore
