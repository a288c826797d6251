"""The facts of a past tap as the hub has them: rows valid then, and what had happened by then."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from core.access import Facts, IssuedCredential, Tap
from core.entries import Grant
from core.ids import EdgeId, EntitlementId, EpochId, HolderId, SiteId
from core.ledger import Rows, State, facts_of
from core.presence import AccessPoint, Presence
from core.schedule import Calendar
from hub.edges import service as edges
from hub.rows import service as rows
from hub.taps.store import judged
from hub.taps.store.judged import Place
from wire.messages import HolderRow, RowKind, SiteRow

AT_THE_END = EpochId("99999999-ffffffffffffffff")
"""After every epoch of an edge."""


def facts_at(
    connection: Connection, tap: Tap, place: Place, *, version: int | None = None
) -> Facts | None:
    """The facts of a tap at its place; None if the site had no such access point then.

    `version` is of the site's rows; without it they are those valid at the place's time.
    """
    edge = edges.get(connection, place.edge)
    if version is None:
        version = rows.version_at(connection, edge.site, place.at)
    known = rows_at(connection, edge.site, tap, version=version, as_of=place.at)
    if known is None:
        return None
    return facts_of(known, state_at(connection, known, place))


def now_at(edge: EdgeId, at: datetime) -> Place:
    """After all that is known of an edge: for a tap that nobody has made yet."""
    return Place(edge=edge, epoch=AT_THE_END, seq=0, at=at)


def rows_at(
    connection: Connection, site: SiteId, tap: Tap, *, version: int, as_of: datetime
) -> Rows | None:
    """The rows that a version of the site has for this tap."""
    site_row = rows.body_at(connection, site, RowKind.SITE, site, version)
    point = rows.body_at(connection, site, RowKind.ACCESS_POINT, tap.access_point, version)
    if not isinstance(site_row, SiteRow) or not isinstance(point, AccessPoint):
        return None
    credential = rows.body_at(connection, site, RowKind.CREDENTIAL, tap.credential, version)
    issued = credential if isinstance(credential, IssuedCredential) else None
    holder = issued.holder if issued else None
    return Rows(
        access_point=point,
        mode=site_row.mode,
        calendar=Calendar(zone=ZoneInfo(site_row.timezone), holidays=frozenset(site_row.holidays)),
        credential=issued,
        holder_blocked=_is_blocked(connection, site, holder, version),
        entitlements=rows.entitlements_at(connection, site, holder, version) if holder else (),
        cache_as_of=as_of,
    )


def state_at(connection: Connection, known: Rows, place: Place) -> State:
    """Units, presence and open grants that matter for these rows, before a place."""
    holder = known.credential.holder if known.credential else None
    if holder is None:
        return State()
    ids = [EntitlementId(each.id) for each in known.entitlements]
    move = judged.last_move(connection, holder, place)
    grant = judged.open_grant(connection, holder, place)
    return State(
        taken=judged.taken(connection, ids, place),
        presence={holder: Presence(zone=move[0], since=move[1])} if move else {},
        pending={Grant(epoch=grant[0], seq=grant[1]): holder} if grant else {},
    )


def _is_blocked(
    connection: Connection, site: SiteId, holder: HolderId | None, version: int
) -> bool:
    """A holder without a row is blocked, as at the edge: nobody knows."""
    if holder is None:
        return False
    row = rows.body_at(connection, site, RowKind.HOLDER, holder, version)
    return not isinstance(row, HolderRow) or row.blocked
