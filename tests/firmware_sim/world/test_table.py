"""What the demo prints: a line for each thing that happened, in both languages."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.reasons import Language, Text
from firmware_sim.world import words
from firmware_sim.world.checks import HubRows, PassageRow, PunchRow, TapRow
from firmware_sim.world.table import table

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Ljubljana")
NAMES = {"h-ana": "Ana Žagar"}
TAP = TapRow(
    key="gates/1/000000001",
    access_point="main-entry",
    holder="h-ana",
    verdict="allow",
    reason="granted",
    opinion="agree",
    units=0,
    at=NOON,
)
PASSED = PassageRow(
    key="gates/1/000000002",
    grant=TAP.key,
    access_point="main-entry",
    holder="h-ana",
    movement="passed",
    units=0,
    zone_to="z-hall",
    at=NOON + timedelta(seconds=1),
)
ROWS = HubRows(
    taps=(TAP, replace(TAP, key="gates/1/000000009", holder=None, reason="unknown-credential")),
    passages=(
        PASSED,
        replace(PASSED, key="gates/1/000000004", grant=None, holder=None, movement="forced"),
        replace(PASSED, key="gates/1/000000006", grant="gates/1/000000005", holder=None),
    ),
    punches=(
        PunchRow(
            key="terminal/1/000000001",
            access_point="staff-terminal",
            holder="h-ana",
            kind="in",
            at=NOON + timedelta(hours=1),
        ),
    ),
)


def cells(language: Language) -> list[list[str]]:
    lines = table(ROWS, NAMES, ZONE, language)[2:]
    return [[cell for cell in re.split(r"  +", line) if cell] for line in lines]


def test_a_tap_and_the_passage_that_it_led_to_are_one_line() -> None:
    assert cells(Language.SL)[0] == ["12:00:00", "vhod", "Ana Žagar", "Vstopite", "skozi"]


def test_an_unknown_card_has_its_name_for_what_it_is() -> None:
    assert cells(Language.EN)[1] == ["12:00:00", "entry", "unknown card", "Unknown card"]


def test_passages_without_a_tap_have_lines_of_their_own() -> None:
    assert cells(Language.EN)[2:4] == [
        ["12:00:01", "entry", "—", "—", "forced"],
        ["12:00:01", "entry", "—", "opened by reception", "went through"],
    ]


def test_lines_stand_in_the_order_of_time_by_the_site_s_clock() -> None:
    assert cells(Language.SL)[-1] == ["13:00:00", "registrator", "Ana Žagar", "prihod"]


TEXTS = [
    text
    for found in vars(words).values()
    for text in (
        found.values()
        if isinstance(found, dict)
        else found
        if isinstance(found, tuple)
        else [found]
    )
    if isinstance(text, Text)
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.en.strip()[:30])
def test_both_languages_of_a_text_are_filled_in_with_the_same(text: Text) -> None:
    assert text.sl.strip()
    assert re.findall(r"{\w+", text.sl) == re.findall(r"{\w+", text.en)
