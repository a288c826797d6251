"""The gate: recorded before released, given back when nobody came, shut when in doubt."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access import IssuedCredential
from core.credential import Credential, key_of
from core.entries import Alarmed, Grant, Passed, Tapped, Verdict
from core.ledger import State, fold
from core.presence import AntiPassback, Presence
from core.reasons import Reason
from edge_agent.history import state_of
from edge_agent.ports import CacheChanged, Health, Movement, NetworkChanged, Presented, Ticked
from tests.edge_agent.agent_bench import (
    ANA,
    ANA_CARD,
    BOR_CARD,
    ENTRY,
    EXIT,
    SITE_KEY,
    STRANGER,
    TEN_VISITS,
    Bench,
)
from tests.edge_agent.journal_bench import DOOR, POOL, START, no_space


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_granted_tap_is_recorded_released_and_shown(bench: Bench) -> None:
    assert bench.tap() is Reason.GRANTED
    tapped = bench.last()
    assert isinstance(tapped, Tapped)
    assert (tapped.verdict, tapped.entitlement, tapped.units) == (Verdict.ALLOW, TEN_VISITS, 1)
    assert (tapped.holder, tapped.zone_to, tapped.cache_version) == (ANA, POOL, 7)
    assert [point for point, _ in bench.door.released] == [ENTRY]
    shown = bench.display.shown[-1]
    assert (shown.units_left, shown.timezone) == (9, "Europe/Ljubljana")
    assert bench.link.recorded_seqs == [2]


def test_a_denied_tap_is_recorded_and_shown_and_nothing_opens(bench: Bench) -> None:
    assert bench.tap(STRANGER) is Reason.UNKNOWN_CREDENTIAL
    assert bench.door.released == []
    tapped = bench.last()
    assert isinstance(tapped, Tapped)
    assert (tapped.verdict, tapped.holder) == (Verdict.DENY, None)


def test_the_entry_is_durable_before_the_door_is_told(bench: Bench) -> None:
    bench.door.crash = RuntimeError("the door's wire burnt through")
    with pytest.raises(RuntimeError, match="burnt"):
        bench.tap()
    with closing(sqlite3.connect(f"file:{bench.path}?mode=ro", uri=True)) as other_process:
        (count,) = other_process.execute("SELECT count(*) FROM entries WHERE seq = 2").fetchone()
    assert count == 1


def test_what_cannot_be_recorded_is_not_released(bench: Bench) -> None:
    with no_space():
        for _ in range(3):
            assert bench.tap() is Reason.NOT_RECORDED
        bench.clock.go_on(1)
        bench.agent.handle(Ticked())
    assert bench.door.released == []
    assert not bench.display.standings[-1].recording


def test_a_disk_with_space_again_is_noticed_told_and_used(bench: Bench) -> None:
    with no_space():
        assert bench.tap() is Reason.NOT_RECORDED
    _next_second(bench)
    told = bench.last()
    assert isinstance(told, Alarmed)
    assert (told.part, told.alarm) == ("journal", "recovered")
    assert told.detail.startswith("1 not recorded")
    assert bench.display.standings[-1].recording
    assert bench.tap() is Reason.GRANTED


def test_a_passage_seen_while_the_disk_was_full_is_recorded_later(bench: Bench) -> None:
    assert bench.tap() is Reason.GRANTED
    with no_space():
        bench.move(Movement.PASSED, grant=1)
    assert isinstance(bench.last(), Tapped)
    _next_second(bench)
    assert bench.recorder.journal.open_grants() == []
    assert isinstance(bench.bodies()[2], Passed)


def test_an_agent_that_starts_on_a_full_disk_stays_shut_until_there_is_space(
    tmp_path: Path,
) -> None:
    with no_space():
        bench = Bench(tmp_path)
        assert bench.tap() is Reason.NOT_RECORDED
        assert not bench.display.standings[-1].recording
    _next_second(bench)
    assert bench.tap() is Reason.GRANTED


def test_a_journal_from_the_future_keeps_the_gate_shut_and_is_left_alone(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.agent.close()
    with closing(sqlite3.connect(bench.path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = bench.path.read_bytes()
    bench.start()
    assert bench.tap() is Reason.NOT_RECORDED
    assert "version 99" in (bench.recorder.problem or "")
    assert bench.path.read_bytes() == before


def test_a_journal_damaged_under_way_is_replaced_and_told(bench: Bench) -> None:
    bench.enter()
    bench.recorder.journal._connection.execute("PRAGMA cache_size = 0")
    bench.recorder.journal.checkpoint()
    bench.path.write_bytes(b"\xff" * bench.path.stat().st_size)
    assert bench.tap() is Reason.NOT_RECORDED
    _next_second(bench)
    assert bench.tap() is Reason.GRANTED
    alarms = [body.alarm for body in bench.bodies() if isinstance(body, Alarmed)]
    assert alarms == ["replaced", "recovered"]
    assert bench.path.with_name("journal.db.damaged-1").exists()


def test_a_passage_confirms_and_moves_the_holder(bench: Bench) -> None:
    bench.enter()
    passed = bench.last()
    assert isinstance(passed, Passed)
    assert passed.grant == Grant(epoch=bench.recorder.journal.epoch, seq=2)
    assert (passed.holder, passed.zone_to, passed.units) == (ANA, POOL, 1)
    presence = bench.recorder.journal.presence(ANA)
    assert presence is not None
    assert presence.presence == Presence(zone=POOL, since=START)


def test_a_no_show_gives_the_unit_back(bench: Bench) -> None:
    assert bench.tap() is Reason.GRANTED
    assert bench.tap() is Reason.PASSAGE_PENDING
    bench.move(Movement.NO_SHOW, grant=1)
    assert bench.tap() is Reason.GRANTED
    assert bench.display.shown[-1].units_left == 9


def test_all_visits_can_be_used_and_no_more(bench: Bench) -> None:
    for _ in range(10):
        bench.enter()
    assert bench.tap() is Reason.NO_UNITS_LEFT


def test_what_the_hub_has_counted_is_not_counted_twice(bench: Bench) -> None:
    for _ in range(9):
        bench.enter()
    bench.cache.taken[TEN_VISITS] = 9
    bench.cache.included_[bench.recorder.journal.epoch] = bench.recorder.last_seq
    assert bench.tap() is Reason.GRANTED
    assert bench.display.shown[-1].units_left == 0


def test_somebody_inside_is_refused_until_they_leave(bench: Bench) -> None:
    bench.cache.anti_passback = AntiPassback.HARD
    bench.enter()
    assert bench.tap() is Reason.ALREADY_INSIDE
    assert bench.tap(at=EXIT) is Reason.EXIT
    bench.move(Movement.PASSED, grant=bench.door.released[-1][1])
    assert bench.tap() is Reason.GRANTED


def test_the_hubs_presence_counts_where_it_is_newer_than_our_own(bench: Bench) -> None:
    bench.cache.anti_passback = AntiPassback.HARD
    bench.enter()
    bench.cache.included_[bench.recorder.journal.epoch] = bench.recorder.last_seq
    bench.cache.presences[ANA] = Presence(zone=None, since=START + timedelta(minutes=5))
    assert bench.tap() is Reason.GRANTED


@pytest.mark.parametrize("movement", [Movement.FORCED, Movement.REVERSE, Movement.TAILGATE])
def test_a_passage_nobody_was_granted_is_recorded_and_alarmed(
    bench: Bench, movement: Movement
) -> None:
    assert bench.tap() is Reason.GRANTED
    bench.move(movement, grant=None if movement is Movement.FORCED else 1)
    passed, alarmed = bench.bodies()[-2:]
    assert isinstance(passed, Passed)
    assert (passed.movement, passed.grant, passed.holder) == (movement.value, None, None)
    assert isinstance(alarmed, Alarmed)
    assert (alarmed.part, alarmed.alarm) == (DOOR, movement.value)
    assert len(bench.recorder.journal.open_grants()) == 1


@pytest.mark.parametrize("movement", [Movement.JAM, Movement.FIRE, Movement.FIRE_ENDED])
def test_jam_and_fire_are_alarmed(bench: Bench, movement: Movement) -> None:
    bench.move(movement)
    alarmed = bench.last()
    assert isinstance(alarmed, Alarmed)
    assert alarmed.alarm == movement.value


def test_a_lost_door_is_out_of_order_until_it_is_found(bench: Bench) -> None:
    bench.health(DOOR, Health.OK)
    bench.health(DOOR, Health.LOST)
    assert bench.tap() is Reason.OUT_OF_ORDER
    tapped = bench.last()
    assert isinstance(tapped, Tapped)
    assert (tapped.reason, tapped.verdict, tapped.units) == (Reason.OUT_OF_ORDER, Verdict.DENY, 0)
    assert bench.door.released == []
    bench.health(DOOR, Health.OK)
    assert bench.tap() is Reason.GRANTED
    alarms = [body.alarm for body in bench.bodies() if isinstance(body, Alarmed)]
    assert alarms == ["lost", "found"]


def test_a_jammed_door_is_out_of_order_until_it_is_freed(bench: Bench) -> None:
    bench.move(Movement.JAM)
    assert bench.tap() is Reason.OUT_OF_ORDER
    bench.move(Movement.JAM_CLEARED)
    assert bench.tap() is Reason.GRANTED


def test_a_cache_that_was_never_filled_opens_nothing(bench: Bench) -> None:
    bench.cache.is_filled = False
    assert bench.tap() is Reason.CACHE_TOO_OLD
    tapped = bench.last()
    assert isinstance(tapped, Tapped)
    assert (tapped.cache_version, tapped.facts) == (0, "0" * 16)


def test_grants_open_at_a_crash_are_given_back_at_the_start(bench: Bench) -> None:
    assert bench.tap() is Reason.GRANTED
    bench.restart()
    passed = bench.last()
    assert isinstance(passed, Passed)
    assert (passed.movement, passed.grant and passed.grant.seq, passed.units) == ("no-show", 2, 1)
    assert passed.door == DOOR
    assert bench.tap() is Reason.GRANTED
    assert bench.display.shown[-1].units_left == 9


def test_a_movement_of_a_release_before_the_start_moves_nobody(bench: Bench) -> None:
    assert bench.tap() is Reason.GRANTED
    bench.restart()
    bench.move(Movement.PASSED, grant=1)
    passed = bench.last()
    assert isinstance(passed, Passed)
    assert (passed.grant, passed.holder) == (None, None)
    assert bench.recorder.journal.presence(ANA) is None


def test_a_connected_edge_waits_for_a_card_issued_a_moment_ago(bench: Bench) -> None:
    bench.agent.handle(NetworkChanged(connected=True))
    shown = len(bench.display.shown)
    _lay(bench)
    assert (len(bench.display.shown), bench.link.wanted_versions) == (shown, [7])
    assert bench.agent.wait_ms() <= 300
    bench.cache.credentials[key_of(SITE_KEY, STRANGER)] = IssuedCredential(holder=ANA)
    bench.clock.go_on(0.05)
    bench.agent.handle(CacheChanged(version=8))
    assert bench.display.shown[-1].reason is Reason.GRANTED
    assert len(bench.door.released) == 1


def test_a_connected_edge_waits_no_longer_than_its_time(bench: Bench) -> None:
    bench.agent.handle(NetworkChanged(connected=True))
    _lay(bench)
    bench.clock.go_on(0.299)
    bench.agent.handle(Ticked())
    assert bench.display.shown == []
    bench.clock.go_on(0.001)
    assert bench.agent.wait_ms() == 0
    bench.agent.handle(Ticked())
    assert bench.display.shown[-1].reason is Reason.UNKNOWN_CREDENTIAL


def test_the_next_person_does_not_wait_behind_one_who_waits(bench: Bench) -> None:
    bench.agent.handle(NetworkChanged(connected=True))
    _lay(bench)
    bench.agent.handle(_presented(BOR_CARD))
    reasons = [shown.reason for shown in bench.display.shown]
    assert reasons == [Reason.UNKNOWN_CREDENTIAL, Reason.GRANTED]


def test_an_edge_without_network_does_not_wait(bench: Bench) -> None:
    assert bench.tap(STRANGER) is Reason.UNKNOWN_CREDENTIAL
    assert bench.link.wanted_versions == []


_STEPS = ["ana", "bor", "pass", "no-show", "restart", "count", "exit"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(_STEPS), max_size=25))
def test_after_any_history_the_facts_are_those_of_all_entries_folded(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    bench = Bench(tmp_path_factory.mktemp("history"))
    open_releases: list[int] = []
    for step in steps:
        _take(bench, step, open_releases)
    state = State()
    for entry in bench.entries():
        state = fold(state, entry)
    picture = bench.cache.rows_for(key_of(SITE_KEY, ANA_CARD), ENTRY)
    assert picture is not None
    ours = state_of(bench.recorder.journal, picture)
    assert ours.taken.get(TEN_VISITS, 0) == state.taken.get(TEN_VISITS, 0)
    assert ours.presence.get(ANA) == state.presence.get(ANA)
    assert (ANA in ours.pending.values()) == (ANA in state.pending.values())
    bench.agent.close()


def _take(bench: Bench, step: str, open_releases: list[int]) -> None:
    bench.clock.go_on(1)
    before = len(bench.door.released)
    match step:
        case "ana" | "bor" | "exit":
            card = BOR_CARD if step == "bor" else ANA_CARD
            bench.tap(card, EXIT if step == "exit" else ENTRY)
        case "pass" | "no-show" if open_releases:
            bench.move(Movement(step.replace("pass", "passed")), grant=open_releases.pop())
        case "restart":
            bench.restart()
            open_releases.clear()
        case "count":
            _count_at_hub(bench)
        case _:
            pass
    open_releases.extend(number for _, number in bench.door.released[before:])


def _count_at_hub(bench: Bench) -> None:
    """The hub has folded every entry, and the edge's cache says so."""
    state = State()
    for entry in bench.entries():
        state = fold(state, entry)
        bench.cache.included_[entry.key.epoch] = entry.key.seq
    bench.cache.taken = dict(state.taken)
    bench.cache.presences = dict(state.presence)


def _lay(bench: Bench) -> None:
    bench.agent.handle(_presented(STRANGER))


def _presented(card: Credential) -> Presented:
    return Presented(access_point=ENTRY, credential=card, at_monotonic=0.0)


def _next_second(bench: Bench) -> None:
    bench.clock.go_on(1)
    bench.agent.handle(Ticked())
