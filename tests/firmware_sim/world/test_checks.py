"""The check itself: silent about a true account, and red about each way of telling it falsely."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from firmware_sim.world.checks import (
    Expected,
    HubRows,
    Issued,
    PassageRow,
    PunchRow,
    TapRow,
    differences,
    surprises,
)
from firmware_sim.world.record import CardLaid, PhysicalRecord, WentThrough

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ENTRY, EXIT, TERMINAL = "main-entry", "main-exit", "staff-terminal"
ISSUED = Issued(
    holders={"aa": "h-ana", "bb": "h-luka"},
    counted=frozenset({"h-luka"}),
    entry=ENTRY,
)


def at(second: float) -> datetime:
    return NOON + timedelta(seconds=second)


def laid(second: float, card: str, point: str = ENTRY) -> CardLaid:
    return CardLaid(access_point=point, card=card, at=at(second))


def went(
    second: float, card: str | None, point: str = ENTRY, *, forced: bool = False
) -> WentThrough:
    return WentThrough(access_point=point, card=card, forced=forced, at=at(second))


def tap(
    seq: int, second: float, holder: str | None, verdict: str = "allow", point: str = ENTRY
) -> TapRow:
    return TapRow(
        key=f"gates/1/{seq:09}",
        access_point=point,
        holder=holder,
        verdict=verdict,
        reason="granted" if verdict == "allow" else "expired",
        opinion="agree",
        units=1 if holder == "h-luka" else 0,
        at=at(second),
    )


def passed(
    seq: int,
    second: float,
    holder: str | None,
    movement: str = "passed",
    *,
    point: str = ENTRY,
    grant: int | None = None,
) -> PassageRow:
    return PassageRow(
        key=f"gates/1/{seq:09}",
        grant=f"gates/1/{grant:09}" if grant else None,
        access_point=point,
        holder=holder,
        movement=movement,
        units=1 if holder == "h-luka" else 0,
        zone_to="z-hall" if point == ENTRY else None,
        at=at(second),
    )


HAPPENED = PhysicalRecord(
    laid=(
        laid(0, "aa"),
        laid(3, "bb"),
        laid(6, "cc"),
        laid(8, "aa", EXIT),
        laid(12, "bb", TERMINAL),
        laid(15, "bb"),
    ),
    passages=(
        went(1, "aa"),
        went(4, "bb"),
        went(9, "aa", EXIT),
        went(11, None, forced=True),
        went(20, None),
    ),
)
ROWS = HubRows(
    taps=(
        tap(1, 0.1, "h-ana"),
        tap(3, 3.1, "h-luka"),
        tap(5, 6.1, None, "deny"),
        tap(6, 8.1, "h-ana", point=EXIT),
        tap(9, 15.1, "h-luka"),
    ),
    passages=(
        passed(2, 1.1, "h-ana", grant=1),
        passed(4, 4.1, "h-luka", grant=3),
        passed(7, 9.1, "h-ana", point=EXIT, grant=6),
        passed(8, 11.1, None, "forced"),
        passed(10, 18.1, "h-luka", "no-show", grant=9),
        passed(12, 20.1, None, grant=11),
    ),
    punches=(
        PunchRow(
            key="terminal/1/000000001",
            access_point=TERMINAL,
            holder="h-luka",
            kind="in",
            at=at(12.1),
        ),
    ),
    opened=(ENTRY,),
)


def without(place: int) -> HubRows:
    return replace(ROWS, passages=ROWS.passages[:place] + ROWS.passages[place + 1 :])


def told(place: int, row: PassageRow) -> HubRows:
    return replace(ROWS, passages=(*ROWS.passages[:place], row, *ROWS.passages[place + 1 :]))


def test_a_true_account_has_no_differences() -> None:
    assert differences(HAPPENED, ROWS, ISSUED) == []


@pytest.mark.parametrize("place", range(len(ROWS.passages)))
def test_a_passage_that_is_not_told_is_found(place: int) -> None:
    assert differences(HAPPENED, without(place), ISSUED)


@pytest.mark.parametrize("place", range(len(ROWS.taps)))
def test_a_tap_that_is_not_told_is_found(place: int) -> None:
    rows = replace(ROWS, taps=ROWS.taps[:place] + ROWS.taps[place + 1 :])
    assert differences(HAPPENED, rows, ISSUED)


@pytest.mark.parametrize("place", range(len(ROWS.passages)))
def test_a_passage_told_twice_is_found_also_under_a_number_of_its_own(place: int) -> None:
    double = replace(ROWS.passages[place], key="gates/1/000000099")
    assert differences(HAPPENED, replace(ROWS, passages=(*ROWS.passages, double)), ISSUED)


def test_the_same_entry_told_twice_is_found() -> None:
    rows = replace(ROWS, punches=ROWS.punches * 2)
    assert "entry terminal/1/000000001 is told 2 times" in differences(HAPPENED, rows, ISSUED)


FALSE: dict[str, Callable[[PassageRow], PassageRow]] = {
    "another direction": lambda row: replace(row, access_point=EXIT),
    "another holder": lambda row: replace(row, holder="h-luka"),
    "another movement": lambda row: replace(row, movement="forced"),
    "a no-show": lambda row: replace(row, movement="no-show"),
    "of another tap": lambda row: replace(row, grant="gates/1/000000003"),
    "another time": lambda row: replace(row, at=row.at + timedelta(seconds=30)),
}


@pytest.mark.parametrize("flip", FALSE)
def test_a_passage_told_falsely_is_found(flip: str) -> None:
    assert differences(HAPPENED, told(0, FALSE[flip](ROWS.passages[0])), ISSUED)


def test_two_passages_told_in_the_other_order_are_found() -> None:
    first, second = ROWS.passages[:2]
    swapped = (replace(first, key=second.key), replace(second, key=first.key))
    rows = replace(ROWS, passages=(*swapped, *ROWS.passages[2:]))
    assert differences(HAPPENED, rows, ISSUED)


def test_a_release_that_never_ended_is_found() -> None:
    found = differences(HAPPENED, replace(ROWS, opened=(ENTRY, ENTRY)), ISSUED)
    assert found == ["2 openings by the hub, 1 releases without a tap ended"]


FORESEEN = tuple(
    Expected(access_point=row.access_point, holder=row.holder, reason=row.reason)
    for row in ROWS.taps
)


def test_what_was_foreseen_is_no_surprise() -> None:
    assert surprises(FORESEEN, ROWS) == []


@pytest.mark.parametrize("place", range(len(FORESEEN)))
def test_another_answer_than_foreseen_is_a_surprise(place: int) -> None:
    other = replace(FORESEEN[place], reason="lockdown")
    assert len(surprises((*FORESEEN[:place], other, *FORESEEN[place + 1 :]), ROWS)) == 1


def test_a_tap_that_nobody_made_is_a_surprise() -> None:
    assert len(surprises(FORESEEN[:-1], ROWS)) == 1


def test_somebody_believed_inside_who_has_left_is_found() -> None:
    left = replace(ROWS.passages[2], zone_to="z-hall")
    assert differences(HAPPENED, told(2, left), ISSUED) == [
        "h-ana is outside, the hub tells otherwise"
    ]


def test_a_visit_that_a_no_show_did_not_get_back_is_found() -> None:
    kept = replace(ROWS.passages[4], units=0)
    assert differences(HAPPENED, told(4, kept), ISSUED) == [
        "h-luka spent 1 visits, the hub tells 2"
    ]


def test_a_tap_that_the_hub_judges_otherwise_is_found() -> None:
    taps = (replace(ROWS.taps[0], opinion="defect"), *ROWS.taps[1:])
    [found] = differences(HAPPENED, replace(ROWS, taps=taps), ISSUED)
    assert "the hub's opinion is defect" in found
