"""Entitlements: granting them from products, changing and ending them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from core.chain import Json
from core.entitlement import STALENESS_EMPLOYEE, STALENESS_MEMBER, Entitlement
from core.ids import EntitlementId, HolderId, ProductId, ZoneId, new_id
from core.schedule import Weekly
from hub.acts import Act
from hub.audit import service as audit
from hub.database import announce
from hub.entitlements import store
from hub.errors import ConflictError, NotFoundError, invalid, message
from hub.fields import weekly_from_text, weekly_text
from hub.people import service as people
from hub.people.service import Person
from hub.products import service as products
from hub.products.service import Product
from hub.sites import service as sites


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What may differ from the product; a whole right but for its id, holder and product."""

    name: str
    zones: tuple[ZoneId, ...]
    weekly: Weekly
    valid_from: datetime | None
    valid_until: datetime | None
    units: int | None
    staleness_bound: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """An entitlement with what the hub alone knows of it."""

    entitlement: Entitlement
    ended_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Under what a caller may repeat a grant: the same `text` and `request` give the same right."""

    text: str
    request: str


def terms_of(
    connection: Connection,
    product: Product,
    holder: Person,
    *,
    at: datetime,
    valid_from: datetime | None = None,
) -> Terms:
    """The product's terms for a grant at `at`; its days are whole ones at the zones' site.

    An employee's right outlasts a longer silence of the hub than the members' usual one.
    """
    template = product.template
    bound = template.staleness_bound
    if holder.employee and bound == STALENESS_MEMBER:
        bound = STALENESS_EMPLOYEE
    start = valid_from or at
    until = None
    if template.valid_for_days is not None:
        zone = _timezone(connection, template.zones)
        until = _midnight_after(start, template.valid_for_days, zone)
    return Terms(
        name=template.name,
        zones=template.zones,
        weekly=template.weekly,
        valid_from=start,
        valid_until=until,
        units=template.units,
        staleness_bound=bound,
    )


def grant(
    act: Act,
    person_id: str,
    product_id: str,
    terms: Terms,
    *,
    references: Iterable[Reference] = (),
) -> tuple[Granted, bool]:
    """A new right and True, or the one granted under a reference before and False."""
    person = people.get(act.connection, person_id)
    product = products.get(act.connection, product_id)
    references = list(references)
    for reference in references:
        known = _repeated(act.connection, reference)
        if known is not None:
            return known, False
    entitlement = EntitlementId(new_id("e", act.random_bytes))
    _require_fitting(act.connection, terms)
    right = _right(entitlement, person.id, product.id, terms)
    store.insert(act.connection, created_at=act.at, **_values(right))
    store.set_zones(act.connection, entitlement, [*right.zones])
    for reference in references:
        store.insert_reference(
            act.connection,
            reference=reference.text,
            entitlement=entitlement,
            request=_digest(reference.request),
        )
    details: dict[str, Json] = {"holder": person.id, "product": product.id}
    audit.record_act(act, "entitlement.granted", entitlement, details)
    announce(act.connection, "holder", person.id)
    return get(act.connection, entitlement), True


def change(act: Act, entitlement_id: str, terms: Terms) -> Granted:
    """Other terms from now on; ConflictError for a right that has ended."""
    granted = get(act.connection, entitlement_id)
    if granted.ended_at is not None:
        raise ConflictError(message("This entitlement has ended; grant a new one."))
    _require_fitting(act.connection, terms)
    old = granted.entitlement
    right = _right(old.id, old.holder, old.product, terms)
    if right == old:
        return granted
    store.update(act.connection, old.id, **_values(right))
    store.set_zones(act.connection, old.id, [*right.zones])
    fields: list[Json] = [*sorted(_differing(old, right))]
    audit.record_act(act, "entitlement.changed", old.id, {"holder": old.holder, "fields": fields})
    announce(act.connection, "holder", old.holder)
    return get(act.connection, old.id)


def end(act: Act, entitlement_id: str) -> Granted:
    """Over from now on; the gate then says that it has expired. Ending twice changes nothing."""
    granted = get(act.connection, entitlement_id)
    if granted.ended_at is not None:
        return granted
    right = granted.entitlement
    until = right.valid_until
    begun = right.valid_from is None or right.valid_from < act.at
    if begun and (until is None or until > act.at):
        store.update(act.connection, right.id, valid_until=act.at, ended_at=act.at)
    else:
        store.update(act.connection, right.id, ended_at=act.at)
    audit.record_act(act, "entitlement.ended", right.id, {"holder": right.holder})
    announce(act.connection, "holder", right.holder)
    return get(act.connection, right.id)


def get(connection: Connection, entitlement_id: str) -> Granted:
    row = store.by_id(connection, entitlement_id)
    if row is None:
        raise NotFoundError(message("There is no entitlement {id}.", id=entitlement_id))
    return _all(connection, [row])[0]


def of_holder(connection: Connection, holder: str) -> list[Granted]:
    """All of a person's, also those that are over, in the order of granting."""
    return _all(connection, store.of_holder(connection, holder))


