"""What people are offered: the list of products, and adding one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from core.entitlement import STALENESS_MEMBER
from core.ids import ZoneId
from core.reasons import Language
from hub.caller import CallerNow, HubNow, acting
from hub.dashboard.forms import Form, Typed, TypedNow, checked, refused, wrong
from hub.dashboard.frame import page, reading, see
from hub.dashboard.places import zone_names
from hub.dashboard.refusals import PageRoute
from hub.dashboard.words import WEEKDAYS, hours
from hub.errors import HubError, message
from hub.fields import weekly_of
from hub.products import service
from hub.products.api import TemplateBody
from hub.products.service import Product, Template
from hub.roles import ADMINISTRATORS, STAFF

router = APIRouter(route_class=PageRoute)
ROLES = {"GET /products": STAFF, "POST /products": ADMINISTRATORS}

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z")
_WHOLE_WEEK = tuple(str(day) for day in range(1, 8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A product as the list shows it."""

    name: str
    zones: str
    validity: str
    visits: str
    hours: str


@router.get("/products")
def show(request: Request, caller: CallerNow) -> Response:
    with caller.tenant.database.read() as connection:
        return _products(request, connection, Form())


@router.post("/products")
def add(request: Request, hub: HubNow, caller: CallerNow, typed: TypedNow) -> Response:
    try:
        with acting(hub, caller) as act:
            service.create(act, _template(typed))
    except HubError as error:
        with caller.tenant.database.read() as connection:
            form = refused(typed, error, reading(request))
            return _products(request, connection, form, status=error.status)
    return see("/products", "product-created")


def _template(typed: Typed) -> Template:
    body = checked(
        TemplateBody,
        {
            "name": typed.text("name"),
            "zones": list(typed.every("zones")),
            "units": typed.whole("units"),
            "valid_for_days": typed.whole("valid_for_days"),
            "weekly": {"windows": _windows(typed)},
        },
    )
    days = body.staleness_days
    return Template(
        name=body.name,
        zones=tuple(ZoneId(zone) for zone in body.zones),
        weekly=weekly_of(body.weekly),
        units=body.units,
        valid_for_days=body.valid_for_days,
        staleness_bound=STALENESS_MEMBER if days is None else timedelta(days=days),
    )


def _windows(typed: Typed) -> list[dict[str, object]]:
    """The one window of the form; none when nothing was said of days and hours."""
    start, end, days = _hour(typed, "start"), _hour(typed, "end"), typed.every("days")
    if not (start or end or days):
        return []
    ticked = [int(day) for day in days or _WHOLE_WEEK if day in _WHOLE_WEEK]
    return [{"days": ticked, "start": start or "00:00", "end": end or "24:00"}]


def _hour(typed: Typed, name: str) -> str:
    text = typed.text(name)
    if text and not _CLOCK.match(text):
        raise wrong(name, message("It is not a time of day."), message("Write it as 06:30."))
    return text


def _products(
    request: Request, connection: Connection, form: Form, *, status: int = 200
) -> Response:
    zones, language = zone_names(connection), reading(request)
    return page(
        request,
        "products.html",
        status=status,
        form=form,
        products=[_offered(each, zones, language) for each in service.everything(connection)],
        zone_choices=list(zones.items()),
        day_choices=[(str(day), names.in_(language)) for day, names in WEEKDAYS.items()],
    )


def _offered(product: Product, zones: Mapping[ZoneId, str], language: Language) -> Offered:
    template = product.template
    days = template.valid_for_days
    return Offered(
        name=template.name,
        zones=", ".join(zones.get(zone, zone) for zone in template.zones),
        validity=str(days) if days else "",
        visits=str(template.units) if template.units is not None else "",
        hours=hours(template.weekly, language),
    )
