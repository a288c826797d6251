"""Backup while the hub works; restore into an empty directory; nothing damaged gets through."""

import io
import json
import stat
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hub import app
from hub.audit import service as audit
from hub.backup import MANIFEST, BackupError, back_up, restore
from hub.context import Hub
from hub.database import Database
from hub.errors import DatabaseError
from hub.people import service as people
from hub.people.service import Particulars
from hub.settings import Environment, Settings
from tests.hub.bench import CHEAP, Bench


def registered(bench: Bench, name: str) -> None:
    with bench.database.write() as connection:
        people.register(bench.act_on(connection), Particulars(name=name))


def names(database: Database) -> list[str]:
    with database.read() as connection:
        assert audit.verify(connection).whole
        return [person.name for person in people.page(connection, limit=200).people]


def elsewhere(bench: Bench, name: str = "restored") -> Settings:
    return bench.settings.model_copy(update={"directory": bench.directory / name})


def opened(settings: Settings) -> Hub:
    return app.build(settings, hasher=CHEAP)


@pytest.fixture
def kept(bench: Bench) -> Path:
    """A backup of a hub with one person and one secret."""
    registered(bench, "Ana")
    secret = bench.settings.secrets / "mqtt" / "hub.key"
    secret.parent.mkdir()
    secret.write_bytes(b"\x00secret")
    path = bench.directory / "hub.backup"
    back_up(bench.settings, path, bench.clock())
    return path


def test_what_was_backed_up_comes_back(bench: Bench, kept: Path) -> None:
    registered(bench, "Bor")
    settings = elsewhere(bench)
    restore(settings, kept, bench.clock())
    hub = opened(settings)
    try:
        (tenant,) = hub.tenants
        assert names(tenant.database) == ["Ana"]
        assert tenant.id == bench.tenant.id
        assert tenant.database.about()["restored_at"] == "2026-11-23T06:00:00.000Z"
        assert hub.platform.about()["restored_at"] == "2026-11-23T06:00:00.000Z"
        assert (settings.secrets / "mqtt" / "hub.key").read_bytes() == b"\x00secret"
    finally:
        hub.close()


def test_only_the_owner_can_read_a_backup_and_what_comes_of_it(bench: Bench, kept: Path) -> None:
    settings = elsewhere(bench)
    restore(settings, kept, bench.clock())
    for path in (kept, *settings.directory.rglob("*"), settings.directory):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_backup_taken_while_the_hub_writes_is_consistent(bench: Bench) -> None:
    stop, written = threading.Event(), threading.Event()

    def writing() -> None:
        for number in range(10_000):
            if stop.is_set():
                return
            registered(bench, f"Oseba {number}")
            if number == 20:
                written.set()

    writer = threading.Thread(target=writing)
    writer.start()
    try:
        assert written.wait(60)
        for number in range(3):
            back_up(bench.settings, bench.directory / f"{number}.backup", bench.clock())
    finally:
        stop.set()
        writer.join(60)
    for number in range(3):
        settings = elsewhere(bench, f"restored-{number}")
        restore(settings, bench.directory / f"{number}.backup", bench.clock())
        hub = opened(settings)
        (tenant,) = hub.tenants
        assert len(names(tenant.database)) > 20
        hub.close()


def test_a_backup_overwrites_nothing(bench: Bench, kept: Path) -> None:
    before = kept.read_bytes()
    with pytest.raises(BackupError, match="exists already"):
        back_up(bench.settings, kept, bench.clock())
    assert kept.read_bytes() == before


def test_a_directory_that_is_not_empty_is_left_alone(bench: Bench, kept: Path) -> None:
    with pytest.raises(BackupError, match="not empty; move what is there away"):
        restore(bench.settings, kept, bench.clock())
    assert names(bench.database) == ["Ana"]


def test_an_empty_directory_may_stand_already(bench: Bench, kept: Path) -> None:
    settings = elsewhere(bench)
    settings.directory.mkdir()
    restore(settings, kept, bench.clock())
    opened(settings).close()


