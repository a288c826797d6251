"""The command line: what is wrong is told at once, in the operator's words and language."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.entries import Alarmed, Body, ClockJumped, Entry, Opened, Passed
from core.ids import DoorId, EdgeId, EntryKey, EpochId
from core.instants import ClockState, Moment
from edge_agent.app import main
from edge_agent.cli import line
from edge_agent.identity import store_identity
from edge_agent.journal.schema import VERSION
from tests.edge_agent.journal_bench import moment as moment_at
from tests.edge_agent.journal_bench import open_journal, tapped
from tests.edge_agent.test_identity import identity

START = datetime(2026, 11, 23, 5, 58, tzinfo=UTC)
HOUR = timedelta(hours=1)
PROFILE = '[readers.staff]\nkind = "pn532"\npath = "reader"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An edge that is set up: its one reader is a file that exists."""
    (tmp_path / "profile.toml").write_text(PROFILE)
    (tmp_path / "reader").touch()
    path = tmp_path / "edge.toml"
    path.write_text(
        'environment = "test"\ndirectory = "state"\n'
        '[hardware]\nprofile = "profile.toml"\ndevices = "."\n'
    )
    store_identity(tmp_path / "state", identity())
    return path


def _run(*arguments: str, config: Path) -> int:
    return main([*arguments, "--config", str(config)])


def test_an_edge_in_order_is_told_so(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("check-config", config=config) == 0
    assert capsys.readouterr().out.startswith("The settings are in order: environment test")
    assert _run("check-config", "--language", "sl", config=config) == 0
    assert "Nastavitve so v redu: okolje test, vrat 0, čitalnikov 1" in capsys.readouterr().out


def test_the_terminals_language_is_spoken(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "sl_SI.UTF-8")
    assert _run("check-config", config=config) == 0
    assert capsys.readouterr().out.startswith("Nastavitve so v redu")


def test_every_problem_is_told_at_once(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = config.parent
    (folder / "reader").unlink()
    (folder / "state" / "identity.json").chmod(0o644)
    open_journal(folder / "state" / "journal.db").close()
    with closing(sqlite3.connect(folder / "state" / "journal.db")) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    assert _run("check-config", config=config) == 1
    told = capsys.readouterr().err
    assert told.startswith("Please correct the following:")
    assert "chmod 600" in told
    assert f"journal version {VERSION + 1}" in told
    assert "reader is not there: plug the part in" in told


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("edge.toml", "environment = 1\n", "environment is 1: set one of"),
        ("profile.toml", '[readers.staff]\nkind = "pn533"\n', "use one of pn532"),
        ("state/identity.json", "{}", "enrol the edge again"),
    ],
)
def test_each_broken_file_is_named_with_its_remedy(
    config: Path, capsys: pytest.CaptureFixture[str], file: str, text: str, problem: str
) -> None:
    (config.parent / file).write_text(text)
    assert _run("check-config", config=config) == 1
    assert problem in capsys.readouterr().err


def test_run_tells_what_is_wrong_before_anything_is_started(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "state" / "identity.json").unlink()
    assert _run("run", config=config) == 1
    assert "this edge is not enrolled" in capsys.readouterr().err


def test_a_folder_too_long_for_sockets_is_told(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = config.parent / ("long" * 30)
    store_identity(folder, identity())
    monkeypatch.setenv("VRATAR_EDGE__DIRECTORY", str(folder))
    assert _run("check-config", config=config) == 1
    assert "too long for the sockets" in capsys.readouterr().err


def test_a_broken_journal_names_its_first_broken_entry(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = config.parent / "state" / "journal.db"
    journal = open_journal(path)
    for _ in range(3):
        journal.record(tapped(), moment_at(), 0)
    journal.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE entries SET content = x'00' WHERE seq = 3")
    assert _run("verify-journal", config=config) == 1
    told = capsys.readouterr().err
    assert f"broken at entry {journal.epoch}/3: its hash does not follow" in told
    assert "Entries before it: 2." in told
    assert _run("verify-journal", "--language", "sl", config=config) == 1
    assert "Dnevnik je prekinjen pri zapisu" in capsys.readouterr().err


def test_an_enrolled_edge_is_not_enrolled_again_by_accident(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["enrol", "--hub", "http://127.0.0.1:1", "--code", "ABCD-EFGH-2345-6789"]
    assert _run(*arguments, config=config) == 1
    assert "Add --replace" in capsys.readouterr().err
    assert _run(*arguments, "--replace", config=config) == 1
    assert "check the address, the network" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["dance"], ["show-journal", "--limit", "0"]])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (Opened(previous=None, last_seq=0, last_hash="", software="vratar 1"), "after nothing"),
        (Alarmed(part="door-1", alarm="forced", detail="by hand"), "forced door-1 by hand"),
        (ClockJumped(expected=START, actual=START + HOUR), "T05:58:00.000Z -> "),
        (
            Passed(
                door=DoorId("door-1"), access_point=None, movement="forced", grant=None,
                holder=None, entitlement=None, units=0, zone_to=None,
            ),
            "forced door-1",
        ),
    ],
)  # fmt: skip
def test_each_kind_of_entry_is_a_line_that_tells_something(body: Body, words: str) -> None:
    key = EntryKey(edge=EdgeId("edge-1"), epoch=EpochId("00000001-0123456789abcdef"), seq=3)
    moment = Moment(at=START, clock=ClockState.TRUSTED, uncertainty=timedelta())
    told = line(Entry(key=key, moment=moment, monotonic_ms=1, body=body))
    assert "00000001/3" in told
    assert words in told
