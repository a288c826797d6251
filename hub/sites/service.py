"""Sites: their mode, time zone, holidays and zones; every change reaches the site's edges."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, Row

from core.access import SiteMode
from core.chain import Json
from core.credential import SITE_KEY_BYTES
from core.ids import SiteId, ZoneId, new_id
from core.schedule import Calendar
from hub.acts import Act
from hub.audit import service as audit
from hub.database import announce
from hub.errors import NotFoundError, invalid, message
from hub.rows import service as rows
from hub.sites import store
from wire.messages import RowKind, SiteRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place with edges; `timezone` is an IANA name."""

    id: SiteId
    name: str
    timezone: str
    mode: SiteMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """A public holiday as the site keeps it."""

    day: date
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A space with presence."""

    id: ZoneId
    site: SiteId
    name: str


def create(act: Act, *, name: str, timezone: str) -> Site:
    """A site in normal mode, without holidays.

    All sites of a tenant share one credential key, so that a card issued at one opens at each:
    a card's number never leaves the edge, so the hub could not hash it for another key.
    """
    _require_timezone(timezone)
    site = Site(
        id=SiteId(new_id("s", act.random_bytes)),
        name=name,
        timezone=timezone,
        mode=SiteMode.NORMAL,
    )
    key = store.any_credential_key(act.connection) or act.random_bytes(SITE_KEY_BYTES)
    store.insert_site(
        act.connection,
        id=site.id,
        name=name,
        timezone=timezone,
        mode=site.mode.value,
        credential_key=key,
        created_at=act.at,
    )
    audit.record_act(act, "site.created", site.id)
    announce(act.connection, "site", site.id)
    _tell_edges(act, site.id)
    return site


def change(
    act: Act,
    site_id: str,
    *,
    name: str | None = None,
    timezone: str | None = None,
    mode: SiteMode | None = None,
) -> Site:
    """What is None stays."""
    site = get(act.connection, site_id)
    if timezone is not None:
        _require_timezone(timezone)
    wanted = {"name": name, "timezone": timezone, "mode": mode.value if mode else None}
    values = {key: value for key, value in wanted.items() if value is not None}
    if not values:
        return site
    store.update_site(act.connection, site.id, **values)
    fields: list[Json] = [*sorted(values)]
    details: dict[str, Json] = {"fields": fields, "mode": mode.value if mode else None}
    audit.record_act(act, "site.changed", site.id, details)
    _tell_edges(act, site.id)
    return get(act.connection, site.id)


def set_holidays(act: Act, site_id: str, days: Iterable[Holiday]) -> None:
    """These and no others."""
    site = get(act.connection, site_id)
    by_day = {holiday.day.isoformat(): holiday.name for holiday in days}
    store.replace_holidays(act.connection, site.id, by_day)
    audit.record_act(act, "site.holidays", site.id, {"count": len(by_day)})
    _tell_edges(act, site.id)


def everywhere(connection: Connection) -> list[Site]:
    """All sites, first created first."""
    return [_site(row) for row in store.all_sites(connection)]


def get(connection: Connection, site_id: str) -> Site:
    row = store.site(connection, site_id)
    if row is None:
        raise NotFoundError(message("There is no site {id}.", id=site_id))
    return _site(row)


def holidays(connection: Connection, site_id: str) -> list[Holiday]:
    return [
        Holiday(day=date.fromisoformat(row.day), name=row.name)
        for row in store.holidays_of(connection, site_id)
    ]


def calendar(connection: Connection, site_id: str) -> Calendar:
    """The site's time zone and holidays, as the rules use them."""
    site = get(connection, site_id)
    days = frozenset(holiday.day for holiday in holidays(connection, site_id))
    return Calendar(zone=ZoneInfo(site.timezone), holidays=days)


def credential_key(connection: Connection) -> bytes:
    """The key under which this tenant's credentials are hashed; NotFoundError before any site."""
    key = store.any_credential_key(connection)
    if key is None:
        raise NotFoundError(message("There is no site yet; create one first."))
    return key


def create_zone(act: Act, site_id: str, *, name: str) -> Zone:
    site = get(act.connection, site_id)
    zone = Zone(id=ZoneId(new_id("z", act.random_bytes)), site=site.id, name=name)
    store.insert_zone(act.connection, id=zone.id, site=zone.site, name=name)
    audit.record_act(act, "zone.created", zone.id, {"site": zone.site})
    return zone


def rename_zone(act: Act, zone_id: str, *, name: str) -> Zone:
    zone = require_zones(act.connection, [ZoneId(zone_id)])[ZoneId(zone_id)]
    store.rename_zone(act.connection, zone.id, name)
    audit.record_act(act, "zone.renamed", zone.id)
    return Zone(id=zone.id, site=zone.site, name=name)


def zones(connection: Connection, site_id: str) -> list[Zone]:
    return [_zone(row) for row in store.zones_of(connection, site_id)]


def require_zones(connection: Connection, ids: Iterable[str]) -> Mapping[ZoneId, Zone]:
    """The zones by id; InvalidError names the first that does not exist."""
    wanted = list(dict.fromkeys(ids))
    found = {ZoneId(row.id): _zone(row) for row in store.zones_by_id(connection, wanted)}
    for zone in wanted:
        if zone not in found:
            raise invalid(
                "zones",
                message("there is no zone {id}.", id=zone),
                message("Choose one of the zones of the sites."),
            )
    return found


def site_row(connection: Connection, site_id: SiteId) -> SiteRow:
    """The site as its edges must know it."""
    site = get(connection, site_id)
    return SiteRow(
        name=site.name,
        mode=site.mode,
        timezone=site.timezone,
        holidays=[holiday.day for holiday in holidays(connection, site_id)],
    )


def _tell_edges(act: Act, site: SiteId) -> None:
    rows.put(act.connection, site, RowKind.SITE, site, site_row(act.connection, site), act.at)


def _require_timezone(timezone: str) -> None:
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise invalid(
            "timezone",
            message("{timezone} is not a time zone.", timezone=timezone),
            message("Write its IANA name, such as Europe/Ljubljana."),
        ) from None


def _site(row: Row[Any]) -> Site:
    return Site(id=SiteId(row.id), name=row.name, timezone=row.timezone, mode=SiteMode(row.mode))


def _zone(row: Row[Any]) -> Zone:
    return Zone(id=ZoneId(row.id), site=SiteId(row.site), name=row.name)
