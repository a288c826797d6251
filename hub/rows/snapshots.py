"""Snapshots: all rows of a site at one version, written once to a file, read chunk by chunk."""

import os
import struct
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, Self

import msgspec
from msgspec import Raw
from sqlalchemy import Connection

from core.ids import SiteId
from hub.rows import service
from hub.rows.service import BYTES_PER_DELTA_MAX
from wire.messages import Row

ROWS_PER_CHUNK_MAX = 1_000
KEPT_MAX = 8
REUSED_FOR = timedelta(minutes=5)
"""So long a new reader is given an older version: the deltas after it are few."""

_OFFSET = struct.Struct(">Q")
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[Row])


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One chunk of a snapshot with the figures that all its chunks carry."""

    version: int
    index: int
    count: int
    rows: list[Row]
    set_hash: str
    as_of: datetime


class SnapshotFile:
    """An unnamed file: it goes with the process; memory holds one chunk, and 8 bytes of each."""

    def __init__(self, *, version: int, set_hash: str, as_of: datetime) -> None:
        self.version = version
        self.set_hash = set_hash
        self.as_of = as_of
        self._file: BinaryIO = tempfile.TemporaryFile(prefix="vratar-snapshot-")  # noqa: SIM115 - close() is ours
        self._ends = bytearray(_OFFSET.pack(0))

    @classmethod
    def built(cls, connection: Connection, site: SiteId, at: datetime) -> Self:
        """The site's rows in the connection's one consistent picture."""
        standing = service.standing(connection, site)
        snapshot = cls(version=standing.version, set_hash=standing.set_hash, as_of=at)
        try:
            for rows in _chunks(connection, site):
                snapshot._append(rows)
            if snapshot.count == 0:
                snapshot._append([])
        except BaseException:
            snapshot.close()
            raise
        snapshot._file.flush()
        return snapshot

    @property
    def count(self) -> int:
        return len(self._ends) // _OFFSET.size - 1

    def part(self, index: int) -> Part | None:
        """Chunk `index`, None beyond the last."""
        if not 0 <= index < self.count:
            return None
        start, end = self._end(index), self._end(index + 1)
        return Part(
            version=self.version,
            index=index,
            count=self.count,
            rows=_decoder.decode(os.pread(self._file.fileno(), end - start, start)),
            set_hash=self.set_hash,
            as_of=self.as_of,
        )

    def close(self) -> None:
        self._file.close()

    def _append(self, rows: list[Row]) -> None:
        content = _encoder.encode(rows)
        self._file.write(content)
        self._ends += _OFFSET.pack(self._end(self.count) + len(content))

    def _end(self, index: int) -> int:
        end: int = _OFFSET.unpack_from(self._ends, index * _OFFSET.size)[0]
        return end


class Snapshots:
    """The last few snapshots; used by one thread."""

    def __init__(self) -> None:
        self._kept: dict[tuple[SiteId, int], SnapshotFile] = {}

    def part(
        self, connection: Connection, site: SiteId, *, version: int, index: int, now: datetime
    ) -> Part | None:
        """Chunk `index` of the snapshot `version`, or of a fresh one for version 0.

        None if that version is no longer kept: the reader begins again.
        """
        if version == 0:
            snapshot = self._recent(site, now) or self._build(connection, site, now)
            return snapshot.part(index)
        kept = self._kept.get((site, version))
        return kept.part(index) if kept else None

    def close(self) -> None:
        while self._kept:
            self._kept.popitem()[1].close()

    def _recent(self, site: SiteId, now: datetime) -> SnapshotFile | None:
        of_site = [kept for (each, _), kept in self._kept.items() if each == site]
        newest = max(of_site, key=lambda kept: kept.version, default=None)
        if newest is None or now - newest.as_of > REUSED_FOR:
            return None
        return newest

    def _build(self, connection: Connection, site: SiteId, now: datetime) -> SnapshotFile:
        snapshot = SnapshotFile.built(connection, site, now)
        with suppress(KeyError):
            self._kept.pop((site, snapshot.version)).close()
        self._kept[site, snapshot.version] = snapshot
        while len(self._kept) > KEPT_MAX:
            oldest = next(iter(self._kept))
            self._kept.pop(oldest).close()
        return snapshot


def _chunks(connection: Connection, site: SiteId) -> Iterator[list[Row]]:
    rows: list[Row] = []
    size = 0
    for kind, row_id, body in service.current(connection, site):
        if rows and (len(rows) >= ROWS_PER_CHUNK_MAX or size + len(body) > BYTES_PER_DELTA_MAX):
            yield rows
            rows, size = [], 0
        rows.append(Row(kind=kind, id=row_id, body=Raw(body)))
        size += len(body)
    if rows:
        yield rows
