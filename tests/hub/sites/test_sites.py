"""Sites, zones, holidays and access points, and what their edges know of them at once."""

import pytest

from core.ids import SiteId
from hub.rows import service as rows
from hub.sites import service
from tests.hub.bench import Bench, TestClient
from wire.codec import row_body
from wire.messages import RowKind


def created(client: TestClient, name: str = "Center") -> str:
    site: str = client.post("/api/v1/sites", json={"name": name}).json()["id"]
    return site


def zone_of(client: TestClient, site: str, name: str = "Dvorana") -> str:
    zone: str = client.post(f"/api/v1/sites/{site}/zones", json={"name": name}).json()["id"]
    return zone


def known(bench: Bench, site: str) -> dict[tuple[RowKind, str], object]:
    """What the site's edges are told."""
    with bench.database.read() as connection:
        return {
            (kind, row): row_body(kind, content)
            for kind, row, content in rows.current(connection, SiteId(site))
        }


def test_edges_know_a_site_with_its_mode_and_holidays(bench: Bench) -> None:
    client = bench.logged_in()
    site = created(client)
    days = [{"day": "2027-02-08", "name": "Prešernov dan"}, {"day": "2026-12-25", "name": "Božič"}]
    assert client.put(f"/api/v1/sites/{site}/holidays", json=days).json()[0]["name"] == "Božič"
    client.patch(f"/api/v1/sites/{site}", json={"mode": "lockdown"})
    row = known(bench, site)[RowKind.SITE, site]
    with bench.database.read() as connection:
        assert row == service.site_row(connection, SiteId(site))
    assert "mode=<SiteMode.LOCKDOWN" in str(row)
    assert "2026, 12, 25" in str(row)


def test_holidays_are_replaced_as_a_whole(bench: Bench) -> None:
    client = bench.logged_in()
    url = f"/api/v1/sites/{created(client)}/holidays"
    for days in ([{"day": "2027-01-01", "name": "Novo leto"}], []):
        assert client.put(url, json=days).json() == days
        assert client.get(url).json() == days


def test_an_access_point_comes_changes_and_goes_at_the_edges_too(bench: Bench) -> None:
    client = bench.logged_in()
    site = created(client)
    zone = zone_of(client, site)
    url = f"/api/v1/sites/{site}/access-points"
    body = {"id": "vhod", "name": "Vhod", "zone_to": zone, "anti_passback": "hard"}
    assert client.post(url, json=body).status_code == 201
    assert client.post(url, json=body).status_code == 409
    assert "anti_passback=<AntiPassback.HARD" in str(
        known(bench, site)[RowKind.ACCESS_POINT, "vhod"]
    )
    change = {"edge": "e-1", "door": "d-1", "anti_passback": "off", "zone_to": None}
    changed = client.patch("/api/v1/access-points/vhod", json=change).json()
    assert (changed["edge"], changed["zone_to"], changed["name"]) == ("e-1", None, "Vhod")
    assert "OFF" in str(known(bench, site)[RowKind.ACCESS_POINT, "vhod"])
    assert client.delete("/api/v1/access-points/vhod").status_code == 204
    assert (RowKind.ACCESS_POINT, "vhod") not in known(bench, site)
    assert client.get(url).json() == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"zone_to": "z-none"}, "zones"),
        ({"zone_from": "OWN", "zone_to": "OWN"}, "zone_to"),
        ({"zone_to": "FOREIGN"}, "zone_to"),
        ({"zone_from": "FOREIGN"}, "zone_from"),
        ({"kind": "window"}, "kind"),
        ({"id": "Vhod 1"}, "id"),
    ],
)
def test_an_access_point_that_cannot_be_is_refused(
    bench: Bench, change: dict[str, str], field: str
) -> None:
    client = bench.logged_in()
    site = created(client)
    zones = {
        "OWN": zone_of(client, site),
        "FOREIGN": zone_of(client, created(client, "Drugi")),
    }
    body = {key: zones.get(value, value) for key, value in change.items()} | {"name": "Vhod"}
    answer = client.post(f"/api/v1/sites/{site}/access-points", json=body)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]


def test_zones_are_named_and_renamed(bench: Bench) -> None:
    client = bench.logged_in()
    site = created(client)
    zone = zone_of(client, site)
    assert client.patch(f"/api/v1/zones/{zone}", json={"name": "Bazen"}).json()["name"] == "Bazen"
    assert client.get(f"/api/v1/sites/{site}/zones").json()[0]["name"] == "Bazen"
    assert client.patch("/api/v1/zones/z-x", json={"name": "A"}).status_code == 422


def test_all_sites_share_the_key_under_which_cards_are_known(bench: Bench) -> None:
    client = bench.logged_in()
    created(client)
    with bench.database.read() as connection:
        key = service.credential_key(connection)
    created(client, "Drugi")
    with bench.database.read() as connection:
        assert service.credential_key(connection) == key
    assert len(key) == 32


def test_the_key_is_shown_nowhere(bench: Bench) -> None:
    client = bench.logged_in()
    created(client)
    with bench.database.read() as connection:
        key = service.credential_key(connection).hex()
    for path in ("sites", "audit"):
        assert key not in client.get(f"/api/v1/{path}").text
