"""Names of places and their time zones, as every page needs them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from core.ids import AccessPointId, SiteId, ZoneId
from hub.sites import points
from hub.sites import service as sites
from hub.sites.points import Placed
from hub.sites.service import Site

HOME = ZoneInfo("Europe/Ljubljana")
"""Where people are until the first site says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """All sites and access points of the tenant, read once for a page."""

    sites: Mapping[SiteId, Site]
    points: Mapping[AccessPointId, Placed]

    def zone_at(self, site: SiteId | None) -> ZoneInfo:
        """The time zone of a site; of the first one for a site that is gone."""
        found = self.sites.get(site) if site else None
        first = found or next(iter(self.sites.values()), None)
        return ZoneInfo(first.timezone) if first else HOME

    def name_of(self, point: AccessPointId | None) -> str:
        """What people call an access point; with its site where there are several."""
        placed = self.points.get(point) if point else None
        if placed is None:
            return point or ""
        return self.with_site(placed.point.name, placed.site)

    def with_site(self, name: str, site: SiteId) -> str:
        found = self.sites.get(site)
        return f"{name} · {found.name}" if found and len(self.sites) > 1 else name


def places(connection: Connection) -> Places:
    return Places(
        sites={site.id: site for site in sites.everywhere(connection)},
        points={placed.point.id: placed for placed in points.points(connection)},
    )


def zone_names(connection: Connection) -> Mapping[ZoneId, str]:
    """The zones of all sites by id; with the site's name where there are several sites."""
    everywhere = sites.everywhere(connection)
    return {
        zone.id: zone.name if len(everywhere) == 1 else f"{zone.name} · {site.name}"
        for site in everywhere
        for zone in sites.zones(connection, site.id)
    }


def zone_of(connection: Connection, zones: Iterable[ZoneId]) -> ZoneInfo:
    """The time zone in which the days of a right for these zones are meant."""
    found = sites.require_zones(connection, zones)
    site = min((zone.site for zone in found.values()), default=None)
    return places(connection).zone_at(site)
