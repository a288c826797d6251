"""News for those who follow: written with what happened, told once it is committed."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from core.chain import Json, canonical
from core.ids import EdgeId
from hub.database import announce
from hub.taps.store import feed, judged

FEED = "feed"
"""The kind of change that listeners of the database hear."""

KEPT = 20_000
"""A listener that missed more begins with what is newest."""


def tell(connection: Connection, kind: str, body: Mapping[str, Json], at: datetime) -> None:
    """One piece of news, in the transaction of what it tells."""
    news = feed.add(connection, kind=kind, body=canonical(dict(body)).decode("utf-8"), at=at)
    announce(connection, FEED, str(news.id))
    if news.id % KEPT == 0:
        feed.trim(connection, KEPT)


def alarm(
    connection: Connection,
    *,
    edge: EdgeId,
    part: str,
    alarm: str,
    detail: str,
    at: datetime,
    position: int | None = None,
    telling: bool = True,
) -> None:
    """Something that a person should look at; `position` names the entry it follows from."""
    values: dict[str, Json] = {"edge": edge, "part": part, "alarm": alarm, "detail": detail}
    judged.add(connection, "alarms", {**values, "at": at, "position": position})
    if telling:
        tell(connection, "alarm", values, at)
