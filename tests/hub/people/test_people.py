"""People: registered, found by any word of the name, blocked, in pages."""

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text as sql

from hub.people import names, service
from hub.people.service import Particulars
from hub.roles import Role
from tests.hub.bench import Bench

LETTERS = "abcčdđefžšŽ ČĆéöß-'"


def registered(bench: Bench, *everybody: str) -> None:
    with bench.database.write() as connection:
        for name in everybody:
            service.register(bench.act_on(connection), Particulars(name=name))


def found(bench: Bench, search: str = "", limit: int = 50) -> list[str]:
    """The names of all pages, in order."""
    shown: list[str] = []
    cursor = None
    for _ in range(1000):
        with bench.database.read() as connection:
            page = service.page(connection, search=search, cursor=cursor, limit=limit)
        shown += [person.name for person in page.people]
        cursor = page.following
        if cursor is None:
            return shown
    raise AssertionError("the pages do not end")


def test_a_person_is_found_by_the_beginning_of_any_word_without_accents(bench: Bench) -> None:
    registered(bench, "Žana Košir Čeh", "Janez Novak", "Ana Žan")
    assert found(bench, "zan") == ["Ana Žan", "Žana Košir Čeh"]
    assert found(bench, "KOŠIR  č") == ["Žana Košir Čeh"]
    assert found(bench, "kosir ceh") == ["Žana Košir Čeh"]
    assert found(bench, "ovak") == []
    assert found(bench, "%") == []
    assert found(bench, "_") == []


def test_people_are_listed_in_slovene_order(bench: Bench) -> None:
    wanted = ["Cene", "Cvetka", "Čeh", "Ćirić", "Drago", "Đorđe", "Sonja", "Šime", "Zora", "Žan"]
    registered(bench, *reversed(wanted))
    assert found(bench) == wanted


def test_pages_hold_everybody_once(bench: Bench) -> None:
    registered(bench, *(f"Ana Novak {n % 3}" for n in range(23)), "Ana Ana")
    for limit in (1, 2, 7, 24, 200):
        assert len(found(bench, limit=limit)) == 24
        assert len(found(bench, "a", limit=limit)) == 24
        assert len(found(bench, "nov", limit=limit)) == 23


def test_somebody_registered_meanwhile_does_not_shift_the_pages(bench: Bench) -> None:
    registered(bench, "Bor", "Dan", "Fran")
    with bench.database.read() as connection:
        page = service.page(connection, limit=1)
    registered(bench, "Ana", "Cene")
    with bench.database.read() as connection:
        rest = service.page(connection, cursor=page.following)
    assert [person.name for person in rest.people] == ["Cene", "Dan", "Fran"]


def test_a_changed_name_is_found_and_the_old_one_is_not(bench: Bench) -> None:
    client = bench.logged_in()
    person = client.post("/api/v1/people", json={"name": "Ana Novak"}).json()
    client.patch(f"/api/v1/people/{person['id']}", json={"name": "Ana Kos"})
    assert client.get("/api/v1/people?search=novak").json()["people"] == []
    assert client.get("/api/v1/people?search=kos").json()["people"][0]["id"] == person["id"]


def test_both_ways_of_looking_use_an_index(bench: Bench) -> None:
    registered(bench, "Ana Novak")
    plans = []
    with bench.database.read() as connection:
        for query in (
            "SELECT * FROM people_names WHERE start >= 'a' AND start < 'b' ORDER BY start, person",
            "SELECT * FROM people WHERE (name_order, id) > ('a', 'b') ORDER BY name_order, id",
        ):
            plan = connection.execute(sql(f"EXPLAIN QUERY PLAN {query}")).all()
            plans.append(" ".join(str(row[3]) for row in plan))
    assert all("USING" in plan and "INDEX" in plan for plan in plans)
    assert not any("TEMP B-TREE" in plan for plan in plans)


def test_absent_fields_stay_and_null_takes_away(bench: Bench) -> None:
    client = bench.logged_in()
    body = {"name": "Ana", "email": "a@b.si", "language": "en"}
    person = client.post("/api/v1/people", json=body).json()
    url = f"/api/v1/people/{person['id']}"
    assert client.patch(url, json={"name": "Ana B."}).json()["email"] == "a@b.si"
    changed = client.patch(url, json={"email": None, "name": None}).json()
    assert (changed["email"], changed["name"], changed["language"]) == (None, "Ana B.", "en")


def test_blocking_has_a_reason_and_a_time_and_an_end(bench: Bench) -> None:
    client = bench.logged_in(Role.RECEPTION)
    person = client.post("/api/v1/people", json={"name": "Ana"}).json()
    url = f"/api/v1/people/{person['id']}"
    assert client.post(f"{url}/block", json={}).status_code == 422
    blocked = client.post(f"{url}/block", json={"reason": "izgubljena kartica"}).json()
    assert blocked["blocked_reason"] == "izgubljena kartica"
    assert blocked["blocked_at"] == "2026-11-23T06:00:00Z"
    free = client.post(f"{url}/unblock").json()
    assert (free["blocked_at"], free["blocked_reason"]) == (None, None)
    assert client.post(f"{url}/unblock").json() == free


def test_an_employee_works_at_a_site_that_exists(bench: Bench) -> None:
    client = bench.logged_in()
    site = client.post("/api/v1/sites", json={"name": "Center"}).json()["id"]
    body = {"name": "Ana", "employee": True, "site": site}
    assert client.post("/api/v1/people", json=body).status_code == 201
    assert client.post("/api/v1/people", json=body | {"site": "s-x"}).status_code == 404
    assert client.post("/api/v1/people", json=body | {"site": None}).status_code == 422


@given(st.text(LETTERS, max_size=30))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert names.folded(names.folded(text)) == names.folded(text)


@given(st.text(max_size=30), st.text(max_size=5))
def test_a_prefix_of_the_folded_name_is_within_its_range(name: str, more: str) -> None:
    prefix = names.folded(name)
    full = names.folded(name + more)
    if full.startswith(prefix):
        assert prefix <= full <= names.prefix_end(prefix)
