"""SQL of figures at a glance: who is inside, how many taps of a day, parts that do not answer."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, func, select

from core.ids import EdgeId, ZoneId
from hub.taps.store.judged import KINDS

_taps, _passages, _alarms = KINDS["taps"], KINDS["passages"], KINDS["alarms"]


def inside(connection: Connection, since: datetime) -> dict[ZoneId, int]:
    """How many people passed into each zone last, of those who passed anywhere since then."""
    place = func.row_number().over(
        partition_by=_passages.c.holder,
        order_by=(_passages.c.at.desc(), _passages.c.epoch.desc(), _passages.c.seq.desc()),
    )
    last = (
        select(_passages.c.zone_to, place.label("place"))
        .where(
            _passages.c.at >= since,
            _passages.c.movement == "passed",
            _passages.c.holder.is_not(None),
        )
        .subquery()
    )
    query = (
        select(last.c.zone_to, func.count().label("people"))
        .where(last.c.place == 1, last.c.zone_to.is_not(None))
        .group_by(last.c.zone_to)
    )
    return {ZoneId(row.zone_to): row.people for row in connection.execute(query)}


def verdicts(connection: Connection, since: datetime) -> dict[str, int]:
    """How many taps had each verdict since then."""
    query = (
        select(_taps.c.verdict, func.count().label("taps"))
        .where(_taps.c.at >= since)
        .group_by(_taps.c.verdict)
    )
    return {row.verdict: row.taps for row in connection.execute(query)}


def last_alarms(connection: Connection, names: Iterable[str]) -> list[tuple[EdgeId, str, str]]:
    """Of each edge's parts the last alarm among these: edge, part, alarm."""
    newest = (
        select(func.max(_alarms.c.id))
        .where(_alarms.c.alarm.in_(list(names)))
        .group_by(_alarms.c.edge, _alarms.c.part)
    )
    query = select(_alarms).where(_alarms.c.id.in_(newest)).order_by(_alarms.c.id)
    return [(EdgeId(row.edge), row.part, row.alarm) for row in connection.execute(query)]
