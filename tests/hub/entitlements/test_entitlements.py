"""Products and the rights granted from them: terms, repetition, change, end."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from hub.roles import Role
from tests.hub.bench import Bench, TestClient


@dataclass
class Desk:
    """A reception with one site, zone, product and person."""

    client: TestClient
    zone: str
    product: str
    person: str

    def grant(self, headers: dict[str, str] | None = None, **body: Any) -> Any:
        body = {"product": self.product} | body
        url = f"/api/v1/people/{self.person}/entitlements"
        return self.client.post(url, json=body, headers=headers)

    def granted(self) -> list[Any]:
        url = f"/api/v1/people/{self.person}/entitlements"
        listed: list[Any] = self.client.get(url).json()
        return listed


@pytest.fixture
def desk(bench: Bench) -> Desk:
    client = bench.program(Role.OWNER)
    site = client.post("/api/v1/sites", json={"name": "Center"}).json()["id"]
    zone = client.post(f"/api/v1/sites/{site}/zones", json={"name": "Dvorana"}).json()["id"]
    windows = [{"days": [1, 2, 3, 4, 5], "start": "06:00", "end": "24:00"}]
    body = {
        "name": "10 obiskov",
        "zones": [zone],
        "units": 10,
        "valid_for_days": 30,
        "weekly": {"windows": windows, "holidays": "as-sunday"},
    }
    product = client.post("/api/v1/products", json=body).json()["id"]
    person = client.post("/api/v1/people", json={"name": "Ana"}).json()["id"]
    return Desk(client=client, zone=zone, product=product, person=person)


def test_a_grant_takes_its_terms_from_the_product(desk: Desk) -> None:
    right = desk.grant().json()
    assert right["name"] == "10 obiskov"
    assert (right["units"], right["staleness_days"], right["zones"]) == (10, 7, [desk.zone])
    assert right["weekly"]["windows"][0]["end"] == "24:00"
    assert right["weekly"]["holidays"] == "as-sunday"
    assert right["valid_from"] == "2026-11-23T06:00:00Z"


def test_an_employees_right_outlasts_a_longer_silence_of_the_hub(desk: Desk) -> None:
    site = desk.client.get("/api/v1/sites").json()[0]["id"]
    worker = {"name": "Bor", "employee": True, "site": site}
    desk.person = desk.client.post("/api/v1/people", json=worker).json()["id"]
    assert desk.grant().json()["staleness_days"] == 30
    assert desk.grant(staleness_days=2).json()["staleness_days"] == 2


def test_days_are_whole_local_ones_also_over_the_clock_change(desk: Desk) -> None:
    assert desk.grant().json()["valid_until"] == "2026-12-22T23:00:00Z"
    summer = desk.grant(valid_from="2027-03-20T10:00:00+01:00").json()
    assert summer["valid_until"] == "2027-04-18T22:00:00Z"
    late = desk.grant(valid_from="2026-11-30T23:30:00Z").json()
    assert late["valid_until"] == "2026-12-30T23:00:00Z"


def test_terms_can_differ_from_the_product_and_null_lifts_a_limit(desk: Desk) -> None:
    right = desk.grant(units=None, valid_until=None, staleness_days=None, name="Darilo").json()
    assert (right["units"], right["valid_until"], right["staleness_days"]) == (None, None, None)
    assert right["name"] == "Darilo"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"units": -1}, "units"),
        ({"units": 1_000_001}, "units"),
        ({"zones": []}, "zones"),
        ({"zones": ["z-x"]}, "zones"),
        ({"valid_until": "2026-11-23T06:00:00Z"}, "valid_until"),
        ({"valid_until": "2026-11-24T06:00:00"}, "valid_until"),
        ({"valid_from": "soon"}, "valid_from"),
        ({"valid_from": "0001-01-01T00:00:00+14:00"}, "valid_from"),
        ({"valid_until": "9999-12-31T23:59:59-12:00"}, "valid_until"),
        ({"valid_from": 1e300}, "valid_from"),
        (
            {"weekly": {"windows": [{"days": [], "start": "06:00", "end": "07:00"}]}},
            "weekly.windows.0.days",
        ),
        (
            {"weekly": {"windows": [{"days": [8], "start": "06:00", "end": "07:00"}]}},
            "weekly.windows.0.days.0",
        ),
        (
            {"weekly": {"windows": [{"days": [1], "start": "24:00", "end": "07:00"}]}},
            "weekly.windows.0.start",
        ),
        ({"reference": "dva dela"}, "reference"),
    ],
)
def test_terms_that_cannot_be_are_refused(desk: Desk, body: dict[str, Any], field: str) -> None:
    answer = desk.grant(**body)
    assert answer.status_code == 422, answer.text
    assert field in [each["field"] for each in answer.json()["errors"]]
    assert desk.granted() == []


def test_a_grant_repeated_under_its_key_grants_nothing_twice(desk: Desk) -> None:
    headers = {"Idempotency-Key": "narocilo-17"}
    first, second = desk.grant(headers), desk.grant(headers)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert len(desk.granted()) == 1


def test_a_grant_repeated_under_an_outside_reference_grants_nothing_twice(desk: Desk) -> None:
    first = desk.grant(reference="racun-1")
    again = desk.grant({"Idempotency-Key": "k"}, reference="racun-1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert len(desk.granted()) == 1


def test_a_key_used_for_something_else_is_a_conflict(desk: Desk) -> None:
    headers = {"Idempotency-Key": "k"}
    desk.grant(headers)
    assert desk.grant(headers, units=3).status_code == 409
    assert desk.grant({"Idempotency-Key": "k2"}, units=3).status_code == 201


def test_a_refused_grant_does_not_use_up_its_key(desk: Desk) -> None:
    headers = {"Idempotency-Key": "k"}
    assert desk.grant(headers, zones=["z-x"]).status_code == 422
    assert desk.grant(headers).status_code == 201


def test_a_change_touches_only_what_it_names(desk: Desk) -> None:
    right = desk.grant().json()
    url = f"/api/v1/entitlements/{right['id']}"
    changed = desk.client.patch(url, json={"units": 12}).json()
    assert changed == right | {"units": 12}
    assert desk.client.patch(url, json={"units": None}).json()["units"] is None
    answer = desk.client.patch(url, json={"valid_until": "2026-01-01T00:00:00Z"})
    assert answer.status_code == 422


def test_changing_a_product_changes_no_right(desk: Desk) -> None:
    right = desk.grant().json()
    body = {"name": "Novo ime", "zones": [desk.zone], "units": 1, "offered": False}
    answer = desk.client.put(f"/api/v1/products/{desk.product}", json=body)
    assert (answer.status_code, answer.json()["offered"]) == (200, False)
    assert desk.granted() == [right]
    assert desk.grant().json()["name"] == "Novo ime"


def test_ending_is_at_once_and_once(bench: Bench, desk: Desk) -> None:
    right = desk.grant().json()
    bench.clock.turn(timedelta(hours=1))
    url = f"/api/v1/entitlements/{right['id']}"
    ended = desk.client.delete(url).json()
    assert ended["valid_until"] == ended["ended_at"] == "2026-11-23T07:00:00Z"
    bench.clock.turn(timedelta(hours=1))
    assert desk.client.delete(url).json() == ended
    assert desk.client.patch(url, json={"units": 1}).status_code == 409


def test_ending_a_right_that_has_expired_does_not_prolong_it(bench: Bench, desk: Desk) -> None:
    right = desk.grant().json()
    bench.clock.turn(timedelta(days=60))
    ended = desk.client.delete(f"/api/v1/entitlements/{right['id']}").json()
    assert ended["valid_until"] == right["valid_until"]


def test_nothing_is_granted_to_nobody_or_from_nothing(desk: Desk) -> None:
    assert desk.grant(product="pr-x").status_code == 404
    desk.person = "h-x"
    assert desk.grant().status_code == 404


def test_a_product_without_zones_is_refused(desk: Desk) -> None:
    for zones in ([], ["z-x"]):
        answer = desk.client.post("/api/v1/products", json={"name": "A", "zones": zones})
        assert answer.status_code == 422
