"""Whether the chains of all edges are whole."""

from collections.abc import Iterator

from sqlalchemy import Connection

from hub.taps import service


def problems(connection: Connection) -> Iterator[str]:
    """A line for each epoch that is broken, naming its first broken entry."""
    for each in service.verify_chains(connection).broken:
        yield f"edge {each.edge}, epoch {each.epoch} is broken at entry {each.seq}: {each.problem}"
