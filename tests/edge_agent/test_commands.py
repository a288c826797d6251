"""Commands of the hub at the gate: recorded before anything opens, executed at most once."""

from pathlib import Path

import pytest

from core.entries import Commanded, Passed
from core.reasons import Reason
from edge_agent.ports import Health, Movement
from tests.edge_agent.agent_bench import (
    ENTRY,
    Bench,
)
from tests.edge_agent.journal_bench import DOOR, no_space


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.must("P-091", "P-093")
def test_a_command_opens_once_and_is_recorded_first(bench: Bench) -> None:
    bench.command()
    bench.command()
    commanded = [body for body in bench.bodies() if isinstance(body, Commanded)]
    assert [each.outcome for each in commanded] == ["executed"]
    assert bench.door.released == [(ENTRY, 1)]
    assert bench.display.shown[-1].reason is Reason.OPENED_BY_COMMAND
    bench.move(Movement.PASSED, grant=1)
    passed = bench.last()
    assert isinstance(passed, Passed)
    assert (passed.grant and passed.grant.seq, passed.holder) == (2, None)


@pytest.mark.must("P-091")
def test_a_command_is_not_repeated_after_a_restart(bench: Bench) -> None:
    bench.command()
    bench.restart()
    bench.command()
    assert len(bench.door.released) == 1


@pytest.mark.must("P-092")
def test_an_expired_command_never_opens(bench: Bench) -> None:
    bench.command(valid_s=0)
    assert _outcome(bench) == ("expired", "")
    assert bench.door.released == []


@pytest.mark.must("P-092")
def test_a_command_that_may_have_expired_by_the_clocks_doubt_never_opens(bench: Bench) -> None:
    bench.command(valid_s=0.006)
    assert _outcome(bench) == ("expired", "")


@pytest.mark.must("P-092", "P-093")
def test_a_command_is_refused_while_the_clock_is_unknown(bench: Bench) -> None:
    bench.cache.compared = None
    bench.restart()
    bench.command()
    assert _outcome(bench) == ("refused", "clock unknown")
    assert bench.door.released == []


def test_a_command_to_a_lost_door_is_refused(bench: Bench) -> None:
    bench.health(DOOR, Health.LOST)
    bench.command()
    assert _outcome(bench) == ("refused", "out of order")


def test_commands_that_this_edge_does_not_know_are_refused(bench: Bench) -> None:
    bench.command("c-1", at=None)
    assert _outcome(bench) == ("refused", "no such gate at this edge")
    bench.command("c-2", action="reboot")
    assert _outcome(bench) == ("refused", "unknown action 'reboot'")
    assert bench.door.released == []


def test_a_command_that_cannot_be_recorded_does_not_open(bench: Bench) -> None:
    with no_space():
        bench.command()
    assert bench.door.released == []
    bench.command()
    assert len(bench.door.released) == 1


def _outcome(bench: Bench) -> tuple[str, str]:
    commanded = bench.last()
    assert isinstance(commanded, Commanded)
    return commanded.outcome, commanded.detail
