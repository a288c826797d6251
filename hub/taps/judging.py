"""Taps judged again, in the projector's transaction; a late arrival re-judges later ones once."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from core.access import Facts
from core.entries import Entry, Tapped
from core.ids import EdgeId, EntitlementId, EpochId
from core.instants import ClockState, Moment
from hub.taps import facts, news
from hub.taps.opinion import Judged, Opinion, tap_of
from hub.taps.opinion import judge as compare
from hub.taps.store import journal, judged
from hub.taps.store.judged import Place
from wire.codec import decode_entry

LATER_TAPS_MAX = 200
"""A late arrival of long ago does not hold up what happens now."""


def judge(
    connection: Connection,
    position: int,
    entry: Entry,
    place: Place,
    *,
    now: datetime,
    telling: bool = True,
) -> None:
    """Write the hub's verdict beside the edge's; a defect is an alarm, told if it is new."""
    tapped = entry.body
    assert isinstance(tapped, Tapped)
    moment = replace(entry.moment, at=place.at)
    if moment.clock is ClockState.UNKNOWN:
        # The hub does know when it was, within the uncertainty of its reckoning.
        moment = Moment(at=place.at, clock=ClockState.DRIFTING, uncertainty=timedelta(0))
    tap = tap_of(tapped, moment)

    def of_edge() -> Facts | None:
        return facts.facts_at(connection, tap, place, version=tapped.cache_version)

    found = compare(entry, tapped, moment, facts.facts_at(connection, tap, place), of_edge)
    judged.set_opinion(connection, position, _values(found, now))
    if found.opinion is Opinion.DEFECT:
        reasons = f"{tapped.reason} at the edge, {_reason(found)} at the hub"
        news.alarm(
            connection,
            edge=place.edge,
            part="rules",
            alarm="defect",
            detail=f"entry {place.epoch}/{place.seq}: {reasons}",
            at=now,
            position=position,
            telling=telling,
        )


def judge_later(
    connection: Connection,
    touched: Mapping[EntitlementId, datetime],
    fresh: Collection[int],
    now: datetime,
) -> None:
    """Judge again the taps of these rights after the given instants, but for the fresh ones."""
    positions: dict[int, Any] = {}
    for entitlement, since in touched.items():
        for row in judged.later_taps(connection, entitlement, since, LATER_TAPS_MAX):
            if row.position not in fresh:
                positions[row.position] = row
    for position, row in positions.items():
        stored = journal.entries_after(connection, position - 1, 1)[0]
        place = Place(edge=EdgeId(row.edge), epoch=EpochId(row.epoch), seq=row.seq, at=row.at)
        judge(connection, position, decode_entry(stored.content), place, now=now, telling=False)


def _values(found: Judged, now: datetime) -> dict[str, object]:
    decision = found.decision
    return {
        "hub_verdict": decision.verdict.value if decision else None,
        "hub_reason": decision.reason.value if decision else None,
        "hub_facts": found.facts,
        "opinion": found.opinion.value,
        "judged_at": now,
    }


def _reason(found: Judged) -> str:
    return found.decision.reason.value if found.decision else ""
