"""Figures at a glance, for pages: people inside, verdicts of a day, units taken, lost parts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from core.entries import Verdict
from core.ids import EdgeId, EntitlementId, EpochId, ZoneId
from hub.taps.store import figures, judged
from hub.taps.store.judged import Place

__all__ = ["Figures", "Place", "figures_at", "lost_parts", "taken", "taken_until"]

INSIDE_FOR_MAX = timedelta(hours=24)
"""Whoever passed longer ago has left by a way without a reader."""

_LOST = {"lost": True, "found": False, "jam": True, "jam-cleared": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How many are in each zone, and how many taps opened or were refused since midnight."""

    inside: Mapping[ZoneId, int]
    opened: int
    refused: int


def figures_at(connection: Connection, *, now: datetime, midnight: datetime) -> Figures:
    verdicts = figures.verdicts(connection, midnight)
    return Figures(
        inside=figures.inside(connection, now - INSIDE_FOR_MAX),
        opened=verdicts.get(Verdict.ALLOW, 0) + verdicts.get(Verdict.SOFT, 0),
        refused=verdicts.get(Verdict.DENY, 0),
    )


def lost_parts(connection: Connection) -> Mapping[EdgeId, list[str]]:
    """The parts of each edge that told last that they do not work."""
    found: dict[EdgeId, list[str]] = {}
    for edge, part, alarm in figures.last_alarms(connection, _LOST):
        if _LOST[alarm]:
            found.setdefault(edge, []).append(part)
    return found


def taken(
    connection: Connection, entitlements: Iterable[EntitlementId]
) -> Mapping[EntitlementId, int]:
    """Units taken of each entitlement so far."""
    return judged.taken(connection, list(entitlements), None)


def taken_until(
    connection: Connection,
    entitlement: EntitlementId,
    *,
    edge: EdgeId,
    epoch: EpochId,
    seq: int,
    at: datetime,
) -> int:
    """Units taken of the entitlement up to and including one entry."""
    after = Place(edge=edge, epoch=epoch, seq=seq + 1, at=at)
    return judged.taken(connection, [entitlement], after).get(entitlement, 0)
