"""People at real drivers: what they do shows in the record, in the turnstile and at the edge."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_sim.world.crowd import Manner, Visit
from firmware_sim.world.record import read_record, write_record
from tests.firmware_sim.world.small_edge import Scene, scene

ANA = bytes.fromhex("04112233445566")
LUKA = bytes.fromhex("04665544332211")
ENTRY, EXIT, TERMINAL = "main-entry", "main-exit", "staff-terminal"
BRISK = Manner(holds_s=0.1, speed=300.0)
DEADLINE_S = 15.0


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path) as live:
        yield live


def test_who_is_let_in_walks_through_and_is_on_record(live: Scene) -> None:
    live.edge.welcome.add(ANA)
    visit = live.crowd.tap(ENTRY, ANA, BRISK).result(DEADLINE_S)
    assert visit == Visit(was_read=True, saw_green=True, went_through=True)
    [laid], [passage] = live.crowd.record.laid, live.crowd.record.passages
    assert (laid.access_point, laid.card) == (ENTRY, ANA.hex())
    assert (passage.access_point, passage.card, passage.forced) == (ENTRY, ANA.hex(), False)
    assert laid.at < passage.at
    live.edge.wait_for(seen=[(ENTRY, ANA)])


def test_who_is_refused_reads_it_and_stays_outside(live: Scene) -> None:
    manner = Manner(holds_s=0.1, waits_s=0.3)
    visit = live.crowd.tap(ENTRY, LUKA, manner).result(DEADLINE_S)
    assert visit == Visit(was_read=True, saw_green=False, went_through=False)
    assert live.crowd.record.passages == ()


def test_who_will_not_push_stays_outside_though_the_gate_is_green(live: Scene) -> None:
    live.edge.welcome.add(ANA)
    manner = Manner(pushes=False, holds_s=0.1)
    assert not live.crowd.tap(ENTRY, ANA, manner).result(DEADLINE_S).went_through
    assert live.crowd.record.passages == ()


def test_a_forced_passage_is_on_record_as_forced_and_told_by_the_door(live: Scene) -> None:
    assert live.crowd.walk(EXIT, forces=True).result(DEADLINE_S)
    [passage] = live.crowd.record.passages
    assert (passage.access_point, passage.card, passage.forced) == (EXIT, None, True)
    live.edge.wait_for(moved=[(EXIT, "forced")])


def test_who_pushes_at_a_locked_arm_gives_up(live: Scene) -> None:
    assert not live.crowd.walk(ENTRY).result(DEADLINE_S)
    assert live.crowd.record.passages == ()


def test_at_a_terminal_a_card_is_only_read(live: Scene) -> None:
    visit = live.crowd.tap(TERMINAL, LUKA, BRISK).result(DEADLINE_S)
    assert visit == Visit(was_read=True, saw_green=False, went_through=False)
    live.edge.wait_for(seen=[(TERMINAL, LUKA)])


def test_a_card_laid_twice_in_haste_is_presented_twice(live: Scene) -> None:
    first = live.crowd.tap(TERMINAL, ANA, BRISK)
    second = live.crowd.tap(TERMINAL, ANA, BRISK)
    assert first.result(DEADLINE_S).was_read
    assert second.result(DEADLINE_S).was_read
    live.edge.wait_for(seen=[(TERMINAL, ANA), (TERMINAL, ANA)])


def test_people_stand_in_line_so_that_two_cards_never_lie_on_one_reader(live: Scene) -> None:
    taps = [live.crowd.tap(TERMINAL, card, BRISK) for card in (ANA, LUKA)]
    assert all(tap.result(DEADLINE_S).was_read for tap in taps)
    live.edge.wait_for(seen=[(TERMINAL, ANA), (TERMINAL, LUKA)])


def test_the_record_is_the_same_after_a_file(live: Scene, tmp_path: Path) -> None:
    live.crowd.walk(EXIT, forces=True).result(DEADLINE_S)
    live.crowd.tap(TERMINAL, ANA, BRISK).result(DEADLINE_S)
    write_record(tmp_path / "record.json", live.crowd.record)
    assert read_record(tmp_path / "record.json") == live.crowd.record
