"""The agent: one inbox, one thread; it keeps its house and tells how it stands."""

import queue
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from core.entries import Alarmed, ClockJumped
from core.instants import ClockState
from core.reasons import Reason
from edge_agent.agent import serve
from edge_agent.ports import CacheChanged, Event, Health, NetworkChanged, Presented, Ticked
from tests.edge_agent.agent_bench import ANA_CARD, ENTRY, START, Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_wall_clock_that_is_set_is_an_entry_of_its_own(bench: Bench) -> None:
    bench.clock.go_on(10)
    bench.clock.wall += timedelta(hours=1)
    assert bench.tap() is Reason.GRANTED
    jumped, tapped = bench.entries()[-2:]
    assert jumped.body == ClockJumped(
        expected=START + timedelta(seconds=10), actual=START + timedelta(seconds=3610)
    )
    assert tapped.moment.uncertainty >= timedelta(hours=1)


def test_an_edge_knows_the_time_as_soon_as_it_has_the_hubs_rows(bench: Bench) -> None:
    """Not a second later: somebody may stand at the gate when an edge is switched on."""
    compared = bench.cache.compared
    bench.cache.compared = None
    bench.restart()
    bench.cache.compared = compared
    bench.agent.handle(CacheChanged(version=8))
    assert bench.tap() is Reason.GRANTED
    assert bench.entries()[-1].moment.clock is ClockState.TRUSTED


def test_a_clock_that_runs_evenly_is_no_entry(bench: Bench) -> None:
    for _ in range(5):
        bench.clock.go_on(3600)
        bench.agent.handle(Ticked())
    assert len(bench.entries()) == 1


def test_a_reader_that_is_lost_and_found_is_alarmed_once_each(bench: Bench) -> None:
    for health in (Health.OK, Health.LOST, Health.LOST, Health.OK):
        bench.health("entry", health)
    alarms = [body.alarm for body in bench.bodies() if isinstance(body, Alarmed)]
    assert alarms == ["lost", "found"]


def test_how_the_edge_stands_is_told_again_and_again(bench: Bench) -> None:
    bench.agent.handle(NetworkChanged(connected=True))
    assert bench.display.standings[-1].connected
    bench.health("entry", Health.LOST)
    assert bench.display.standings[-1].lost == {"entry"}
    before = len(bench.display.standings)
    bench.clock.go_on(1)
    bench.agent.handle(Ticked())
    assert len(bench.display.standings) == before + 1
    bench.clock.go_on(3600)
    bench.agent.handle(Ticked())
    assert bench.display.standings[-1].clock is ClockState.DRIFTING


def test_the_house_is_kept_also_while_people_keep_coming(bench: Bench) -> None:
    told = len(bench.display.standings)
    for _ in range(20):
        bench.clock.go_on(0.25)
        bench.tap()
    assert len(bench.display.standings) == told + 5


def test_old_acknowledged_entries_are_trimmed_and_no_others(bench: Bench) -> None:
    for _ in range(3):
        bench.enter()
    epoch, acknowledged = bench.recorder.journal.epoch, bench.recorder.last_seq - 1
    bench.cache.marks_ = {epoch: acknowledged}
    bench.cache.included_ = {epoch: acknowledged}
    bench.clock.go_on(34 * 86_400)
    bench.agent.handle(Ticked())
    assert len(bench.entries()) == 7
    bench.clock.go_on(2 * 86_400)
    bench.agent.handle(Ticked())
    assert [entry.key.seq for entry in bench.entries()] == [6, 7]


def test_nothing_is_trimmed_by_a_clock_that_nobody_knows(bench: Bench) -> None:
    bench.enter()
    bench.cache.marks_ = {bench.recorder.journal.epoch: 3}
    bench.cache.compared = None
    bench.clock.go_on(100 * 86_400)
    bench.agent.handle(Ticked())
    bench.clock.go_on(100 * 86_400)
    bench.agent.handle(Ticked())
    assert len(bench.entries()) == 3


def test_the_sync_process_is_told_of_each_new_entry_once(bench: Bench) -> None:
    bench.tap()
    bench.clock.go_on(0.1)
    bench.agent.handle(Ticked())
    assert bench.link.recorded_seqs == [2]


def test_the_agents_thread_takes_what_lies_in_its_inbox_until_it_is_stopped(bench: Bench) -> None:
    inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
    stop = threading.Event()
    bench.agent.close()
    agent_thread = threading.Thread(target=lambda: serve(bench.start(), inbox, stop))
    agent_thread.start()
    inbox.put(Presented(access_point=ENTRY, credential=ANA_CARD, at_monotonic=0.0))
    assert bench.display.heard.wait(5)
    stop.set()
    agent_thread.join(5)
    assert not agent_thread.is_alive()
