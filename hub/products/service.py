"""Products: templates from which entitlements are granted; changing one changes no entitlement."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row

from core.entitlement import STALENESS_MEMBER
from core.ids import ProductId, ZoneId, new_id
from core.schedule import ALWAYS, Weekly
from hub.acts import Act
from hub.audit import service as audit
from hub.errors import NotFoundError, invalid, message
from hub.fields import weekly_from_text, weekly_text
from hub.products import store
from hub.sites import service as sites


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What a product grants; `valid_for_days` counts whole local days, the first one included."""

    name: str
    zones: tuple[ZoneId, ...]
    weekly: Weekly = ALWAYS
    units: int | None = None
    valid_for_days: int | None = None
    staleness_bound: timedelta | None = STALENESS_MEMBER
    offered: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A template with its id."""

    id: ProductId
    template: Template


def create(act: Act, template: Template) -> Product:
    _require_fitting(act.connection, template)
    product = ProductId(new_id("pr", act.random_bytes))
    store.insert(act.connection, id=product, created_at=act.at, **_values(template))
    store.set_zones(act.connection, product, [*template.zones])
    audit.record_act(act, "product.created", product)
    return get(act.connection, product)


def change(act: Act, product_id: str, template: Template) -> Product:
    """What is granted from now on; what was granted stays as it was sold."""
    product = get(act.connection, product_id)
    _require_fitting(act.connection, template)
    store.update(act.connection, product.id, **_values(template))
    store.set_zones(act.connection, product.id, [*template.zones])
    audit.record_act(act, "product.changed", product.id)
    return get(act.connection, product.id)


def get(connection: Connection, product_id: str) -> Product:
    row = store.by_id(connection, product_id)
    if row is None:
        raise NotFoundError(message("There is no product {id}.", id=product_id))
    return _product(connection, row)


def everything(connection: Connection) -> list[Product]:
    """All products by name, those no longer offered too."""
    return [_product(connection, row) for row in store.everything(connection)]


def _require_fitting(connection: Connection, template: Template) -> None:
    sites.require_zones(connection, template.zones)
    if not template.zones:
        raise invalid(
            "zones",
            message("a product without zones opens nothing."),
            message("Choose at least one zone."),
        )


def _values(template: Template) -> dict[str, object]:
    return {
        "name": template.name,
        "weekly": weekly_text(template.weekly),
        "units": template.units,
        "valid_for_days": template.valid_for_days,
        "staleness_bound": template.staleness_bound,
        "offered": template.offered,
    }


def _product(connection: Connection, row: Row[Any]) -> Product:
    template = Template(
        name=row.name,
        zones=tuple(ZoneId(zone) for zone in store.zones_of(connection, row.id)),
        weekly=weekly_from_text(row.weekly),
        units=row.units,
        valid_for_days=row.valid_for_days,
        staleness_bound=row.staleness_bound,
        offered=row.offered,
    )
    return Product(id=ProductId(row.id), template=template)
