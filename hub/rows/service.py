"""Changes of rows in, deltas out: one version per change, one hash over all rows of a site."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from msgspec import Raw
from sqlalchemy import Connection

from core.entitlement import Entitlement
from core.ids import EdgeId, EntitlementId, EpochId, HolderId, SiteId
from core.presence import Presence
from hub.database import announce
from hub.rows import store
from hub.rows.store import Key, Logged, Standing
from wire.codec import TOMBSTONE, RowBody, row, row_body, set_hash_change, set_hash_text
from wire.messages import FigureRow, Row, RowKind

CHANGES_PER_DELTA_MAX = 1_000
BYTES_PER_DELTA_MAX = 160 * 1024
"""Of row bodies: with ids and framing a message stays below the envelope's limit undeflated."""

CHANGES_BEFORE_SNAPSHOT = 50_000
"""Further behind than this a snapshot is the shorter way."""

FIGURES_PER_CHANGE_MAX = CHANGES_PER_DELTA_MAX
"""How many figures and presences one call of put_figures may carry: they travel together."""

VERSIONS_LOST_MAX = 100_000_000
"""How many changes a restored backup may lack."""

_NO_HOLDERS: Mapping[Key, HolderId] = {}

_DEPENDENT = {
    RowKind.ENTITLEMENT: RowKind.FIGURE,
    RowKind.HOLDER: RowKind.PRESENCE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """What a row is to become; a body of None removes it."""

    kind: RowKind
    id: str
    body: RowBody | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """The changes after one version up to another; `more` follows it."""

    from_version: int
    to_version: int
    rows: tuple[Row, ...]
    set_hash: str
    more: bool


def put(
    connection: Connection,
    site: SiteId,
    kind: RowKind,
    row_id: str,
    body: RowBody | None,
    at: datetime,
) -> None:
    """Let the site's edges know a row (None: no longer); nothing happens if they do already."""
    put_all(connection, site, [RowChange(kind=kind, id=row_id, body=body)], at)


def put_all(
    connection: Connection, site: SiteId, changes: Sequence[RowChange], at: datetime
) -> int:
    """Several rows, each once; returns the site's version. The caller's transaction decides."""
    wanted = {
        (change.kind, change.id): bytes(row(change.kind, change.id, change.body).body)
        if change.body is not None
        else None
        for change in changes
    }
    holders = {
        (change.kind, change.id): change.body.holder
        for change in changes
        if isinstance(change.body, Entitlement)
    }
    wanted |= _dependents(connection, wanted)
    return _apply(connection, site, wanted, holders=holders, at=at)


def put_figures(
    connection: Connection,
    *,
    taken: Mapping[EntitlementId, int],
    presences: Mapping[HolderId, Presence],
    included: Mapping[SiteId, Mapping[tuple[EdgeId, EpochId], int]],
    at: datetime,
) -> None:
    """New figures, at every site that knows the right or the person, with what they contain."""
    assert len(taken) + len(presences) <= FIGURES_PER_CHANGE_MAX
    new: dict[Key, bytes] = {}
    for entitlement, units in taken.items():
        kind = RowKind.FIGURE
        new[kind, entitlement] = bytes(row(kind, entitlement, FigureRow(taken=units)).body)
    for holder, presence in presences.items():
        kind = RowKind.PRESENCE
        new[kind, holder] = bytes(row(kind, holder, presence).body)
    if new:
        store.set_figures(connection, new)
    for site, contents in _by_site(connection, new).items():
        before = store.standing(connection, site).version
        version = _apply(connection, site, contents, at=at, grouped=True)
        marks = included.get(site)
        # The marks of a version never change: all chunks of its snapshot carry the same.
        if marks and version != before:
            store.set_included(connection, site, version, marks)


def standing(connection: Connection, site: SiteId) -> Standing:
    """The site's version and the hash of its rows."""
    return store.standing(connection, site)


def raise_version(connection: Connection, site: SiteId, at_least: int) -> None:
    """Never count below what an edge holds already (after the hub was restored from a backup).

    A leap that no backup explains is not followed: that edge is given a snapshot.
    """
    now = store.standing(connection, site)
    if now.version < at_least <= now.version + VERSIONS_LOST_MAX:
        store.set_standing(
            connection, site, replace(now, version=at_least, trimmed_version=at_least)
        )
        announce(connection, "rows", site)


def delta(connection: Connection, site: SiteId, from_version: int) -> Delta | None:
    """What follows a version, cut at a transaction's end; None if only a snapshot helps."""
    now = store.standing(connection, site)
    if from_version < now.trimmed_version or from_version > now.version:
        return None
    if now.version - from_version > CHANGES_BEFORE_SNAPSHOT:
        return None
    logged = _whole(store.changes_after(connection, site, from_version, CHANGES_PER_DELTA_MAX + 1))
    last = logged[-1] if logged else None
    return Delta(
        from_version=from_version,
        to_version=last.version if last else now.version,
        rows=tuple(_compacted(logged)),
        set_hash=last.set_hash if last else now.set_hash,
        more=last is not None and last.version < now.version,
    )


def included(
    connection: Connection, site: SiteId, edge: EdgeId, version: int
) -> Mapping[EpochId, int]:
    """The edge's own entries that figures and presences of that version contain."""
    return store.included(connection, site, edge, version)


def current(connection: Connection, site: SiteId) -> Iterator[tuple[RowKind, str, bytes]]:
    """All rows of a site, streamed in a fixed order."""
    return store.current(connection, site)


B = TypeVar("B", bound=RowBody)


def version_at(connection: Connection, site: SiteId, at: datetime) -> int:
    """The version that was current then."""
    return store.version_at(connection, site, at)


def body_at(
    connection: Connection, site: SiteId, kind: RowKind, row_id: str, version: int
) -> RowBody | None:
    """A row as of a version."""
    content = store.body_at(connection, site, (kind, row_id), version)
    return None if content is None else row_body(kind, content)


def entitlements_at(
    connection: Connection, site: SiteId, holder: HolderId, version: int
) -> tuple[Entitlement, ...]:
    """All of the holder's entitlements that the site knew as of a version."""
    found = store.bodies_of_holder_at(connection, site, holder, version)
    bodies = [row_body(RowKind.ENTITLEMENT, content) for content in found]
    return tuple(each for each in bodies if isinstance(each, Entitlement))


def trim(connection: Connection, site: SiteId, before: datetime) -> None:
    """Forget changes that nobody can ask for: replaced, or tombstones, older than `before`."""
    last = store.trim(connection, site, before)
    if last is not None:
        now = store.standing(connection, site)
        trimmed = max(now.trimmed_version, last)
        store.set_standing(connection, site, replace(now, trimmed_version=trimmed))


def _apply(
    connection: Connection,
    site: SiteId,
    wanted: Mapping[Key, bytes | None],
    *,
    holders: Mapping[Key, HolderId] = _NO_HOLDERS,
    at: datetime,
    grouped: bool = False,
) -> int:
    """Log what differs and let it be current; returns the version after.

    Of a `grouped` transaction a delta carries all or nothing; the caller bounds it.
    """
    now = store.standing(connection, site)
    old = store.bodies(connection, site, list(wanted))
    changed = {key: new for key, new in wanted.items() if old.get(key) != new}
    if not changed:
        return now.version
    logged = list(_numbered(now, old, changed, holders))
    if grouped:
        logged = [replace(each, whole_at=logged[-1].version) for each in logged]
    store.write(connection, site, logged, at)
    last = logged[-1]
    store.set_standing(connection, site, replace(now, version=last.version, set_hash=last.set_hash))
    announce(connection, "rows", site)
    return last.version


def _numbered(
    now: Standing,
    old: Mapping[Key, bytes],
    changed: Mapping[Key, bytes | None],
    holders: Mapping[Key, HolderId],
) -> Iterator[Logged]:
    set_hash = int(now.set_hash, 16)
    for version, (key, body) in enumerate(changed.items(), start=now.version + 1):
        before = old.get(key)
        set_hash = set_hash_change(set_hash, *key, old=before, new=body)
        yield Logged(
            version=version,
            whole_at=version,
            kind=key[0],
            id=key[1],
            body=body,
            holder=holders.get(key) or _holder(key[0], before),
            set_hash=set_hash_text(set_hash),
        )


def _holder(kind: RowKind, content: bytes | None) -> HolderId | None:
    """A tombstone keeps whose entitlement it was, so that the log answers by holder."""
    if kind is not RowKind.ENTITLEMENT or content is None:
        return None
    body = row_body(kind, content)
    return body.holder if isinstance(body, Entitlement) else None


def _dependents(
    connection: Connection, wanted: Mapping[Key, bytes | None]
) -> dict[Key, bytes | None]:
    """Figures come and go with their right, presences with their person."""
    keys = {
        (_DEPENDENT[kind], row_id): body
        for (kind, row_id), body in wanted.items()
        if kind in _DEPENDENT
    }
    known = store.figures(connection, [key for key, body in keys.items() if body is not None])
    return {
        key: None if body is None else known[key]
        for key, body in keys.items()
        if body is None or key in known
    }


def _by_site(
    connection: Connection, new: Mapping[Key, bytes]
) -> dict[SiteId, dict[Key, bytes | None]]:
    places: dict[SiteId, dict[Key, bytes | None]] = {}
    for owner, kind in _DEPENDENT.items():
        ids = [row_id for each, row_id in new if each is kind]
        for row_id, sites in store.sites_with(connection, owner, ids).items():
            for site in sites:
                places.setdefault(site, {})[kind, row_id] = new[kind, row_id]
    return places


def _whole(logged: Sequence[Logged]) -> Sequence[Logged]:
    """The longest start within the limits that ends where a group of figures ends."""
    end, size = 0, 0
    for index, change in enumerate(logged):
        size += len(change.body or b"")
        if end and (size > BYTES_PER_DELTA_MAX or index >= CHANGES_PER_DELTA_MAX):
            break
        if change.version == change.whole_at:
            end = index + 1
    return logged[:end]


def _compacted(logged: Sequence[Logged]) -> Iterator[Row]:
    """The last change of each row."""
    last = {(change.kind, change.id): change for change in logged}
    for change in last.values():
        yield Row(
            kind=change.kind,
            id=change.id,
            body=Raw(TOMBSTONE if change.body is None else change.body),
        )
