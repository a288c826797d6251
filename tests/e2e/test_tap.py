"""One tap on real bytes, from the card on the antenna to the row at the hub; and back in a page."""

import time
from collections.abc import Callable
from typing import Any

from firmware_sim.world.installation import ENTRY, EXIT, TERMINAL
from firmware_sim.world.running import Running
from firmware_sim.world.waiting import wait_until

VISIT_S_MAX = 20.0
ROW_S_MAX = 5.0

Json = dict[str, Any]


def rows(running: Running, kind: str, part: str) -> list[Json]:
    return list(running.hub.rows(f"/{kind}", kind, holder=running.holders[part]))


def wait_for(what: str, true: Callable[[], bool]) -> None:
    wait_until(what, true, ROW_S_MAX, time.monotonic)


def test_a_tap_opens_the_gate_and_its_passage_is_a_row_at_the_hub(running: Running) -> None:
    visit = running.stage.tap(ENTRY, "yearly").result(VISIT_S_MAX)
    assert visit.went_through
    wait_for("the passage's row", lambda: len(rows(running, "passages", "yearly")) == 1)
    [tap], [passage] = rows(running, "taps", "yearly"), rows(running, "passages", "yearly")
    assert (tap["access_point"], tap["verdict"], tap["reason"]) == (ENTRY, "allow", "granted")
    assert (passage["access_point"], passage["movement"]) == (ENTRY, "passed")
    assert (passage["grant_epoch"], passage["grant_seq"]) == (tap["epoch"], tap["seq"])
    card = running.stage.visitor("yearly").card.hex()
    [walked] = [each for each in running.stage.crowd.record.passages if each.card == card]
    assert (walked.access_point, walked.forced) == (ENTRY, False)


def test_a_refusal_keeps_the_arm_shut_and_tells_why(running: Running) -> None:
    before = len(running.stage.crowd.record.passages)
    visit = running.stage.tap(ENTRY, "expired").result(VISIT_S_MAX)
    assert not visit.saw_green
    assert len(running.stage.crowd.record.passages) == before
    wait_for("the tap's row", lambda: len(rows(running, "taps", "expired")) == 1)
    [tap] = rows(running, "taps", "expired")
    assert (tap["verdict"], tap["reason"]) == ("deny", "expired")


def test_the_display_says_what_the_hub_records(running: Running) -> None:
    running.stage.tap(EXIT, "blocked").result(VISIT_S_MAX)

    def says_goodbye() -> bool:
        shown = running.edges["gates"].shown(EXIT)
        return shown is not None and shown["title"] == {"sl": "Nasvidenje", "en": "Goodbye"}

    wait_for("the display at the exit", says_goodbye)


def test_a_punch_is_a_row_at_the_hub(running: Running) -> None:
    running.stage.tap(TERMINAL, "employee").result(VISIT_S_MAX)
    wait_for("the punch's row", lambda: len(rows(running, "punches", "employee")) == 1)
    [punch] = rows(running, "punches", "employee")
    assert (punch["access_point"], punch["kind"]) == (TERMINAL, "in")
