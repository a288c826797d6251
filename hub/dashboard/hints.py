"""Entries that an edge announced ahead of its backlog, as rows of the live page until they come."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.chain import canonical
from core.entries import Entry, Punched, Tapped
from core.ids import AccessPointId, EdgeId, EntitlementId, EpochId, HolderId, SiteId
from hub.edges.store import Edge
from wire.codec import decode_entry
from wire.errors import WireError

HINTS_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Hinted:
    """A row such as the hub keeps of a tap or punch, but of an entry that is not stored yet."""

    edge: EdgeId
    epoch: EpochId
    seq: int
    site: SiteId
    at: datetime
    access_point: AccessPointId
    holder: HolderId | None
    kind: str = ""
    verdict: str = ""
    reason: str = ""
    entitlement: EntitlementId | None = None
    units: int = 0
    retry_at: datetime | None = None
    opinion: str | None = None
    hub_reason: str | None = None


def announced(text: str) -> list[Entry]:
    """The entries in a browser's words (a JSON list); what cannot be read is left out."""
    try:
        plain = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    wanted = plain[-HINTS_MAX:] if isinstance(plain, list) else []
    return [entry for each in wanted if (entry := _entry(each)) is not None]


def rows_of(
    entries: Iterable[Entry], edges: Sequence[Edge], stored: Iterable[tuple[str, str, int]]
) -> Mapping[str, list[Hinted]]:
    """Taps and punches of known edges that are not among the stored (edge, epoch, seq)."""
    sites, known = {edge.id: edge.site for edge in edges}, set(stored)
    rows: dict[str, list[Hinted]] = {"taps": [], "punches": []}
    for entry in entries:
        key = entry.key
        if key.edge not in sites or (key.edge, key.epoch, key.seq) in known:
            continue
        match entry.body:
            case Tapped() as tapped:
                rows["taps"].append(_tap(entry, tapped, sites[key.edge]))
            case Punched() as punched:
                rows["punches"].append(_punch(entry, punched, sites[key.edge]))
            case _:
                pass
    return rows


def _entry(plain: object) -> Entry | None:
    try:
        return decode_entry(canonical(plain))  # type: ignore[arg-type] # checked by the codec
    except (WireError, ValueError, TypeError, RecursionError):
        return None


def _tap(entry: Entry, tapped: Tapped, site: SiteId) -> Hinted:
    """Units wait for the record: what came before in the backlog is not counted yet."""
    return Hinted(
        edge=entry.key.edge,
        epoch=entry.key.epoch,
        seq=entry.key.seq,
        site=site,
        at=entry.moment.at,
        access_point=tapped.access_point,
        holder=tapped.holder,
        verdict=tapped.verdict.value,
        reason=tapped.reason.value,
        entitlement=tapped.entitlement,
        retry_at=tapped.retry_at,
    )


def _punch(entry: Entry, punched: Punched, site: SiteId) -> Hinted:
    return Hinted(
        edge=entry.key.edge,
        epoch=entry.key.epoch,
        seq=entry.key.seq,
        site=site,
        at=entry.moment.at,
        access_point=punched.access_point,
        holder=punched.holder,
        kind=punched.kind.value,
    )
