"""The nouns of the hub, and what each brings: tables, routes, background work, by fixed file names.

`hub/<noun>/store.py` adds its tables to hub.columns; `api.py` has `router` (mounted at /api/v1)
and `ROLES`; `pages.py` likewise (mounted at /); `background.py` has `services(hub)`;
`command.py` is one more command of vratar-hub (`NAME`, `HELP`, `arguments(parser)`,
`run(hub, arguments)`); `verify.py` has `verify(connection)` for verify-audit.
"""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

NOUNS = (
    "tenants",
    "accounts",
    "audit",
    "broker",
    "rows",
    "sites",
    "people",
    "credentials",
    "products",
    "entitlements",
    "rights",
    "edges",
    "taps",
    "issuing",
    "dashboard",
)


def modules(name: str) -> Iterator[ModuleType]:
    """The module `name` of every noun that has one, in the order of NOUNS."""
    for noun in NOUNS:
        if find_spec(f"hub.{noun}") and find_spec(f"hub.{noun}.{name}"):
            yield import_module(f"hub.{noun}.{name}")


def load_tables() -> None:
    """Fill hub.columns' table sets with every noun's tables."""
    for _ in modules("store"):
        pass
