"""Who may do what: roles within a tenant, and rows of the matrix from routes to roles."""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What an account is in a tenant."""

    OWNER = "owner"
    ADMINISTRATOR = "administrator"
    RECEPTION = "reception"


Roles = frozenset[Role]

ANYONE: Roles = frozenset()
"""No login needed; the route checks for itself whatever has to be checked."""

OWNERS: Roles = frozenset({Role.OWNER})
ADMINISTRATORS: Roles = OWNERS | {Role.ADMINISTRATOR}
STAFF: Roles = ADMINISTRATORS | {Role.RECEPTION}

Matrix = Mapping[str, Roles]
"""Roles by route, such as `POST /people`; a route without a row keeps the hub from starting."""