def standing(connection: Connection, holder: str) -> list[Entitlement]:
    """What gates must know: all but those that ended before they began."""
    return [
        granted.entitlement
        for granted in of_holder(connection, holder)
        if granted.ended_at is None or _began(granted)
    ]


def terms(right: Entitlement) -> Terms:
    return Terms(
        name=right.name,
        zones=right.zones,
        weekly=right.weekly,
        valid_from=right.valid_from,
        valid_until=right.valid_until,
        units=right.units,
        staleness_bound=right.staleness_bound,
    )


def _began(granted: Granted) -> bool:
    start = granted.entitlement.valid_from
    return start is None or granted.ended_at is None or start < granted.ended_at


def _repeated(connection: Connection, reference: Reference) -> Granted | None:
    known = store.by_reference(connection, reference.text)
    if known is None:
        return None
    if known.request != _digest(reference.request):
        raise ConflictError(
            message(
                "Reference {reference} was used for another request; choose a new one.",
                reference=reference.text,
            )
        )
    return get(connection, known.entitlement)


def _digest(request: str) -> str:
    return hashlib.sha256(request.encode()).hexdigest()


def _require_fitting(connection: Connection, wanted: Terms) -> None:
    sites.require_zones(connection, wanted.zones)
    if not wanted.zones:
        raise invalid(
            "zones",
            message("an entitlement without zones opens nothing."),
            message("Choose at least one zone."),
        )
    start, until = wanted.valid_from, wanted.valid_until
    if start is not None and until is not None and until <= start:
        raise invalid(
            "valid_until",
            message("it is not after valid_from."),
            message("Choose a later end, or none."),
        )


def _timezone(connection: Connection, zones: Iterable[ZoneId]) -> ZoneInfo:
    found = sites.require_zones(connection, zones)
    site = min(zone.site for zone in found.values())
    return ZoneInfo(sites.get(connection, site).timezone)


def _midnight_after(start: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Local midnight that ends the `days`-th day, the day of `start` being the first."""
    last = start.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(last, time(), zone).astimezone(start.tzinfo)


def _right(
    entitlement: EntitlementId, holder: HolderId, product: ProductId, wanted: Terms
) -> Entitlement:
    return Entitlement(
        id=entitlement,
        holder=holder,
        product=product,
        name=wanted.name,
        zones=tuple(sorted(set(wanted.zones))),
        weekly=wanted.weekly,
        valid_from=wanted.valid_from,
        valid_until=wanted.valid_until,
        units=wanted.units,
        staleness_bound=wanted.staleness_bound,
    )


def _differing(old: Entitlement, new: Entitlement) -> list[str]:
    return [name for name in Terms.__dataclass_fields__ if getattr(old, name) != getattr(new, name)]


def _values(right: Entitlement) -> dict[str, object]:
    return {
        "id": right.id,
        "holder": right.holder,
        "product": right.product,
        "name": right.name,
        "weekly": weekly_text(right.weekly),
        "valid_from": right.valid_from,
        "valid_until": right.valid_until,
        "units": right.units,
        "staleness_bound": right.staleness_bound,
    }


def _all(connection: Connection, rows: list[Row[Any]]) -> list[Granted]:
    zones = store.zones_of(connection, [row.id for row in rows])
    return [_granted(row, zones.get(row.id, [])) for row in rows]


def _granted(row: Row[Any], zones: list[str]) -> Granted:
    right = Entitlement(
        id=EntitlementId(row.id),
        holder=HolderId(row.holder),
        product=ProductId(row.product),
        name=row.name,
        zones=tuple(ZoneId(zone) for zone in zones),
        weekly=weekly_from_text(row.weekly),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        units=row.units,
        staleness_bound=row.staleness_bound,
    )
    return Granted(entitlement=right, ended_at=row.ended_at, created_at=row.created_at)
