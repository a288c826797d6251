"""The demo by its own command: the day and its check, and an end that leaves nothing behind."""

import os
import select
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.reasons import SAYINGS, Reason
from tests.e2e.conftest import SIM, PlayedDay

START_S_MAX = 60.0
END_S_MAX = 20.0
SCRIPT_S_MAX = 45.0

REASONS = (
    Reason.GRANTED,
    Reason.EXIT,
    Reason.EXPIRED,
    Reason.OUTSIDE_WINDOW,
    Reason.HOLDER_BLOCKED,
    Reason.UNKNOWN_CREDENTIAL,
    Reason.NO_ENTITLEMENT,
    Reason.ALREADY_INSIDE,
    Reason.NO_UNITS_LEFT,
    Reason.PASSAGE_PENDING,
)


def test_the_day_ends_well_and_in_time(day: PlayedDay) -> None:
    assert day.code == 0, day.told + day.failed
    assert "All agree" in day.told
    assert day.seconds < SCRIPT_S_MAX


@pytest.mark.parametrize("reason", REASONS)
def test_the_table_tells_each_answer_of_the_day(day: PlayedDay, reason: Reason) -> None:
    assert f"  {SAYINGS[reason].title.en}" in day.told


@pytest.mark.parametrize(
    "words",
    ["went through", "did not go", "forced", "opened by reception", "unknown card", "in", "out"],
)
def test_the_table_tells_what_people_did(day: PlayedDay, words: str) -> None:
    lines = [line for line in day.told.splitlines() if line[:2].isdigit()]
    assert words in {cell.strip() for line in lines for cell in line.split("  ")}


def checked(directory: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [SIM, "check", "--directory", str(directory), "--language", "en"],
        capture_output=True,
        text=True,
        timeout=START_S_MAX,
        check=False,
    )


def tamper(directory: Path, statement: str) -> None:
    """Change the database of the hub that kept the day."""
    [database] = (directory / "hub/tenants").glob("*.db")
    with closing(sqlite3.connect(database)) as connection, connection:
        assert connection.execute(statement).rowcount == 1


def test_a_kept_day_still_agrees_when_it_is_checked_again(kept: Path) -> None:
    again = checked(kept)
    assert again.returncode == 0, again.stdout + again.stderr


ONE = "(SELECT position FROM passages WHERE movement = 'passed' ORDER BY position LIMIT 1)"


def test_one_passage_deleted_from_the_database_turns_the_check_red(kept: Path) -> None:
    tamper(kept, f"DELETE FROM passages WHERE position = {ONE}")  # noqa: S608 - our own text
    again = checked(kept)
    assert again.returncode == 1
    assert "another story" in again.stdout


def test_one_passage_doubled_in_the_database_turns_the_check_red(kept: Path) -> None:
    [database] = (kept / "hub/tenants").glob("*.db")
    with closing(sqlite3.connect(database)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(passages)")]
    others = ", ".join(name for name in columns if name != "position")
    tamper(
        kept,
        f"INSERT INTO passages (position, {others})"  # noqa: S608 - our own text
        f" SELECT position + 1000000, {others} FROM passages WHERE position = {ONE}",
    )
    again = checked(kept)
    assert again.returncode == 1
    assert "is told 2 times" in again.stdout


def test_one_passage_turned_around_in_the_database_turns_the_check_red(kept: Path) -> None:
    turned = "CASE access_point WHEN 'main-entry' THEN 'main-exit' ELSE 'main-entry' END"
    tamper(
        kept,
        f"UPDATE passages SET access_point = {turned} WHERE position = {ONE}",  # noqa: S608 - ours
    )
    again = checked(kept)
    assert again.returncode == 1
    assert "passage at main-entry" in again.stdout


@dataclass(frozen=True)
class Demo:
    """A demo that waits for viewers, what it has told, and everything below it."""

    process: "subprocess.Popen[bytes]"
    told: str
    below: frozenset[int]
    temporary: Path


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    process = subprocess.Popen(
        [SIM, "demo", "--language", "en"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    try:
        told = heard_until("Ctrl-C", process)
        below = frozenset(descendants(process.pid))
        yield Demo(process=process, told=told, below=below, temporary=tmp_path)
    finally:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def heard_until(words: str, process: "subprocess.Popen[bytes]") -> str:
    assert process.stdout
    output = process.stdout.fileno()
    told = ""
    end = time.monotonic() + START_S_MAX
    while words not in told:
        assert select.select([output], [], [], max(0.0, end - time.monotonic()))[0], told
        heard = os.read(output, 4096)
        assert heard, told
        told += heard.decode("utf-8")
    return told


@pytest.fixture
def bystander() -> Iterator["subprocess.Popen[bytes]"]:
    """Somebody else's process, of the same kind and started at the same time."""
    process = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    yield process
    process.kill()
    process.wait()


def descendants(pid: int) -> set[int]:
    """Every process below this one."""
    found: set[int] = set()
    todo = [pid]
    while todo:
        for task in Path(f"/proc/{todo.pop()}/task").glob("*/children"):
            children = {int(child) for child in task.read_text().split()} - found
            found |= children
            todo += children
    return found


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_until(true: Callable[[], bool], within_s: float) -> None:
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end
        select.select([], [], [], 0.02)


def assert_nothing_is_left(demo: Demo) -> None:
    wait_until(lambda: not any(map(lives, demo.below)), END_S_MAX)
    wait_until(lambda: not list(demo.temporary.glob("vratar-*")), END_S_MAX)


def test_ctrl_c_ends_everything_that_was_started_and_only_that(
    demo: Demo, bystander: "subprocess.Popen[bytes]"
) -> None:
    assert "login skrbnik" in demo.told
    assert len(demo.below) >= 6, "a guard, a hub, and two edges of several processes"
    # As a terminal does: to the whole foreground group.
    os.killpg(demo.process.pid, signal.SIGINT)
    assert demo.process.wait(END_S_MAX) == 0
    assert_nothing_is_left(demo)
    assert bystander.poll() is None


def test_a_demo_that_is_killed_leaves_nothing_behind_either(
    demo: Demo, bystander: "subprocess.Popen[bytes]"
) -> None:
    demo.process.send_signal(signal.SIGKILL)
    demo.process.wait(END_S_MAX)
    assert_nothing_is_left(demo)
    assert bystander.poll() is None


def test_a_directory_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("do not touch", encoding="utf-8")
    done = subprocess.run(
        [SIM, "demo", "--directory", str(tmp_path), "--language", "en"],
        capture_output=True,
        text=True,
        timeout=START_S_MAX,
        check=False,
    )
    assert done.returncode == 1
    assert "not empty; name one that is new" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