def test_a_backup_of_another_environment_is_refused(bench: Bench, kept: Path) -> None:
    settings = elsewhere(bench).model_copy(update={"environment": Environment.PROD})
    with pytest.raises(BackupError, match="of environment test, but the settings say prod"):
        restore(settings, kept, bench.clock())
    assert not settings.directory.exists()


def rewritten(path: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> None:
    """The backup with each part changed, or left out (None)."""
    with tarfile.open(path) as archive:
        parts = [(m.name, (archive.extractfile(m) or io.BytesIO()).read()) for m in archive]
    with tarfile.open(path, "w") as archive:
        for name, content in filter(None, (change(*part) for part in parts)):
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))


def manifest(content: bytes, **changes: object) -> bytes:
    return json.dumps(json.loads(content) | changes).encode()


def flipped(name: str, content: bytes) -> tuple[str, bytes]:
    if name != "platform.db":
        return name, content
    return name, content[:-1] + bytes([content[-1] ^ 1])


def without_platform(name: str, content: bytes) -> tuple[str, bytes] | None:
    return None if name == "platform.db" else (name, content)


def without_manifest(name: str, content: bytes) -> tuple[str, bytes] | None:
    return None if name == MANIFEST else (name, content)


def climbing(name: str, content: bytes) -> tuple[str, bytes]:
    new = name.replace("secrets/mqtt", "secrets/../../x")
    return new, content.replace(b"secrets/mqtt", b"secrets/../../x")


def absolute(name: str, content: bytes) -> tuple[str, bytes]:
    return name.replace("secrets/", "/secrets/"), content.replace(b"secrets/", b"/secrets/")


def of_the_future(name: str, content: bytes) -> tuple[str, bytes]:
    return name, manifest(content, format=2) if name == MANIFEST else content


def no_list(name: str, content: bytes) -> tuple[str, bytes]:
    return name, manifest(content, files="all") if name == MANIFEST else content


def no_json(name: str, content: bytes) -> tuple[str, bytes]:
    return name, b"[" if name == MANIFEST else content


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (flipped, "platform.db is missing or damaged"),
        (without_platform, "platform.db is missing or damaged"),
        (without_manifest, "manifest.json is missing or damaged"),
        (climbing, "is missing or damaged"),
        (absolute, "is missing or damaged"),
        (of_the_future, "format 2 is from a newer version"),
        (no_list, "manifest.json is missing or damaged"),
        (no_json, "manifest.json is missing or damaged"),
    ],
)
def test_a_damaged_backup_is_refused_and_leaves_nothing(
    bench: Bench,
    kept: Path,
    change: Callable[[str, bytes], tuple[str, bytes] | None],
    told: str,
) -> None:
    rewritten(kept, change)
    settings = elsewhere(bench)
    with pytest.raises(BackupError, match=told):
        restore(settings, kept, bench.clock())
    assert not settings.directory.exists()
    assert sorted(path.name for path in bench.directory.iterdir()) == ["hub", "hub.backup"]


@pytest.mark.parametrize("length", [0, 10, 700, 20_000])
def test_a_backup_cut_off_is_refused(bench: Bench, kept: Path, length: int) -> None:
    kept.write_bytes(kept.read_bytes()[:length])
    with pytest.raises(BackupError):
        restore(elsewhere(bench), kept, bench.clock())
    assert not elsewhere(bench).directory.exists()


def test_a_missing_backup_is_named(bench: Bench) -> None:
    with pytest.raises(BackupError, match=r"nowhere: No such file.*give the path of a backup"):
        restore(elsewhere(bench), bench.directory / "nowhere", bench.clock())


def test_a_damaged_database_is_not_backed_up_unseen(bench: Bench) -> None:
    path = bench.settings.tenant_file("t-damaged")
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(BackupError, match=r"t-damaged\.db: it cannot be copied"):
        back_up(bench.settings, bench.directory / "b", bench.clock())
    assert not (bench.directory / "b").exists()


def test_restoring_a_database_from_the_future_is_refused(bench: Bench) -> None:
    with bench.hub.platform.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    path = bench.directory / "b"
    back_up(bench.settings, path, bench.clock())
    with pytest.raises(DatabaseError, match="9999 is from a newer version"):
        restore(elsewhere(bench), path, bench.clock())
    assert not elsewhere(bench).directory.exists()
