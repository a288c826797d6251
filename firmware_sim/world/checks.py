"""What must agree after a day: what physically happened, and what the hub tells of it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest

from firmware_sim.world.record import CardLaid, PhysicalRecord, WentThrough

MOVED = frozenset({"passed", "forced", "reverse", "tailgate"})
"""Movements in which somebody really went through; a no-show is none."""
SETTLED = frozenset({"passed", "no-show"})
"""How a release ends."""
OPENING = frozenset({"allow", "soft"})
AGREED = "agree"
APART_MAX = timedelta(seconds=4)
"""Between a card laid and its tap, or an arm that is round and its passage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TapRow:
    """A tap at a gate as the hub tells it; keys sort as their edge wrote them."""

    key: str
    access_point: str
    holder: str | None
    verdict: str
    reason: str
    opinion: str | None
    units: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageRow:
    """How a release ended, or a passage without one; `grant` is the key of what released it."""

    key: str
    grant: str | None
    access_point: str
    holder: str | None
    movement: str
    units: int
    zone_to: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PunchRow:
    """A working-time stamp."""

    key: str
    access_point: str
    holder: str | None
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HubRows:
    """Everything read back through the hub's interface.

    `opened` are the access points of executed open commands.
    """

    taps: tuple[TapRow, ...]
    passages: tuple[PassageRow, ...]
    punches: tuple[PunchRow, ...]
    opened: tuple[str, ...] = ()

    @property
    def inside(self) -> frozenset[str]:
        """Whose last passage, as the hub tells it, led into a zone."""
        passed = [row for row in self.passages if row.movement == "passed" and row.holder]
        zones = {row.holder: row.zone_to for row in sorted(passed, key=lambda row: row.key)}
        return frozenset(holder for holder, zone in zones.items() if holder and zone)

    def units_taken(self, holder: str) -> int:
        """What taps reserved, less what no-shows gave back."""
        reserved = sum(row.units for row in self.taps if row.holder == holder)
        returned = [row for row in self.passages if row.movement == "no-show"]
        return reserved - sum(row.units for row in returned if row.holder == holder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """Whose card is whose: holder by UID in hex; who has an entitlement with units; the way in."""

    holders: Mapping[str, str]
    counted: frozenset[str]
    entry: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a tap must have been told, in the order of the taps at each access point."""

    access_point: str
    holder: str | None
    reason: str


def differences(happened: PhysicalRecord, rows: HubRows, issued: Issued) -> list[str]:
    """Everything in which the hub's rows are not what happened, in words; empty if they agree."""
    found: list[str] = []
    found += _doubled(rows)
    found += _compared("tap", happened.laid, (*rows.taps, *rows.punches), issued)
    moved = [row for row in rows.passages if row.movement in MOVED]
    found += _compared("passage", happened.passages, moved, issued)
    found += _unsettled(rows)
    found += _disputed(rows)
    found += _misplaced(happened, rows, issued)
    found += _miscounted(happened, rows, issued)
    return found


def surprises(expected: Sequence[Expected], rows: HubRows) -> list[str]:
    """Taps that were told something else than the day had foreseen."""
    found: list[str] = []
    for point in sorted({each.access_point for each in expected}):
        foreseen = [(each.holder, each.reason) for each in expected if each.access_point == point]
        taps = sorted((t for t in rows.taps if t.access_point == point), key=lambda tap: tap.key)
        told = [(tap.holder, tap.reason) for tap in taps]
        found += [
            f"tap at {point}, number {number}: foreseen {one}, told {other}"
            for number, (one, other) in enumerate(zip_longest(foreseen, told), start=1)
            if one != other
        ][:1]
    return found


Happened = CardLaid | WentThrough
Row = TapRow | PassageRow | PunchRow


def _doubled(rows: HubRows) -> list[str]:
    every: tuple[Row, ...] = (*rows.taps, *rows.passages, *rows.punches)
    keys = Counter(row.key for row in every)
    return [f"entry {key} is told {count} times" for key, count in keys.items() if count > 1]


def _compared(
    word: str, happened: Sequence[Happened], rows: Sequence[Row], issued: Issued
) -> list[str]:
    """At each access point the same ones, in the same order, of the same people."""
    points = sorted({each.access_point for each in (*happened, *rows)})
    return [
        difference
        for point in points
        for difference in _in_order(
            f"{word} at {point}",
            [each for each in happened if each.access_point == point],
            sorted((row for row in rows if row.access_point == point), key=lambda row: row.key),
            issued,
        )
    ]


def _in_order(
    what: str, happened: Sequence[Happened], rows: Sequence[Row], issued: Issued
) -> Iterable[str]:
    if len(happened) != len(rows):
        yield f"{what}: {len(happened)} happened, the hub tells {len(rows)}"
    for number, (each, row) in enumerate(zip_longest(happened, rows), start=1):
        difference = _difference(each, row, issued)
        if difference:
            yield f"{what}, number {number}: {difference}"
            return


def _difference(each: Happened | None, row: Row | None, issued: Issued) -> str | None:
    if each is None or row is None:
        return "the hub invented it" if each is None else "the hub does not know it"
    holder = issued.holders.get(each.card) if each.card else None
    if row.holder != holder:
        return f"it was {holder or 'nobody known'}, the hub tells {row.holder or 'nobody known'}"
    if abs(row.at - each.at) > APART_MAX:
        return f"it was at {each.at:%H:%M:%S.%f}, the hub tells {row.at:%H:%M:%S.%f}"
    if isinstance(each, WentThrough) and isinstance(row, PassageRow):
        return _other_movement(each, row)
    return None


def _other_movement(passage: WentThrough, row: PassageRow) -> str | None:
    movement = "forced" if passage.forced else "passed"
    if row.movement == movement:
        return None
    return f"it was {movement}, the hub tells {row.movement}"


def _unsettled(rows: HubRows) -> Iterable[str]:
    """Every release ends exactly once, as passed or as a no-show."""
    ends = Counter(row.grant for row in rows.passages if row.movement in SETTLED)
    released = {row.key for row in rows.taps if row.verdict in OPENING}
    for tap in rows.taps:
        if tap.key in released and ends[tap.key] != 1:
            yield f"the release of tap {tap.key} ended {ends[tap.key]} times"
    by_command = sum(count for key, count in ends.items() if key not in released)
    if by_command != len(rows.opened):
        yield f"{len(rows.opened)} openings by the hub, {by_command} releases without a tap ended"


def _disputed(rows: HubRows) -> Iterable[str]:
    """The hub judges every tap again, and comes to the same."""
    for tap in rows.taps:
        if tap.opinion != AGREED:
            yield f"tap {tap.key} ({tap.reason}): the hub's opinion is {tap.opinion}"


def _misplaced(happened: PhysicalRecord, rows: HubRows, issued: Issued) -> Iterable[str]:
    """Inside are those whose last passage led in."""
    last = _last_passages(happened, issued)
    inside = {holder for holder, point in last.items() if point == issued.entry}
    for holder in sorted(inside ^ rows.inside):
        where = "inside" if holder in inside else "outside"
        yield f"{holder} is {where}, the hub tells otherwise"


def _last_passages(happened: PhysicalRecord, issued: Issued) -> dict[str, str]:
    return {
        issued.holders[each.card]: each.access_point
        for each in happened.passages
        if each.card and each.card in issued.holders
    }


def _miscounted(happened: PhysicalRecord, rows: HubRows, issued: Issued) -> Iterable[str]:
    """A visit is spent by going in, by nothing else."""
    went_in = Counter(
        issued.holders.get(each.card)
        for each in happened.passages
        if each.card and each.access_point == issued.entry
    )
    for holder in sorted(issued.counted):
        spent, told = went_in[holder], rows.units_taken(holder)
        if spent != told:
            yield f"{holder} spent {spent} visits, the hub tells {told}"
