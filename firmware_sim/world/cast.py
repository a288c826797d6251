"""Who is in the play: each part's card, right and wrong, made through the hub's interface."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from firmware_sim.world.hub_client import HubClient
from firmware_sim.world.people import Visitor

PARTS = (
    "yearly",
    "ten-visits",
    "student",
    "off-peak",
    "expired",
    "blocked",
    "guest",
    "employee",
    "stranger",
)
"""In the order of the page; the stranger is not known to the hub."""
UNKNOWN = "stranger"
COUNTED = "ten-visits"
VISITS_LEFT = 2

_YEAR_DAYS = 365
_WINDOW_AHEAD = timedelta(hours=3)
_WINDOW_FOR = timedelta(hours=2)
_EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The demo's site at the hub: its id, its zones, its time zone."""

    site: str
    zone: str
    other_zone: str  # no gate of the demo leads there
    timezone: ZoneInfo


def enrol_people(
    hub: HubClient, place: Place, visitors: Sequence[Visitor], now: datetime
) -> Mapping[str, str]:
    """Register everybody known with card and rights; the holder's id by part."""
    products = _products(hub, place, now)
    return {
        visitor.part: _register(hub, place, visitor, products, now)
        for visitor in visitors
        if visitor.part != UNKNOWN
    }


def _register(
    hub: HubClient,
    place: Place,
    visitor: Visitor,
    products: Mapping[str, str],
    now: datetime,
) -> str:
    employee = visitor.part == "employee"
    person = {"name": visitor.name, "employee": employee}
    if employee:
        person["site"] = place.site
    holder = str(hub.post("/people", person)["id"])
    hub.post(f"/people/{holder}/credentials", {"uid": visitor.card.hex()})
    product, changes = _GRANTS[visitor.part](now)
    hub.post(f"/people/{holder}/entitlements", {"product": products[product], **changes})
    if visitor.part == "blocked":
        hub.post(f"/people/{holder}/block", {"reason": "Neporavnan račun"})
    return holder


Grant = Callable[[datetime], tuple[str, dict[str, Any]]]

_GRANTS: Mapping[str, Grant] = {
    "yearly": lambda _: ("Letna članarina", {}),
    "ten-visits": lambda _: ("Karta za deset obiskov", {"units": VISITS_LEFT}),
    "student": lambda _: ("Študentska članarina", {}),
    "off-peak": lambda _: ("Članarina za mirne ure", {}),
    "expired": lambda now: (
        "Letna članarina",
        {
            "valid_from": (now - timedelta(days=_YEAR_DAYS)).isoformat(),
            "valid_until": (now - timedelta(days=1)).isoformat(),
        },
    ),
    "blocked": lambda _: ("Letna članarina", {}),
    "guest": lambda _: ("Karta za balvane", {}),
    "employee": lambda _: ("Osebje", {}),
}


def _products(hub: HubClient, place: Place, now: datetime) -> Mapping[str, str]:
    """The price list; ids by name."""
    plain = {"zones": [place.zone]}
    wanted: list[dict[str, Any]] = [
        plain | {"name": "Letna članarina", "valid_for_days": _YEAR_DAYS},
        plain | {"name": "Študentska članarina", "valid_for_days": _YEAR_DAYS},
        plain | {"name": "Karta za deset obiskov", "units": 10},
        plain | {"name": "Članarina za mirne ure", "weekly": {"windows": [_later(place, now)]}},
        {"name": "Karta za balvane", "zones": [place.other_zone], "units": 1},
        plain | {"name": "Osebje", "staleness_days": 30},
    ]
    return {each["name"]: str(hub.post("/products", each)["id"]) for each in wanted}


def _later(place: Place, now: datetime) -> dict[str, Any]:
    """A daily window that does not cover `now`, whatever the time is."""
    start = (now + _WINDOW_AHEAD).astimezone(place.timezone).replace(minute=0)
    end = start + _WINDOW_FOR
    return {"days": _EVERY_DAY, "start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}
