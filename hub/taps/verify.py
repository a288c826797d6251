"""Whether the chains of all edges are whole."""

from collections.abc import Iterator

from sqlalchemy import Connection

from hub.taps import service


def verify(connection: Connection) -> Iterator[tuple[bool, str]]:
    """A line for each epoch that is broken, naming its first broken entry; else one for all."""
    report = service.verify_chains(connection)
    if report.whole:
        yield True, f"edges' chains of {report.entries} entries in {report.epochs} epochs are whole"
    for each in report.broken:
        place = f"edge {each.edge}, epoch {each.epoch}"
        yield False, f"{place} is broken at entry {each.seq}: {each.problem}"
