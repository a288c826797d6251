"""Routes of products."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from core.entitlement import UNITS_MAX
from core.ids import ZoneId
from hub.caller import CallerNow, HubNow, acting
from hub.fields import Body, IdText, NameText, WeeklyBody, weekly_body, weekly_of
from hub.problems import responses
from hub.products import service
from hub.products.service import Product, Template
from hub.roles import ADMINISTRATORS, STAFF, Matrix

router = APIRouter(prefix="/products", tags=["products"])

ROLES: Matrix = {
    "GET /products": STAFF,
    "POST /products": ADMINISTRATORS,
    "PUT /products/{product}": ADMINISTRATORS,
}

Units = Annotated[int, Field(ge=0, le=UNITS_MAX)]
Zones = Annotated[list[IdText], Field(min_length=1, max_length=100)]
StalenessDays = Annotated[int, Field(ge=1, le=3650)]


class TemplateBody(Body):
    """What a product grants; null is without limit.

    `valid_for_days` counts whole local days, the first one included; `staleness_days` is how old
    a gate's copy of the rights may be for it to let somebody in with this.
    """

    name: NameText
    zones: Zones
    weekly: WeeklyBody = WeeklyBody()
    units: Units | None = None
    valid_for_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    staleness_days: StalenessDays | None = 7
    offered: bool = True


class ProductBody(BaseModel):
    """A product."""

    id: str
    name: str
    zones: list[str]
    weekly: WeeklyBody
    units: int | None
    valid_for_days: int | None
    staleness_days: int | None
    offered: bool


@router.get("", summary="List the products", responses=responses())
def list_products(caller: CallerNow) -> list[ProductBody]:
    with caller.tenant.database.read() as connection:
        return [_body(product) for product in service.everything(connection)]


@router.post("", status_code=201, summary="Create a product", responses=responses())
def create_product(body: TemplateBody, caller: CallerNow, hub: HubNow) -> ProductBody:
    with acting(hub, caller) as act:
        return _body(service.create(act, _template(body)))


@router.put("/{product}", summary="Replace a product", responses=responses(404))
def replace_product(
    product: str, body: TemplateBody, caller: CallerNow, hub: HubNow
) -> ProductBody:
    """What was granted before stays as it was sold."""
    with acting(hub, caller) as act:
        return _body(service.change(act, product, _template(body)))


def _template(body: TemplateBody) -> Template:
    days = body.staleness_days
    return Template(
        name=body.name,
        zones=tuple(ZoneId(zone) for zone in dict.fromkeys(body.zones)),
        weekly=weekly_of(body.weekly),
        units=body.units,
        valid_for_days=body.valid_for_days,
        staleness_bound=None if days is None else timedelta(days=days),
        offered=body.offered,
    )


def _body(product: Product) -> ProductBody:
    template = product.template
    bound = template.staleness_bound
    return ProductBody(
        id=product.id,
        name=template.name,
        zones=[*template.zones],
        weekly=weekly_body(template.weekly),
        units=template.units,
        valid_for_days=template.valid_for_days,
        staleness_days=None if bound is None else bound // timedelta(days=1),
        offered=template.offered,
    )
