"""Deltas and snapshots into the cache: whole, in order, and safe at every step."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Raw

from core.access import SiteMode
from core.credential import CredentialKey
from core.ids import AccessPointId, EpochId
from edge_agent.cache import CacheReader
from edge_agent.cache_file import (
    CACHE_LINK,
    CACHE_SCHEMA_VERSION,
    current_name,
)
from edge_agent.cache_rows import Applied
from edge_agent.cache_writer import CacheWriter
from tests.edge_agent.cache.build import (
    CARD,
    EPOCH,
    HOLDER,
    MEMBER,
    chunks,
    delta,
    entitlement,
    figure,
)
from wire.codec import row
from wire.errors import MalformedError
from wire.messages import HolderRow, Row, RowKind, SiteRow

STEPS = ("sealed", "named", "linked", "removed")
BLOCKED = row(RowKind.HOLDER, "h-1", HolderRow(blocked=True))


def _site(timezone: str) -> Row:
    body = SiteRow(name="Bazen", mode=SiteMode.NORMAL, timezone=timezone, holidays=[])
    return row(RowKind.SITE, "bazen", body)


class _Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[CacheWriter]:
    writer = CacheWriter.opened(tmp_path)
    writer.apply(delta((0, 1), MEMBER, MEMBER))
    yield writer
    writer.close()


def files(directory: Path) -> set[str]:
    """Names without what SQLite keeps beside."""
    return {path.name for path in directory.iterdir() if not path.name.endswith(("-wal", "-shm"))}


@pytest.mark.must("P-070")
def test_rows_and_included_become_visible_together(writer: CacheWriter, tmp_path: Path) -> None:
    reader = CacheReader(tmp_path)
    taken = set()
    for version in range(1, 50):
        held = [*MEMBER[:-1], figure(1, version)]
        writer.apply(delta((version, version + 1), [figure(1, version)], held, {EPOCH: version}))
        seen = reader.rows_for(CredentialKey(CARD), AccessPointId("gate-in"))
        assert seen is not None
        taken.add((seen.taken[seen.rows.entitlements[0].id], seen.included[EpochId(EPOCH)]))
    assert taken == {(version, version) for version in range(1, 50)}
    reader.close()


@pytest.mark.must("P-070")
def test_a_delta_that_fails_halfway_has_no_effect(writer: CacheWriter) -> None:
    before = writer.standing()
    writer._connection.execute(
        "CREATE TEMP TRIGGER fail BEFORE UPDATE ON main.standing"
        " BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
    )
    held = [*MEMBER, entitlement(2)]
    with pytest.raises(sqlite3.IntegrityError, match="disk is full"):
        writer.apply(delta((1, 2), [entitlement(2)], held))
    writer._connection.execute("DROP TRIGGER fail")
    assert writer.standing() == before
    assert writer.apply(delta((1, 2), [entitlement(2)], held)) is Applied.APPLIED


@pytest.mark.must("P-071")
def test_a_gap_is_refused(writer: CacheWriter) -> None:
    before = writer.standing()
    assert writer.apply(delta((2, 3), [], MEMBER)) is Applied.GAP
    assert writer.standing() == before


def test_a_delta_from_before_fits_if_it_ends_after_what_is_held(writer: CacheWriter) -> None:
    held = [*MEMBER, entitlement(2)]
    assert writer.apply(delta((0, 2), held, held)) is Applied.APPLIED
    assert writer.apply(delta((0, 1), MEMBER, MEMBER)) is Applied.OLDER
    assert writer.standing().version == 2


@pytest.mark.must("P-072")
@pytest.mark.parametrize("changed", [[], [BLOCKED], [row(RowKind.HOLDER, "h-1", None)]])
def test_rows_that_do_not_fit_the_hash_are_refused_whole(
    writer: CacheWriter, changed: list[Row]
) -> None:
    before = writer.standing()
    wrong = [*MEMBER, entitlement(9)]
    assert writer.apply(delta((1, 2), changed, wrong)) is Applied.MISMATCH
    assert writer.standing() == before
    assert writer.apply(delta((1, 2), [entitlement(9)], wrong)) is Applied.APPLIED


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([HOLDER, HOLDER], "rows"),
        ([row(RowKind.ENTITLEMENT, "e-2", None), entitlement(2)], "rows"),
        ([Row(kind=RowKind.HOLDER, id="h-1", body=Raw(b'{"blocked":3}'))], "blocked"),
        ([_site("Europe/Atlantis")], "timezone"),
        ([_site("../../etc/passwd")], "timezone"),
    ],
)
def test_a_row_that_is_not_what_it_says_is_refused_by_name(
    writer: CacheWriter, rows: list[Row], field: str
) -> None:
    before = writer.standing()
    with pytest.raises(MalformedError) as caught:
        writer.apply(delta((1, 2), rows, MEMBER))
    assert field in f"{caught.value}"
    assert writer.standing() == before


def test_a_counter_must_grow(writer: CacheWriter) -> None:
    assert writer.counter("rows") == -1
    assert [writer.grew("rows", value) for value in (0, 0, 5, 4, 5, 6)] == [
        True,
        False,
        True,
        False,
        False,
        True,
    ]


def test_marks_go_up_and_down_and_old_epochs_are_forgotten(writer: CacheWriter) -> None:
    one, two = EpochId(EPOCH), EpochId("00000002-0123456789abcdef")
    writer.put_marks({one: 5, two: 7})
    writer.put_marks({one: 3})
    assert writer.marks() == {one: 3, two: 7}
    writer.keep_marks([two])
    assert writer.marks() == {two: 7}


@pytest.mark.must("P-076")
def test_a_snapshot_whose_rows_are_not_the_hubs_does_not_close(
    writer: CacheWriter, tmp_path: Path
) -> None:
    before, names = writer.standing(), files(tmp_path)
    parts = chunks(9, MEMBER)
    snapshot = writer.snapshot()
    for part in parts[:-1]:
        snapshot.add(part)
    assert not snapshot.close_with(parts[-1])
    snapshot.discard()
    assert writer.standing() == before
    assert files(tmp_path) == names


def test_a_row_twice_in_a_snapshot_is_not_the_hubs(writer: CacheWriter) -> None:
    parts = chunks(9, MEMBER)
    snapshot = writer.snapshot()
    for part in (*parts, parts[0]):
        snapshot.add(part)
    assert not snapshot.close_with(parts[-1])
    snapshot.discard()


def test_a_tombstone_has_no_place_in_a_snapshot(writer: CacheWriter) -> None:
    snapshot = writer.snapshot()
    with pytest.raises(MalformedError, match="tombstone"):
        snapshot.add(chunks(9, [row(RowKind.HOLDER, "h-1", None)])[0])
    snapshot.discard()


def test_a_snapshot_of_the_same_version_gets_a_name_of_its_own(
    writer: CacheWriter, tmp_path: Path
) -> None:
    seen = {current_name(tmp_path)}
    for _ in range(3):
        adopt(writer, 1)
        seen.add(current_name(tmp_path))
        assert files(tmp_path) == {CACHE_LINK, current_name(tmp_path)}
    assert len(seen) == 4


@pytest.mark.must("P-077")
@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_of_a_snapshot_leaves_a_usable_cache(tmp_path: Path, step: str) -> None:
    first = CacheWriter.opened(tmp_path, at_step=_Killer(step, after=4))
    first.apply(delta((0, 1), MEMBER, MEMBER))
    with pytest.raises(_Killed):
        adopt(first, 9)
    reader = CacheReader(tmp_path)
    seen = reader.rows_for(CredentialKey(CARD), AccessPointId("gate-in"))
    assert seen is not None
    assert seen.version == (1 if step in ("sealed", "named") else 9)
    again = CacheWriter.opened(tmp_path, told=_untold)
    assert again.standing().version == seen.version
    assert files(tmp_path) == {CACHE_LINK, current_name(tmp_path)}
    adopt(again, 10)
    assert reader.version() == 10
    again.close()
    reader.close()


@pytest.mark.must("P-077")
@pytest.mark.parametrize("step", STEPS)
def test_a_process_killed_at_any_step_leaves_a_usable_cache(tmp_path: Path, step: str) -> None:
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from tests.edge_agent.cache.test_writing import killed_in_a_snapshot\n"
        f"killed_in_a_snapshot(Path({str(tmp_path)!r}), {step!r})\n"
    )
    root = Path(__file__).parents[3]
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        timeout=60,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    writer = CacheWriter.opened(tmp_path, told=_untold)
    assert writer.standing().version == (1 if step in ("sealed", "named") else 9)
    assert files(tmp_path) == {CACHE_LINK, current_name(tmp_path)}
    writer.close()


def killed_in_a_snapshot(directory: Path, step: str) -> None:
    """The process that does not come back."""
    armed = False

    def die(at: str) -> None:
        if armed and at == step:
            os.kill(os.getpid(), signal.SIGKILL)

    writer = CacheWriter.opened(directory, at_step=die)
    writer.apply(delta((0, 1), MEMBER, MEMBER))
    armed = True
    adopt(writer, 9)


def test_a_first_start_that_is_killed_starts_again(tmp_path: Path) -> None:
    for step in STEPS[:-1]:
        with pytest.raises(_Killed):
            CacheWriter.opened(tmp_path, at_step=_Killer(step, after=1))
    writer = CacheWriter.opened(tmp_path, told=_untold)
    assert writer.standing().version == 0
    assert files(tmp_path) == {CACHE_LINK, current_name(tmp_path)}
    writer.close()


def test_a_cache_from_the_future_is_told_kept_aside_and_begun_anew(tmp_path: Path) -> None:
    CacheWriter.opened(tmp_path).close()
    path = tmp_path / str(current_name(tmp_path))
    future = sqlite3.connect(path)
    future.execute(f"PRAGMA user_version = {CACHE_SCHEMA_VERSION + 6}")
    future.close()
    told: list[str] = []
    reader = CacheReader(tmp_path)
    assert reader.version() == 0
    assert "newer program" in str(reader.problem)
    writer = CacheWriter.opened(tmp_path, told=told.append)
    assert len(told) == 1
    assert f"schema {CACHE_SCHEMA_VERSION + 6} is from a newer program" in told[0]
    assert "fetched" in told[0]
    assert (tmp_path / f"{CACHE_LINK}.aside").exists()
    assert not writer.standing().filled
    assert reader.rows_for(CredentialKey(CARD), AccessPointId("gate-in")) is None
    assert reader.problem is None
    writer.close()
    reader.close()


@pytest.mark.parametrize("damage", ["nothing", "text", "cut", "page"])
def test_a_corrupt_cache_is_told_kept_aside_and_begun_anew(tmp_path: Path, damage: str) -> None:
    writer = CacheWriter.opened(tmp_path)
    rows = [*MEMBER, *(entitlement(number) for number in range(2, 300))]
    writer.apply(delta((0, 1), rows, rows))
    writer.close()
    path = tmp_path / str(current_name(tmp_path))
    content = path.read_bytes()
    path.write_bytes(
        {
            "nothing": b"",
            "text": b"this is no database, whatever its name says" * 200,
            "cut": content[: len(content) // 2],
            "page": content[:8192] + b"\xee" * 4096 + content[12288:],
        }[damage]
    )
    told: list[str] = []
    again = CacheWriter.opened(tmp_path, told=told.append)
    assert len(told) == 1
    assert path.name in told[0]
    assert again.standing().version == 0
    assert not again.standing().filled
    assert (tmp_path / f"{CACHE_LINK}.aside").exists()
    assert again.apply(delta((0, 1), MEMBER, MEMBER)) is Applied.APPLIED
    again.close()


def test_a_link_to_a_lost_file_is_told_and_begun_anew(tmp_path: Path) -> None:
    (tmp_path / CACHE_LINK).symlink_to("cache-5-5.db")
    told: list[str] = []
    writer = CacheWriter.opened(tmp_path, told=told.append)
    assert len(told) == 1
    assert writer.standing().version == 0
    writer.close()


def test_rows_are_durable_and_bookkeeping_does_not_wait_for_the_disk(writer: CacheWriter) -> None:
    asked: list[str] = []
    writer._connection.set_trace_callback(asked.append)
    held = [*MEMBER, entitlement(2)]
    writer.apply(delta((1, 2), [entitlement(2)], held))
    writer.put_marks({EpochId(EPOCH): 1})
    writer._connection.set_trace_callback(None)
    modes = [sql for sql in asked if "synchronous" in sql]
    assert modes == ["PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"]


def adopt(writer: CacheWriter, version: int) -> None:
    snapshot = writer.snapshot()
    parts = chunks(version, MEMBER)
    for part in parts:
        snapshot.add(part)
    assert snapshot.close_with(parts[-1])
    writer.adopt(snapshot)


class _Killer:
    """Ends at `step`, once the steps of opening (three) are over or from the first on."""

    def __init__(self, step: str, after: int) -> None:
        self._step = step
        self._after = after
        self._count = 0

    def __call__(self, step: str) -> None:
        self._count += 1
        if step == self._step and self._count >= self._after:
            raise _Killed


def _untold(text: str) -> None:
    raise AssertionError(text)
