"""vratar-hub rebuild: fold all entries again, after a rule was mended."""

import argparse
import sys

from hub.context import Hub
from hub.taps.projector import Projector

NAME = "rebuild"
HELP = "make taps, passages, punches and figures anew from what the edges recorded"


def arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(hub: Hub, _: argparse.Namespace) -> int:
    """Every tenant in one transaction each; what was folded before stays until then."""
    for tenant in hub.tenants:
        count = Projector(database=tenant.database, clock=hub.clock).rebuild()
        sys.stdout.write(f"{tenant.id}: folded {count} entries again\n")
    return 0
