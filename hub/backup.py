"""Backup and restore: platform, tenants and secrets in one file, checked by their hashes."""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Annotated, ClassVar

from msgspec import Meta, Struct, ValidationError
from msgspec import json as msgspec_json

from core.instants import to_text
from hub.database import Schema, is_whole, open_sqlite
from hub.errors import HubError, Message, message
from hub.settings import Settings

FORMAT = 1
MANIFEST = "manifest.json"
FILES_MAX = 100_000
_CHUNK_BYTES = 1 << 20
_NAME = re.compile(r"(platform\.db|tenants/[a-z0-9-]+\.db|secrets/[A-Za-z0-9._/-]+)\Z")


class BackupError(HubError):
    """A backup could not be made or restored; what was there before is untouched."""

    code: ClassVar[str] = "backup"
    title: ClassVar[Message] = message("The backup cannot be used")


class Kept(Struct, frozen=True, kw_only=True):
    """One file of a backup."""

    name: str
    bytes: Annotated[int, Meta(ge=0)]
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True):
    """The first part of a backup: what is in it."""

    format: int
    environment: str
    created_at: str
    files: Annotated[list[Kept], Meta(max_length=FILES_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    name: str
    path: Path


def back_up(settings: Settings, target: Path, at: datetime) -> Manifest:
    """Copy everything while the hub may be running; `target` appears whole or not at all."""
    if target.exists():
        raise BackupError(
            message("{path}: it exists already; give another name.", path=str(target))
        )
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".vratar-backup-") as folder:
        parts = [*_copied_databases(settings, Path(folder)), *_secrets(settings)]
        manifest = Manifest(
            format=FORMAT,
            environment=settings.environment.value,
            created_at=to_text(at),
            files=[_kept(part) for part in parts],
        )
        whole = Path(folder) / "whole"
        _write(whole, manifest, parts)
        whole.rename(target)
        _sync_folder(target.parent)
    return manifest


def restore(settings: Settings, source: Path, at: datetime) -> Manifest:
    """Unpack into the settings' directory, which must be empty; every database notes `restored_at`.

    Edges send again what the restored hub has not seen.
    """
    directory = settings.directory
    if directory.exists() and any(directory.iterdir()):
        raise BackupError(
            message(
                "{path}: not empty; move what is there away, or set another directory.",
                path=str(directory),
            )
        )
    directory.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=directory.parent, prefix=".vratar-restore-"))
    try:
        manifest = _unpacked(settings, source, folder)
        _check_databases(settings, folder, at)
        with suppress(FileNotFoundError):
            directory.rmdir()
        folder.rename(directory)
        _sync_folder(directory.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return manifest


def _copied_databases(settings: Settings, folder: Path) -> Iterator[_Part]:
    yield _copied(settings.platform_file, folder / "platform.db", "platform.db")
    for path in sorted((settings.directory / "tenants").glob("*.db")):
        yield _copied(path, folder / path.name, f"tenants/{path.name}")


def _copied(source: Path, target: Path, name: str) -> _Part:
    """One consistent picture of a database, also while it is written to."""
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise BackupError(
            message(
                "{path}: it cannot be copied ({problem}); check that the disk has room and that"
                " the database is whole.",
                path=str(source),
                problem=str(error),
            )
        ) from None
    return _Part(name=name, path=target)


def _secrets(settings: Settings) -> Iterator[_Part]:
    for path in sorted(settings.secrets.rglob("*")):
        if path.is_file():
            yield _Part(name=f"secrets/{path.relative_to(settings.secrets)}", path=path)


def _kept(part: _Part) -> Kept:
    with part.path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return Kept(name=part.name, bytes=part.path.stat().st_size, sha256=digest)


def _write(target: Path, manifest: Manifest, parts: list[_Part]) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as content:
        with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as archive:
            text = msgspec_json.encode(manifest)
            archive.addfile(_header(MANIFEST, len(text)), BytesIO(text))
            for part in parts:
                with part.path.open("rb") as read:
                    archive.addfile(_header(part.name, part.path.stat().st_size), read)
        content.flush()
        os.fsync(content.fileno())


def _header(name: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size = size
    header.mode = 0o600
    return header


def _unpacked(settings: Settings, source: Path, folder: Path) -> Manifest:
    with _opened(source) as archive:
        manifest = _manifest(archive, source)
        if manifest.environment != settings.environment.value:
            raise BackupError(
                message(
                    "{path}: a backup of environment {theirs}, but the settings say {ours};"
                    ' set environment = "{theirs}".',
                    path=str(source),
                    theirs=manifest.environment,
                    ours=settings.environment.value,
                )
            )
        for kept in manifest.files:
            _unpack(archive, kept, folder, source)
    return manifest


@contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, mode="r:") as archive:
            yield archive
    except OSError as error:
        raise BackupError(
            message(
                "{path}: {problem}; give the path of a backup that can be read.",
                path=str(source),
                problem=error.strerror or str(error),
            )
        ) from None
    except tarfile.TarError:
        raise _damaged(source, MANIFEST) from None


def _manifest(archive: tarfile.TarFile, source: Path) -> Manifest:
    first = archive.next()
    content = archive.extractfile(first) if first and first.name == MANIFEST else None
    if content is None:
        raise _damaged(source, MANIFEST)
    text = content.read()
    try:
        version = json.loads(text).get("format")
        if isinstance(version, int) and version > FORMAT:
            raise BackupError(
                message(
                    "{path}: format {format} is from a newer version of the hub; restore with"
                    " that version.",
                    path=str(source),
                    format=version,
                )
            )
        return msgspec_json.decode(text, type=Manifest)
    except (ValidationError, ValueError, AttributeError):
        raise _damaged(source, MANIFEST) from None


def _unpack(archive: tarfile.TarFile, kept: Kept, folder: Path, source: Path) -> None:
    """The next part, if it is the one that the manifest says, byte for byte."""
    member = archive.next()
    content = archive.extractfile(member) if member and member.name == kept.name else None
    if content is None or not _NAME.match(kept.name) or ".." in kept.name:
        raise _damaged(source, kept.name)
    target = folder / kept.name
    for parent in reversed(target.relative_to(folder).parents):
        (folder / parent).mkdir(mode=0o700, exist_ok=True)
    digest = hashlib.sha256()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as written:
        while chunk := content.read(_CHUNK_BYTES):
            digest.update(chunk)
            written.write(chunk)
        written.flush()
        os.fsync(written.fileno())
    if digest.hexdigest() != kept.sha256:
        raise _damaged(source, kept.name)


def _check_databases(settings: Settings, folder: Path, at: datetime) -> None:
    environment = settings.environment.value
    files = [(folder / "platform.db", Schema.PLATFORM)]
    files += [(path, Schema.TENANT) for path in sorted((folder / "tenants").glob("*.db"))]
    for path, schema in files:
        database = open_sqlite(path, schema, environment)
        try:
            with database.read() as connection:
                if not is_whole(connection):
                    raise _damaged(path, path.name)
            database.note("restored_at", to_text(at))
        finally:
            database.close()
    for name in ("tenants", "secrets"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)


def _damaged(source: Path, part: str) -> BackupError:
    return BackupError(
        message(
            "{path}: {part} is missing or damaged; take another backup.",
            path=str(source),
            part=part,
        )
    )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
