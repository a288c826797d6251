"""Programs and their guard: everything started ends, and only that."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_sim.world.guard import Guard
from firmware_sim.world.programs import Program, ProgramError, Programs

DEADLINE_S = 10.0
PYTHON = Path(sys.executable).name
# A parent that ignores SIGTERM and has a child in its group: both tell their number.
STUBBORN = """
import os, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print(os.getpid(), child.pid, flush=True)
signal.pause()
"""
HOLDER = """
import signal, sys, os
from pathlib import Path
from firmware_sim.world.guard import Guard
from firmware_sim.world.programs import Programs
logs = Path(sys.argv[1])
guard = Guard()
guard.watch_directory(logs / "removed")
programs = Programs(guard=guard, logs=logs, environment=dict(os.environ))
programs.start("stubborn", [sys.argv[2], "-c", sys.argv[3]])
print("started", flush=True)
signal.pause()
"""


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < end
        select.select([], [], [], 0.01)


def lives(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def numbers(log: Path) -> list[int]:
    wait_until(lambda: log.exists() and len(log.read_text().split()) == 2)
    return [int(number) for number in log.read_text().split()]


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    with (
        Guard() as guard,
        Programs(guard=guard, logs=tmp_path, environment=dict(os.environ)) as programs,
    ):
        yield programs


@pytest.fixture
def bystander() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that nobody told us about."""
    process = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    yield process
    process.kill()
    process.wait()


def stubborn(programs: Programs) -> Program:
    return programs.start("stubborn", [PYTHON, "-c", STUBBORN])


def test_a_power_cut_takes_the_whole_group_at_once(
    programs: Programs, tmp_path: Path, bystander: "subprocess.Popen[bytes]"
) -> None:
    program = stubborn(programs)
    parent, child = numbers(tmp_path / "stubborn.log")
    programs.cut(program)
    wait_until(lambda: not lives(parent) and not lives(child))
    assert not program.runs
    assert bystander.poll() is None


def test_leaving_the_block_ends_even_what_ignores_being_asked(tmp_path: Path) -> None:
    with (
        Guard() as guard,
        Programs(
            guard=guard, logs=tmp_path, environment=dict(os.environ), patience_s=0.2
        ) as programs,
    ):
        stubborn(programs)
        parent, child = numbers(tmp_path / "stubborn.log")
    wait_until(lambda: not lives(parent) and not lives(child))


def test_a_program_that_ended_by_itself_is_told_with_its_last_words(programs: Programs) -> None:
    program = programs.start("broken", [PYTHON, "-c", "raise SystemExit('no such board')"])
    wait_until(lambda: not program.runs)
    with pytest.raises(ProgramError, match="no such board"):
        program.require_running()


def test_a_command_that_fails_tells_what_it_printed(programs: Programs) -> None:
    with pytest.raises(ProgramError, match="wrong code"):
        programs.run([PYTHON, "-c", "raise SystemExit('wrong code')"])


def test_a_command_that_succeeds_returns_what_it_printed(programs: Programs) -> None:
    assert programs.run([PYTHON, "-c", "print('fine')"]) == "fine\n"


def test_when_the_demo_is_killed_the_guard_ends_its_programs_and_nothing_else(
    tmp_path: Path, bystander: "subprocess.Popen[bytes]"
) -> None:
    (tmp_path / "removed").mkdir()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path), PYTHON, STUBBORN], stdout=subprocess.PIPE
    )
    assert holder.stdout
    assert holder.stdout.readline() == b"started\n"
    pids = numbers(tmp_path / "stubborn.log")
    holder.send_signal(signal.SIGKILL)
    holder.wait(DEADLINE_S)
    holder.stdout.close()
    wait_until(lambda: not any(map(lives, pids)))
    wait_until(lambda: not (tmp_path / "removed").exists())
    assert bystander.poll() is None
    assert tmp_path.exists()
