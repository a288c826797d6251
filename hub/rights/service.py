"""From the tables to the sites' rows: what each site's edges must know of each holder."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from core.access import IssuedCredential
from core.entitlement import Entitlement
from core.ids import HolderId, SiteId
from hub.credentials import service as credentials
from hub.database import announced
from hub.entitlements import service as entitlements
from hub.people import service as people
from hub.rights import store
from hub.rights.store import Placed
from hub.rows import service as rows
from hub.rows.service import RowChange
from hub.sites import service as sites
from wire.codec import RowBody
from wire.messages import HolderRow, RowKind

STALE = "holder"
"""The kind of change that services announce of a holder whose rows may have become others."""

NEW_SITE = "site"
"""The kind of change that is announced of a site when it is made."""

Projection = Mapping[Placed, RowBody]
"""Rows by their place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Difference:
    holder: HolderId
    known: frozenset[Placed]
    wanted: Projection

    @property
    def gone(self) -> frozenset[Placed]:
        return self.known - self.wanted.keys()


def refresh_stale(connection: Connection, at: datetime) -> None:
    """The hook that ends a write transaction: bring the rows of all stale holders up to date."""
    stale = dict.fromkeys(HolderId(each) for each in announced(connection, STALE))
    if announced(connection, NEW_SITE):
        stale |= dict.fromkeys(sorted(_without_rights(connection)))
    refresh_all(connection, stale, at)


def refresh(connection: Connection, holder: HolderId, at: datetime) -> None:
    """Put the difference between what the sites know of the holder and what they must know."""
    refresh_all(connection, [holder], at)


def refresh_all(connection: Connection, holders: Iterable[HolderId], at: datetime) -> None:
    """Several holders at once: a card that went from one to another is taken before it is given."""
    differences = [
        _Difference(
            holder=holder,
            known=store.of_holder(connection, holder),
            wanted=wanted(connection, holder),
        )
        for holder in holders
    ]
    for difference in differences:
        _put(connection, dict.fromkeys(difference.gone), at)
        store.remove(connection, difference.holder, difference.gone)
    for difference in differences:
        _put(connection, difference.wanted, at)
        new = frozenset(difference.wanted.keys() - difference.known)
        store.add(connection, difference.holder, new)


def wanted(connection: Connection, holder: HolderId) -> Projection:
    """Recomputed from the tables: at each site that concerns the holder, all they are known by.

    Whoever has cards but no right and no workplace is known everywhere, so that gates say that they
    have no access and not that their card is unknown.
    """
    person = people.find(connection, holder)
    if person is None:
        return {}
    workplace = person.site if person.employee else None
    standing = entitlements.standing(connection, holder)
    issued_to = credentials.of_holder(connection, holder)
    by_site = _by_site(connection, standing, workplace)
    if not by_site and issued_to:
        by_site = {site.id: [] for site in sites.everywhere(connection)}
    found: dict[Placed, RowBody] = {}
    for site, rights in by_site.items():
        found[site, RowKind.HOLDER, holder] = HolderRow(blocked=person.blocked_at is not None)
        for right in rights:
            found[site, RowKind.ENTITLEMENT, right.id] = right
        for issued in issued_to:
            body = IssuedCredential(holder=holder, blocked=issued.blocked_at is not None)
            found[site, RowKind.CREDENTIAL, issued.key] = body
    return found


def sites_of(connection: Connection, holder: HolderId) -> frozenset[SiteId]:
    """The sites that know the holder."""
    return frozenset(site for site, _, _ in store.of_holder(connection, holder))


def _without_rights(connection: Connection) -> frozenset[HolderId]:
    """Those with cards whom no site knows by a right."""
    entitled = store.holders_with(connection, RowKind.ENTITLEMENT)
    return credentials.holders(connection) - entitled


def _by_site(
    connection: Connection, standing: Iterable[Entitlement], workplace: SiteId | None
) -> Mapping[SiteId, list[Entitlement]]:
    """The rights that count at each site; a site of work knows its people without any."""
    found: dict[SiteId, list[Entitlement]] = {workplace: []} if workplace else {}
    for right in standing:
        zones = sites.require_zones(connection, right.zones)
        for site in sorted({zone.site for zone in zones.values()}):
            found.setdefault(site, []).append(right)
    return found


def _put(connection: Connection, bodies: Mapping[Placed, RowBody | None], at: datetime) -> None:
    """In a fixed order, so that equal changes give equal versions."""
    by_site: dict[SiteId, list[RowChange]] = {}
    for (site, kind, row), body in sorted(bodies.items(), key=lambda item: item[0]):
        change = RowChange(kind=RowKind(kind), id=row, body=body)
        by_site.setdefault(site, []).append(change)
    for site, changes in by_site.items():
        rows.put_all(connection, site, changes, at)
