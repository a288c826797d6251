"""Credentials: issued by number or by tap, one holder each, blocked, taken back."""

import pytest
from sqlalchemy import text as sql

from core.credential import from_uid, key_of
from hub.sites import service as sites
from tests.hub.bench import Bench, TestClient

UID = "04A1B2C3D4E5F6"


@pytest.fixture
def client(bench: Bench) -> TestClient:
    made = bench.logged_in()
    made.post("/api/v1/sites", json={"name": "Center"})
    return made


def person(client: TestClient, name: str = "Ana") -> str:
    made: str = client.post("/api/v1/people", json={"name": name}).json()["id"]
    return made


def test_a_card_is_known_by_a_keyed_hash_only(bench: Bench, client: TestClient) -> None:
    ana = person(client)
    answer = client.post(f"/api/v1/people/{ana}/credentials", json={"uid": UID, "label": "Modra"})
    assert answer.status_code == 201
    assert UID not in answer.text.upper()
    with bench.database.read() as connection:
        stored = connection.execute(sql("SELECT key FROM credentials")).scalar_one()
        wanted = key_of(sites.credential_key(connection), from_uid(bytes.fromhex(UID)))
    assert stored == wanted
    assert stored not in answer.text


@pytest.mark.parametrize("spelling", ["04:a1:b2:c3:d4:e5:f6", "04 A1 B2 C3 D4 E5 F6", UID.lower()])
def test_however_a_number_is_spelled_it_is_the_same_card(client: TestClient, spelling: str) -> None:
    url = f"/api/v1/people/{person(client)}/credentials"
    first = client.post(url, json={"uid": UID}).json()
    assert client.post(url, json={"uid": spelling}).json() == first
    assert len(client.get(url).json()) == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"uid": "xyz"}, "hex"),
        ({"uid": "04A"}, "hex"),
        ({"uid": "٠٤"}, "hex"),
        ({"uid": "04A1"}, "4, 7"),
        ({"uid": "08A1B2C3"}, "4, 7"),
        ({}, "uid"),
        ({"uid": UID, "key": "0" * 32}, "uid"),
        ({"key": "0" * 31}, ""),
        ({"key": "0" * 32, "kind": "malformed"}, "uid"),
    ],
)
def test_a_number_that_no_card_keeps_is_refused_with_the_remedy(
    client: TestClient, body: dict[str, str], told: str
) -> None:
    client.headers["Accept-Language"] = "en"
    client.patch("/api/v1/me", json={"language": "en"})
    answer = client.post(f"/api/v1/people/{person(client)}/credentials", json=body)
    assert answer.status_code == 422
    assert told in answer.json()["errors"][0]["remedy"]


def test_a_card_has_one_holder_until_it_is_taken_back(client: TestClient) -> None:
    ana, bor = person(client), person(client, "Bor")
    card = client.post(f"/api/v1/people/{ana}/credentials", json={"uid": UID}).json()
    answer = client.post(f"/api/v1/people/{bor}/credentials", json={"uid": UID})
    assert (answer.status_code, ana in answer.json()["detail"]) == (409, True)
    assert client.delete(f"/api/v1/credentials/{card['id']}").status_code == 204
    assert client.post(f"/api/v1/people/{bor}/credentials", json={"uid": UID}).status_code == 201
    assert client.get(f"/api/v1/people/{ana}/credentials").json() == []


def test_a_card_is_issued_by_the_key_of_a_tap(client: TestClient) -> None:
    body = {"key": "0123456789abcdef" * 2, "kind": "qr-token"}
    answer = client.post(f"/api/v1/people/{person(client)}/credentials", json=body)
    assert (answer.status_code, answer.json()["kind"]) == (201, "qr-token")


def test_blocking_twice_is_blocking_once(client: TestClient) -> None:
    url = f"/api/v1/people/{person(client)}/credentials"
    card = client.post(url, json={"uid": UID}).json()["id"]
    first = client.post(f"/api/v1/credentials/{card}/block").json()
    assert first["blocked_at"] is not None
    changes = len(client.get("/api/v1/audit").json())
    assert client.post(f"/api/v1/credentials/{card}/block").json() == first
    assert len(client.get("/api/v1/audit").json()) == changes
    assert client.post(f"/api/v1/credentials/{card}/unblock").json()["blocked_at"] is None


def test_without_a_site_there_is_no_key_to_issue_under(bench: Bench) -> None:
    client = bench.logged_in()
    answer = client.post(f"/api/v1/people/{person(client)}/credentials", json={"uid": UID})
    assert answer.status_code == 404
    assert answer.json()["detail"] == "Objekta še ni; najprej ga ustvarite."
