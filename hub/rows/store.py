"""SQL of the rows: current ones, the change log, figures, and the marks that figures contain."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from core.ids import EdgeId, EpochId, HolderId, SiteId
from hub.columns import TENANT, Instant, Whole, table
from wire.codec import SET_HASH_EMPTY, set_hash_text
from wire.messages import RowKind

_standings = table(
    TENANT,
    "row_standings",
    Column("site", Text, primary_key=True),
    Column("version", Whole, nullable=False),
    Column("set_hash", Text, nullable=False),
    Column("trimmed_version", Whole, nullable=False),
)

_current = table(
    TENANT,
    "rows",
    Column("site", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("holder", Text),
    PrimaryKeyConstraint("site", "kind", "id"),
)
Index(None, _current.c.kind, _current.c.id)

_changes = table(
    TENANT,
    "row_changes",
    Column("site", Text, nullable=False),
    Column("version", Whole, nullable=False),
    # The version at which the transaction of this change ends: a delta is cut only there.
    Column("whole_at", Whole, nullable=False),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("body", LargeBinary),
    Column("holder", Text),
    Column("set_hash", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("site", "version"),
)
Index(None, _changes.c.site, _changes.c.kind, _changes.c.id, _changes.c.version)
Index(None, _changes.c.site, _changes.c.holder, _changes.c.version)
Index(None, _changes.c.site, _changes.c.at)

_figures = table(
    TENANT,
    "row_figures",
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("kind", "id"),
)

_included = table(
    TENANT,
    "row_included",
    Column("site", Text, nullable=False),
    Column("edge", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("version", Whole, nullable=False),
    Column("seq", Whole, nullable=False),
    PrimaryKeyConstraint("site", "edge", "epoch", "version"),
)

Key = tuple[RowKind, str]
_KEYS_PER_QUERY_MAX = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a site's rows stand; the log is whole after `trimmed_version`."""

    version: int
    set_hash: str
    trimmed_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One change of a row as it is logged; a body of None is a tombstone."""

    version: int
    whole_at: int
    kind: RowKind
    id: str
    body: bytes | None
    holder: HolderId | None
    set_hash: str


_NEW = Standing(version=0, set_hash=set_hash_text(SET_HASH_EMPTY), trimmed_version=0)


def standing(connection: Connection, site: SiteId) -> Standing:
    row = connection.execute(select(_standings).where(_standings.c.site == site)).first()
    if row is None:
        return _NEW
    return Standing(version=row.version, set_hash=row.set_hash, trimmed_version=row.trimmed_version)


def set_standing(connection: Connection, site: SiteId, new: Standing) -> None:
    values = {
        "version": new.version,
        "set_hash": new.set_hash,
        "trimmed_version": new.trimmed_version,
    }
    changed = connection.execute(
        update(_standings).where(_standings.c.site == site).values(**values)
    )
    if changed.rowcount == 0:
        connection.execute(insert(_standings).values(site=site, **values))


def bodies(connection: Connection, site: SiteId, keys: Sequence[Key]) -> dict[Key, bytes]:
    """The current bodies of those of the keys that exist."""
    found: dict[Key, bytes] = {}
    for kind in {kind for kind, _ in keys}:
        ids = [row_id for each, row_id in keys if each is kind]
        for start in range(0, len(ids), _KEYS_PER_QUERY_MAX):
            part = ids[start : start + _KEYS_PER_QUERY_MAX]
            query = select(_current.c.id, _current.c.body).where(
                _current.c.site == site, _current.c.kind == kind, _current.c.id.in_(part)
            )
            found.update({(kind, row.id): row.body for row in connection.execute(query)})
    return found


def write(connection: Connection, site: SiteId, logged: Sequence[Logged], at: datetime) -> None:
    """Append to the log and bring the current rows there; each key at most once."""
    connection.execute(insert(_changes), [_log_values(site, each, at) for each in logged])
    connection.execute(
        delete(_current).where(
            _current.c.site == site,
            _current.c.kind == bindparam("kind_"),
            _current.c.id == bindparam("id_"),
        ),
        [{"kind_": each.kind, "id_": each.id} for each in logged],
    )
    present = [
        {"site": site, "kind": each.kind, "id": each.id, "body": each.body, "holder": each.holder}
        for each in logged
        if each.body is not None
    ]
    if present:
        connection.execute(insert(_current), present)


def changes_after(connection: Connection, site: SiteId, version: int, limit: int) -> list[Logged]:
    """The first `limit` changes after a version, in order."""
    query = (
        select(_changes)
        .where(_changes.c.site == site, _changes.c.version > version)
        .order_by(_changes.c.version)
        .limit(limit)
    )
    return [_logged(row) for row in connection.execute(query)]


def current(connection: Connection, site: SiteId) -> Iterator[tuple[RowKind, str, bytes]]:
    """All rows of a site by kind and id, streamed."""
    query = (
        select(_current.c.kind, _current.c.id, _current.c.body)
        .where(_current.c.site == site)
        .order_by(_current.c.kind, _current.c.id)
    )
    for row in connection.execute(query.execution_options(yield_per=1000)):
        yield RowKind(row.kind), row.id, row.body


def body(connection: Connection, site: SiteId, key: Key) -> bytes | None:
    return bodies(connection, site, [key]).get(key)


def sites_with(
    connection: Connection, kind: RowKind, ids: Iterable[str]
) -> dict[str, list[SiteId]]:
    """For each id the sites that have such a row."""
    found: dict[str, list[SiteId]] = {}
    wanted = list(ids)
    for start in range(0, len(wanted), _KEYS_PER_QUERY_MAX):
        part = wanted[start : start + _KEYS_PER_QUERY_MAX]
        query = select(_current.c.id, _current.c.site).where(
            _current.c.kind == kind, _current.c.id.in_(part)
        )
        for row in connection.execute(query.order_by(_current.c.site)):
            found.setdefault(row.id, []).append(SiteId(row.site))
    return found


def version_at(connection: Connection, site: SiteId, at: datetime) -> int:
    """The version that was current at an instant of the hub's clock; 0 before the first."""
    return connection.execute(_VERSION_AT, {"site": site, "at": at}).scalar() or 0


