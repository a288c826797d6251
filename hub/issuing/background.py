"""Lets issuing hear of every tap."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from core.entries import Entry
from core.ids import EdgeId, SiteId
from hub.context import Background, Hub
from hub.issuing import service
from hub.taps.background import EntryListeners


def services(hub: Hub) -> Sequence[Background]:
    """No work of its own: it listens within the projector's transaction."""

    def on_entry(
        connection: Connection, _edge: EdgeId, _site: SiteId, entry: Entry, now: datetime
    ) -> None:
        service.on_entry(connection, entry, now=now, random_bytes=hub.random_bytes)

    hub.parts[EntryListeners] = EntryListeners([on_entry])
    return []
