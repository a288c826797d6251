"""Tenants: each its own database, found by host name; one that is broken stops no other."""

from pathlib import Path

import pytest

from hub import commands
from hub.accounts.api import accounts_of
from hub.context import Hub
from hub.errors import ConflictError
from hub.web import application
from tests.hub.bench import PASSWORD, Bench, TestClient


@pytest.fixture
def two(bench: Bench) -> Hub:
    """The bench's hub with a second tenant at other.si."""
    wanted = commands.NewTenant(name="Drugi", host="Other.si", login="drugi", password=PASSWORD)
    commands.add_tenant(bench.settings, wanted, accounts_of(bench.hub))
    hub = bench.build()
    bench.opened.callback(hub.close)
    return hub


def client(hub: Hub, host: str) -> TestClient:
    return TestClient(application(hub), base_url=f"http://{host}", raise_server_exceptions=False)


def logged_in(hub: Hub, host: str, login: str) -> TestClient:
    made = client(hub, host)
    answer = made.post("/api/v1/session", json={"login": login, "password": PASSWORD})
    made.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
    return made


def test_a_hub_with_one_tenant_answers_on_any_host(bench: Bench) -> None:
    assert client(bench.hub, "anything.example").get("/api/v1/me").status_code == 401


def test_a_hub_with_two_tenants_answers_each_at_its_own(two: Hub) -> None:
    assert client(two, "other.si").get("/api/v1/me").status_code == 401
    assert client(two, "OTHER.SI:8080").get("/api/v1/me").status_code == 401
    answer = client(two, "third.si").get("/api/v1/me")
    assert (answer.status_code, "third.si" in answer.json()["detail"]) == (404, True)


def test_what_one_tenant_writes_the_other_does_not_see(two: Hub) -> None:
    one = two.tenants.by_host("")
    other = logged_in(two, "other.si", "drugi")
    assert other.post("/api/v1/people", json={"name": "Ana Novak"}).status_code == 201
    assert len(other.get("/api/v1/people").json()["people"]) == 1
    with one.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM people").scalar() == 0


def test_an_account_of_one_tenant_may_nothing_in_the_other(two: Hub) -> None:
    token = logged_in(two, "other.si", "drugi").cookies["vratar_session"]
    answer = client(two, "").get("/api/v1/me")
    with TestClient(application(two), base_url="http://other.si") as made:
        made.cookies.set("vratar_session", token)
        assert made.get("/api/v1/people").status_code == 200
    owner = client(two, "other.si")
    answer = owner.post("/api/v1/session", json={"login": "owner", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json()["roles"] == []
    assert owner.get("/api/v1/people").status_code == 403


def test_a_host_name_is_one_tenants(bench: Bench, two: Hub) -> None:
    wanted = commands.NewTenant(name="T", host="other.si", login="tretji", password=PASSWORD)
    assert len(list(two.tenants)) == 2
    with pytest.raises(ConflictError, match=r"other\.si.*another tenant's"):
        commands.add_tenant(bench.settings, wanted, accounts_of(bench.hub))


def test_a_tenant_whose_database_cannot_be_opened_stops_no_other(bench: Bench, two: Hub) -> None:
    other = two.tenants.by_host("other.si")
    path = bench.settings.tenant_file(other.id)
    two.close()
    path.write_bytes(b"this is no database, it is a text" * 200)
    for leftover in ("-wal", "-shm"):
        Path(f"{path}{leftover}").unlink(missing_ok=True)
    hub = bench.build()
    try:
        assert [tenant.name for tenant in hub.tenants] == ["Plezalni center"]
        answer = client(hub, "other.si").get("/api/v1/me")
        assert answer.status_code == 503
        assert other.id in answer.json()["detail"]
    finally:
        hub.close()


def test_a_tenant_from_the_future_stops_no_other(
    bench: Bench, two: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    other = two.tenants.by_host("other.si")
    with other.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    hub = bench.build()
    try:
        assert [tenant.name for tenant in hub.tenants] == ["Plezalni center"]
        assert client(hub, "other.si").get("/api/v1/me").status_code == 503
        assert "9999 is from a newer version of the hub" in caplog.text
        assert "install that version" in caplog.text
        # A chain that could not be looked at is not told as whole.
        *_, (whole, line) = commands.verify(hub)
        assert (whole, line.startswith(f"{other.id}: its database")) == (False, True)
    finally:
        hub.close()