def body_at(connection: Connection, site: SiteId, key: Key, version: int) -> bytes | None:
    """The body of a row as of a version."""
    values = {"site": site, "kind": key[0].value, "id": key[1], "version": version}
    return connection.execute(_BODY_AT, values).scalar()


def bodies_of_holder_at(
    connection: Connection, site: SiteId, holder: HolderId, version: int
) -> list[bytes]:
    """The bodies of the holder's entitlements as of a version."""
    values = {"site": site, "holder": holder, "version": version}
    return [body for body in connection.execute(_OF_HOLDER_AT, values).scalars() if body]


# Built once: these run for every tap, and building costs more than running.
_VERSION_AT = select(func.max(_changes.c.version)).where(
    _changes.c.site == bindparam("site"), _changes.c.at <= bindparam("at")
)
_BODY_AT = (
    select(_changes.c.body)
    .where(
        _changes.c.site == bindparam("site"),
        _changes.c.kind == bindparam("kind"),
        _changes.c.id == bindparam("id"),
        _changes.c.version <= bindparam("version"),
    )
    .order_by(_changes.c.version.desc())
    .limit(1)
)
_later = _changes.alias("later")
_OF_HOLDER_AT = select(_changes.c.body).where(
    _changes.c.site == bindparam("site"),
    _changes.c.holder == bindparam("holder"),
    _changes.c.version <= bindparam("version"),
    ~exists().where(
        _later.c.site == _changes.c.site,
        _later.c.kind == _changes.c.kind,
        _later.c.id == _changes.c.id,
        _later.c.version > _changes.c.version,
        _later.c.version <= bindparam("version"),
    ),
)


def figures(connection: Connection, keys: Iterable[Key]) -> dict[Key, bytes]:
    """The last known figures and presences of the whole tenant."""
    found = {}
    for key in keys:
        query = select(_figures.c.body).where(_figures.c.kind == key[0], _figures.c.id == key[1])
        if (content := connection.execute(query).scalar()) is not None:
            found[key] = content
    return found


def set_figures(connection: Connection, new: Mapping[Key, bytes]) -> None:
    keys = [{"kind_": kind, "id_": row_id} for kind, row_id in new]
    connection.execute(
        delete(_figures).where(
            _figures.c.kind == bindparam("kind_"), _figures.c.id == bindparam("id_")
        ),
        keys,
    )
    connection.execute(
        insert(_figures),
        [{"kind": kind, "id": row_id, "body": content} for (kind, row_id), content in new.items()],
    )


def set_included(
    connection: Connection,
    site: SiteId,
    version: int,
    marks: Mapping[tuple[EdgeId, EpochId], int],
) -> None:
    """The entries that figures contain from this version on."""
    keys = [{"edge_": edge, "epoch_": epoch} for edge, epoch in marks]
    connection.execute(
        delete(_included).where(
            _included.c.site == site,
            _included.c.version == version,
            _included.c.edge == bindparam("edge_"),
            _included.c.epoch == bindparam("epoch_"),
        ),
        keys,
    )
    connection.execute(
        insert(_included),
        [
            {"site": site, "edge": edge, "epoch": epoch, "version": version, "seq": seq}
            for (edge, epoch), seq in marks.items()
        ],
    )


def included(
    connection: Connection, site: SiteId, edge: EdgeId, version: int
) -> dict[EpochId, int]:
    """The edge's entries that figures contained as of a version."""
    query = (
        select(_included.c.epoch, func.max(_included.c.seq).label("seq"))
        .where(_included.c.site == site, _included.c.edge == edge, _included.c.version <= version)
        .group_by(_included.c.epoch)
    )
    return {EpochId(row.epoch): row.seq for row in connection.execute(query)}


def trim(connection: Connection, site: SiteId, before: datetime) -> int | None:
    """Remove changes older than `before` that a later one replaced, and old tombstones.

    Returns the last version removed: a delta from before it can no longer be told.
    """
    later = _changes.alias("later")
    replaced = exists().where(
        later.c.site == _changes.c.site,
        later.c.kind == _changes.c.kind,
        later.c.id == _changes.c.id,
        later.c.version > _changes.c.version,
        later.c.at <= before,
    )
    old = and_(_changes.c.site == site, _changes.c.at <= before)
    gone = and_(old, replaced | _changes.c.body.is_(None))
    last = connection.execute(select(func.max(_changes.c.version)).where(gone)).scalar()
    connection.execute(delete(_changes).where(gone))
    return last


def _log_values(site: SiteId, each: Logged, at: datetime) -> dict[str, object]:
    return {
        "site": site,
        "version": each.version,
        "whole_at": each.whole_at,
        "kind": each.kind,
        "id": each.id,
        "body": each.body,
        "holder": each.holder,
        "set_hash": each.set_hash,
        "at": at,
    }


def _logged(row: Any) -> Logged:  # SQLAlchemy's rows have no type of their own
    return Logged(
        version=row.version,
        whole_at=row.whole_at,
        kind=RowKind(row.kind),
        id=row.id,
        body=row.body,
        holder=row.holder,
        set_hash=row.set_hash,
    )
