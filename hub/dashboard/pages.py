"""Every page of the hub, in one router with one matrix of roles."""

from types import ModuleType

from fastapi import APIRouter

from hub.dashboard import (
    account,
    gates,
    issuing,
    live,
    login,
    people,
    person,
    person_acts,
    products,
)
from hub.dashboard.refusals import refusal
from hub.roles import Roles

__all__ = ["ROLES", "refusal", "router"]

_PARTS: tuple[ModuleType, ...] = (
    login,
    live,
    gates,
    people,
    person,
    person_acts,
    issuing,
    products,
    account,
)

router = APIRouter(include_in_schema=False)
ROLES: dict[str, Roles] = {}
for part in _PARTS:
    for route in part.router.routes:
        route.include_in_schema = False
    router.routes.extend(part.router.routes)
    ROLES |= part.ROLES
