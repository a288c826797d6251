"""The projector: folds acknowledged entries into taps, passages, figures, by its own offset."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from sqlalchemy import Connection

from core.entries import Entry, Tapped
from core.ids import EdgeId, EntitlementId, EpochId, HolderId, SiteId
from core.presence import Presence
from hub.database import Database
from hub.edges import service as edges
from hub.rows import service as rows
from hub.taps import judging, tables
from hub.taps.corrected import corrected_moment
from hub.taps.store import journal, judged
from hub.taps.store.judged import Place
from hub.taps.tables import Folded
from wire.codec import decode_entry

log = logging.getLogger(__name__)

ENTRIES_PER_STEP_MAX = 200
"""Each may change a figure and a presence, and those of one step travel together; and nobody
else writes meanwhile."""

assert 2 * ENTRIES_PER_STEP_MAX <= rows.FIGURES_PER_CHANGE_MAX

OnEntry = Callable[[Connection, EdgeId, SiteId, Entry, datetime], None]
"""Another noun's interest in an entry, within the projector's transaction."""


@dataclass(slots=True, kw_only=True)
class _Touched:
    """What a step changed: rights and people with the earliest instant, and marks by site."""

    entitlements: dict[EntitlementId, datetime] = field(default_factory=dict)
    holders: set[HolderId] = field(default_factory=set)
    marks: dict[SiteId, dict[tuple[EdgeId, EpochId], int]] = field(default_factory=dict)

    def add(self, other: "_Touched") -> None:
        self.entitlements |= other.entitlements
        self.holders |= other.holders


@dataclass(frozen=True, slots=True, kw_only=True)
class Projector:
    """Used by one thread; `clock` says when something was judged."""

    database: Database
    clock: Callable[[], datetime]
    on_entry: Sequence[OnEntry] = ()

    def step(self) -> int:
        """Fold what has come since the last step, at most so many; returns how many."""
        with self.database.read() as connection:
            if not journal.entries_after(connection, judged.offset(connection), 1):
                return 0
        with self.database.write() as connection:
            touched = _Touched()
            count = self._fold(connection, touched, telling=True)
            _put_figures(connection, touched, self.clock())
            return count

    def rebuild(self) -> int:
        """Forget all that was folded and fold every entry again; returns how many.

        One transaction: nobody sees half of it. Figures are put at its end, so that edges are
        told only of those that differ; news are not told again.
        """
        with self.database.write() as connection:
            touched = _Touched()
            judged.forget(connection)
            count = 0
            while folded := self._fold(connection, touched, telling=False):
                count += folded
            _put_figures(connection, touched, self.clock())
            return count

    def _fold(self, connection: Connection, touched: _Touched, *, telling: bool) -> int:
        """The next entries; `telling` also tells news and other nouns."""
        stored = journal.entries_after(connection, judged.offset(connection), ENTRIES_PER_STEP_MAX)
        if not stored:
            return 0
        now = self.clock()
        fresh = _Touched()
        folded = list(_placed(connection, stored))
        for each in folded:
            self._write(connection, each, fresh, now=now, telling=telling)
        for each in folded:
            if isinstance(each.entry.body, Tapped):
                judging.judge(
                    connection, each.position, each.entry, each.place, now=now, telling=telling
                )
        judging.judge_later(connection, fresh.entitlements, {each.position for each in folded}, now)
        touched.add(fresh)
        _mark(touched, stored, connection)
        judged.set_offset(connection, stored[-1].position)
        return len(stored)

    def _write(
        self,
        connection: Connection,
        each: Folded,
        touched: _Touched,
        *,
        now: datetime,
        telling: bool,
    ) -> None:
        effect = tables.write(connection, each, telling=telling)
        if effect.entitlement is not None and effect.units:
            earliest = touched.entitlements.get(effect.entitlement, each.place.at)
            touched.entitlements[effect.entitlement] = min(earliest, each.place.at)
        if effect.moves and effect.holder is not None:
            touched.holders.add(effect.holder)
        if telling:
            for listener in self.on_entry:
                listener(connection, each.place.edge, each.site, each.entry, now)


def _placed(connection: Connection, stored: Sequence[journal.Stored]) -> Iterator[Folded]:
    """The entries at their places, without those kept aside or of a removed edge."""

    @cache
    def site_of(edge: EdgeId) -> SiteId | None:
        found = edges.find(connection, edge)
        return found.site if found else None

    @cache
    def anchor_of(edge: EdgeId, epoch: EpochId) -> int | None:
        found = journal.epoch(connection, edge, epoch)
        return found.anchor_ms if found else None

    for each in stored:
        site = site_of(each.edge)
        if each.aside is not None or site is None:
            continue
        entry = decode_entry(each.content)
        moment = corrected_moment(entry, anchor_of(each.edge, each.epoch))
        place = Place(edge=each.edge, epoch=each.epoch, seq=each.seq, at=moment.at)
        yield Folded(position=each.position, site=site, entry=entry, place=place)


def _mark(touched: _Touched, stored: Sequence[journal.Stored], connection: Connection) -> None:
    sites: dict[EdgeId, SiteId | None] = {}
    for each in stored:
        if each.edge not in sites:
            edge = edges.find(connection, each.edge)
            sites[each.edge] = edge.site if edge else None
        site = sites[each.edge]
        if site is not None:
            marks = touched.marks.setdefault(site, {})
            marks[each.edge, each.epoch] = max(marks.get((each.edge, each.epoch), 0), each.seq)


def _put_figures(connection: Connection, touched: _Touched, now: datetime) -> None:
    """In parts that travel whole; all carry the same marks."""
    entitlements, holders = sorted(touched.entitlements), sorted(touched.holders)
    for start in range(0, max(len(entitlements), len(holders)), ENTRIES_PER_STEP_MAX):
        end = start + ENTRIES_PER_STEP_MAX
        rows.put_figures(
            connection,
            taken=_taken(connection, entitlements[start:end]),
            presences=_presences(connection, holders[start:end]),
            included=touched.marks,
            at=now,
        )


def _taken(
    connection: Connection, entitlements: Sequence[EntitlementId]
) -> dict[EntitlementId, int]:
    taken = judged.taken(connection, entitlements, None)
    return {entitlement: taken.get(entitlement, 0) for entitlement in entitlements}


def _presences(connection: Connection, holders: Sequence[HolderId]) -> dict[HolderId, Presence]:
    moves = {holder: judged.last_move(connection, holder, None) for holder in holders}
    return {holder: Presence(zone=move[0], since=move[1]) for holder, move in moves.items() if move}
