"""The calls of edges and taps when something is not as wished."""

from datetime import timedelta

from core.ids import AccessPointId, EdgeId
from hub.edges import service as edges
from hub.sites import points
from hub.sites import service as sites
from tests.hub.bench import Bench

BODY = {"code": "ABCDEFGHJKLMNPQR", "public_key": "ab" * 32, "software": "1.0"}


def furnished(bench: Bench) -> tuple[str, AccessPointId, EdgeId]:
    """A site, an access point of it, and an edge that was never connected."""
    with bench.database.write() as connection:
        act = bench.act_on(connection)
        site = sites.create(act, name="Bazen", timezone="Europe/Ljubljana")
        edge, _ = edges.create(
            connection, site=site.id, name="Vhod", at=act.at, random_bytes=bench.random_bytes
        )
        point = points.create(act, site.id, points.Plan(name="Vhod", edge=edge)).point.id
    return site.id, point, edge


def test_a_gate_whose_edge_is_not_connected_cannot_be_opened(bench: Bench) -> None:
    _, point, _ = furnished(bench)
    answer = bench.logged_in().post(f"/api/v1/access-points/{point}/open")
    assert answer.status_code == 409
    assert "Vhod" in answer.json()["detail"]


def test_an_unknown_gate_cannot_be_opened(bench: Bench) -> None:
    assert bench.logged_in().post("/api/v1/access-points/p-nowhere/open").status_code == 404


def test_an_edge_needs_a_site(bench: Bench) -> None:
    answer = bench.logged_in().post("/api/v1/edges", json={"name": "Vhod", "site": "s-nowhere"})
    assert answer.status_code == 404


def test_a_new_edge_shows_as_not_enrolled_and_a_new_code_can_be_made(bench: Bench) -> None:
    site, _, edge = furnished(bench)
    client = bench.logged_in()
    listed = client.get("/api/v1/edges").json()
    assert [(each["id"], each["site"], each["enrolled"], each["online"]) for each in listed] == [
        (edge, site, False, False)
    ]
    renewed = client.post(f"/api/v1/edges/{edge}/code")
    assert renewed.status_code == 201
    assert len(renewed.json()["code"]) == 19


def test_enrolment_waits_for_the_broker(bench: Bench) -> None:
    assert bench.client().post("/api/v1/edges/enrol", json=BODY).status_code == 503


def test_a_wrong_code_is_refused_with_what_to_do(bench: Bench) -> None:
    with bench.client() as client:
        answer = client.post("/api/v1/edges/enrol", json=BODY)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "code"


def test_a_malformed_key_is_refused(bench: Bench) -> None:
    with bench.client() as client:
        answer = client.post("/api/v1/edges/enrol", json=BODY | {"public_key": "zz"})
    assert answer.status_code == 422


def test_a_removed_edge_is_gone(bench: Bench) -> None:
    _, _, edge = furnished(bench)
    client = bench.logged_in()
    assert client.delete(f"/api/v1/edges/{edge}").status_code == 204
    assert client.get(f"/api/v1/edges/{edge}").status_code == 404


def test_a_connected_edge_is_not_removed(bench: Bench) -> None:
    _, _, edge = furnished(bench)
    with bench.database.write() as connection:
        known = edges.get(connection, edge)
        edges.told_state(connection, known, session=0, online=True, at=bench.clock())
    assert bench.logged_in().delete(f"/api/v1/edges/{edge}").status_code == 409


def test_the_live_feed_needs_a_serving_hub(bench: Bench) -> None:
    assert bench.logged_in().get("/api/v1/live").status_code == 503


def test_lists_are_paged_and_filtered(bench: Bench) -> None:
    client = bench.logged_in()
    since = (bench.clock() - timedelta(days=1)).isoformat()
    for kind in ("taps", "passages", "punches", "alarms"):
        answer = client.get(f"/api/v1/{kind}", params={"since": since, "limit": 5, "edge": "e-x"})
        assert answer.json() == {kind: [], "next": None}
        assert client.get(f"/api/v1/{kind}", params={"limit": 0}).status_code == 422
