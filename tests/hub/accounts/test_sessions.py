"""Logging in and out, expiry, CSRF, throttling: by HTTP, as a browser does it."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text as sql

from hub.accounts.api import accounts_of
from hub.roles import Role
from hub.settings import HttpSettings
from hub.web import application
from tests.hub.bench import PASSWORD, Bench, TestClient

LOGIN = {"login": "owner", "password": PASSWORD}


def log_in(client: TestClient, **changes: str) -> int:
    status: int = client.post("/api/v1/session", json=LOGIN | changes).status_code
    return status


def test_a_login_opens_a_session_with_a_careful_cookie(bench: Bench) -> None:
    client = bench.client()
    answer = client.post("/api/v1/session", json=LOGIN)
    cookie = answer.headers["set-cookie"]
    assert answer.json()["roles"] == ["owner"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert client.get("/api/v1/me").json()["login"] == "owner"


def test_the_cookie_is_secure_when_people_come_by_https(bench: Bench) -> None:
    secure = bench.settings.model_copy(
        update={"http": HttpSettings(public_url="https://hub.example.si")}
    )
    hub = bench.build_with(secure)
    client = TestClient(application(hub))
    answer = client.post("/api/v1/session", json=LOGIN)
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]
    client.close()
    hub.close()


def test_the_login_does_not_mind_case_or_blanks(bench: Bench) -> None:
    assert log_in(bench.client(), login=" OWNER ") == 200


@pytest.mark.parametrize("changes", [{"password": "x"}, {"login": "nobody"}, {"password": ""}])
def test_wrong_login_and_wrong_password_look_the_same(
    bench: Bench, changes: dict[str, str]
) -> None:
    answer = bench.client().post("/api/v1/session", json=LOGIN | changes)
    assert answer.status_code == 401
    assert answer.json()["detail"] == "Uporabniško ime ali geslo ni pravo; poskusite znova."


def test_only_hashes_of_tokens_are_stored(bench: Bench) -> None:
    client = bench.logged_in()
    token = client.cookies["vratar_session"]
    with bench.hub.platform.read() as connection:
        rows = connection.execute(sql("SELECT * FROM sessions")).all()
        hashes = connection.execute(sql("SELECT password_hash FROM accounts")).scalars().all()
    assert token not in str(rows)
    assert all(each.startswith("$argon2id$") for each in hashes)


def test_logging_out_ends_the_session_at_the_hub(bench: Bench) -> None:
    client = bench.logged_in()
    token = client.cookies["vratar_session"]
    assert client.delete("/api/v1/session").status_code == 204
    client.cookies.set("vratar_session", token)
    assert client.get("/api/v1/me").status_code == 401


def test_a_session_ends_by_itself(bench: Bench) -> None:
    client = bench.logged_in()
    bench.clock.turn(timedelta(hours=12) - timedelta(milliseconds=1))
    assert client.get("/api/v1/me").status_code == 200
    bench.clock.turn(timedelta(milliseconds=1))
    assert client.get("/api/v1/me").status_code == 401


def test_ended_sessions_are_deleted_at_the_next_login(bench: Bench) -> None:
    bench.logged_in()
    bench.clock.turn(timedelta(hours=13))
    bench.logged_in()
    with bench.hub.platform.read() as connection:
        assert connection.execute(sql("SELECT count(*) FROM sessions")).scalar() == 1


def test_a_change_by_cookie_needs_the_csrf_token(bench: Bench) -> None:
    client = bench.logged_in()
    body = {"language": "en"}
    assert client.patch("/api/v1/me", json=body).status_code == 200
    client.headers["X-CSRF-Token"] = "0" * 64
    assert client.patch("/api/v1/me", json=body).status_code == 403
    client.headers["X-CSRF-Token"] = "x"
    assert client.patch("/api/v1/me", json=body).status_code == 403
    del client.headers["X-CSRF-Token"]
    assert client.patch("/api/v1/me", json=body).status_code == 403
    assert client.get("/api/v1/me").status_code == 200


def test_another_sessions_csrf_token_does_not_do(bench: Bench) -> None:
    one, other = bench.logged_in(), bench.logged_in()
    one.headers["X-CSRF-Token"] = other.headers["X-CSRF-Token"]
    assert one.patch("/api/v1/me", json={"language": "en"}).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_change_from_another_site_is_refused_even_to_log_in(bench: Bench, site: str) -> None:
    client = bench.client()
    headers = {"Sec-Fetch-Site": site}
    assert client.post("/api/v1/session", json=LOGIN, headers=headers).status_code == 403


def test_a_program_needs_no_csrf_token(bench: Bench) -> None:
    program = bench.program(Role.RECEPTION)
    assert program.patch("/api/v1/me", json={"language": "sl"}).status_code == 200
    program.headers["Authorization"] = "Bearer wrong"
    assert program.get("/api/v1/me").status_code == 401


def test_a_cookie_does_not_help_beside_a_wrong_bearer_token(bench: Bench) -> None:
    client = bench.logged_in()
    client.headers["Authorization"] = "Bearer wrong"
    assert client.get("/api/v1/me").status_code == 401
    assert client.patch("/api/v1/me", json={"language": "en"}).status_code == 401


def test_failed_logins_slow_down_the_next_ones_and_say_for_how_long(bench: Bench) -> None:
    client = bench.client()
    assert [log_in(client, password="x") for _ in range(3)] == [401] * 3
    answer = client.post("/api/v1/session", json=LOGIN)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    bench.clock.turn(timedelta(seconds=1))
    assert log_in(client, password="x") == 401
    answer = client.post("/api/v1/session", json=LOGIN)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    bench.clock.turn(timedelta(seconds=2))
    assert log_in(client) == 200


def test_an_attacker_elsewhere_locks_nobody_out(bench: Bench) -> None:
    attacker = TestClient(bench.app, client=("203.0.113.9", 1))
    for _ in range(10):
        log_in(attacker, password="x")
    assert log_in(attacker) == 429
    attacker.close()
    assert log_in(bench.client()) == 200


def test_changing_the_password_needs_the_old_one_and_ends_all_sessions(bench: Bench) -> None:
    client, elsewhere = bench.logged_in(), bench.logged_in()
    url, new = "/api/v1/me/password", "drugo dovolj dolgo"
    assert client.post(url, json={"old": "x", "new": new}).status_code == 401
    assert client.post(url, json={"old": PASSWORD, "new": "kratko"}).status_code == 422
    assert client.post(url, json={"old": PASSWORD, "new": new}).status_code == 204
    assert elsewhere.get("/api/v1/me").status_code == 401
    assert log_in(bench.client()) == 401
    assert log_in(bench.client(), password=new) == 200


def test_guessing_the_old_password_slows_down_too(bench: Bench) -> None:
    client, new = bench.logged_in(), "drugo dovolj dolgo"
    bodies = [{"old": f"x{n}", "new": new} for n in range(4)]
    answers = [client.post("/api/v1/me/password", json=body).status_code for body in bodies]
    assert answers == [401, 401, 401, 429]


def test_a_language_is_remembered_and_spoken(bench: Bench) -> None:
    client = bench.logged_in()
    assert client.get("/api/v1/people/h-x").json()["title"] == "Tega ni mogoče najti"
    client.patch("/api/v1/me", json={"language": "en"})
    assert client.get("/api/v1/people/h-x").json()["title"] == "Not found"


def test_a_blocked_account_is_out_at_once(bench: Bench) -> None:
    reception, program = bench.logged_in(Role.RECEPTION), bench.program(Role.RECEPTION)
    owner = bench.logged_in()
    for each in owner.get("/api/v1/accounts").json():
        if each["role"] == "reception":
            owner.patch(f"/api/v1/accounts/{each['id']}", json={"blocked": True})
    assert reception.get("/api/v1/me").status_code == 401
    assert program.get("/api/v1/me").status_code == 401
    assert log_in(bench.client(), login="reception") == 401


def test_an_owner_cannot_block_or_demote_themselves(bench: Bench) -> None:
    owner = bench.logged_in()
    me = owner.get("/api/v1/me").json()["account"]
    for change in ({"blocked": True}, {"role": "reception"}):
        assert owner.patch(f"/api/v1/accounts/{me}", json=change).status_code == 409


def test_a_role_that_changes_counts_at_once(bench: Bench) -> None:
    reception, owner = bench.logged_in(Role.RECEPTION), bench.logged_in()
    account = reception.get("/api/v1/me").json()["account"]
    assert reception.get("/api/v1/audit").status_code == 403
    owner.patch(f"/api/v1/accounts/{account}", json={"role": "owner"})
    assert reception.get("/api/v1/audit").status_code == 200


def test_an_account_is_made_with_its_role_and_its_login_is_taken(bench: Bench) -> None:
    owner = bench.logged_in()
    body = {"login": "Maja", "password": PASSWORD, "role": "reception"}
    answer = owner.post("/api/v1/accounts", json=body)
    assert (answer.status_code, answer.json()["login"]) == (201, "maja")
    assert owner.post("/api/v1/accounts", json=body).status_code == 409
    assert log_in(bench.client(), login="maja") == 200


@pytest.mark.parametrize("password", ["", "a" * 9, "a" * 201, "dolgo ime računa"])
def test_a_poor_password_is_refused_with_the_remedy(bench: Bench, password: str) -> None:
    owner = bench.logged_in()
    body = {"login": "Dolgo ime računa", "password": password, "role": "owner"}
    answer = owner.post("/api/v1/accounts", json=body)
    assert answer.status_code == 422
    (problem,) = answer.json()["errors"]
    assert problem["field"] == "password"
    assert problem["remedy"]


def test_an_account_without_a_role_here_can_do_nothing(bench: Bench) -> None:
    accounts_of(bench.hub).create_person(login="tujec", password=PASSWORD, language=bench.language)
    client = bench.client()
    assert log_in(client, login="tujec") == 200
    assert client.get("/api/v1/people").status_code == 403


def test_sessions_survive_a_restart_of_the_hub(bench: Bench, tmp_path: Path) -> None:
    token = bench.logged_in().cookies["vratar_session"]
    hub = bench.build()
    client = TestClient(application(hub), cookies={"vratar_session": token})
    assert client.get("/api/v1/me").status_code == 200
    client.close()
    hub.close()
    assert tmp_path.exists()
