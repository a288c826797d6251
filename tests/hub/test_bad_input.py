"""Bad input in any form: refused, told with field and remedy, and nothing has happened."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text as sql

from hub.roles import Role
from tests.hub.bench import Bench, TestClient

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "1"),
        (b"\xff\xfe", ""),
        (b"[]", "body"),
        (b"", "body"),
        (b'{"name": 3}', "name"),
        (b'{"name": ""}', "name"),
        (b'{"name": "   "}', "name"),
        (b'{"name": "a\\u0000b"}', "name"),
        (b'{"name": "\\ud800"}', "name"),
        (b'{"name": "Ana", "nmae": 1}', "nmae"),
        (b'{"name": "Ana", "email": "ana"}', "email"),
        (b'{"name": "Ana", "language": "de"}', "language"),
        (b'{"name": "Ana", "employee": true}', "site"),
        (b'{"name": "' + b"a" * 201 + b'"}', "name"),
    ],
)
def test_a_bad_body_names_the_field_and_the_remedy(bench: Bench, body: bytes, field: str) -> None:
    answer = bench.logged_in().post("/api/v1/people", content=body, headers=JSON)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "urn:vratar:problem:invalid"
    assert all(each["problem"] and each["remedy"] for each in problem["errors"])
    if field:
        assert field in [each["field"] for each in problem["errors"]]


def test_a_body_over_a_mebibyte_is_cut_off(bench: Bench) -> None:
    body = b'{"name": "' + b"a" * (1 << 20) + b'"}'
    answer = bench.logged_in().post("/api/v1/people", content=body, headers=JSON)
    assert answer.status_code == 413
    assert answer.json()["title"] == "Zahteva je prevelika"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1000000", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=WzFd", "cursor"),
        ("cursor=WzEsMl0%3D", "cursor"),
        ("cursor=%C4%8D", "cursor"),
        ("search=" + "a" * 201, "search"),
    ],
)
def test_a_bad_query_names_the_parameter(bench: Bench, query: str, field: str) -> None:
    answer = bench.logged_in().get(f"/api/v1/people?{query}")
    assert answer.status_code == 422, answer.text
    assert field in [each["field"] for each in answer.json()["errors"]]


@pytest.mark.parametrize(
    "path", ["people", "sites", "access-points", "entitlements", "products", "zones"]
)
@pytest.mark.parametrize("id_", ["x", "%00", "%F0%9F%98%80", "'; DROP TABLE people", "a" * 5000])
def test_an_unknown_id_is_not_found(bench: Bench, path: str, id_: str) -> None:
    program = bench.program(Role.OWNER)
    method, body = ("PUT", {"name": "x", "zones": ["z"]}) if path == "products" else ("PATCH", {})
    if path == "zones":
        body = {"name": "x"}
    answer = program.request(method, f"/api/v1/{path}/{id_}", json=body)
    assert answer.status_code in (404, 422), answer.text


def test_unknown_addresses_and_methods_answer_in_words(bench: Bench) -> None:
    client = bench.client()
    assert client.get("/api/v1/nowhere").json()["detail"] == "Na tem naslovu ni ničesar."
    answer = client.put("/api/v1/session")
    assert (answer.status_code, answer.json()["status"]) == (405, 405)


def test_the_language_follows_the_browser_when_nobody_is_logged_in(bench: Bench) -> None:
    client = bench.client()
    for header, title in (
        ("en", "Please log in"),
        ("de, en;q=0.5, sl;q=0.4", "Please log in"),
        ("sl-SI, en;q=0.5", "Prijavite se"),
        ("en;q=x, ,;;,q=", "Prijavite se"),
        ("", "Prijavite se"),
    ):
        answer = client.get("/api/v1/me", headers={"Accept-Language": header})
        assert answer.json()["title"] == title, header
        assert answer.headers["content-language"] in ("sl", "en")


def test_a_problem_within_a_problem_is_told_in_one_language(bench: Bench) -> None:
    answer = bench.logged_in().post("/api/v1/sites", json={"name": "A", "timezone": "Luna/Mare"})
    assert answer.json()["detail"] == "timezone: Luna/Mare ni časovni pas."


@pytest.mark.parametrize("timezone", ["", "../../etc/passwd", "/etc/passwd", "Europe", "\u0130"])
def test_a_time_zone_that_is_none_is_refused(bench: Bench, timezone: str) -> None:
    answer = bench.logged_in().post("/api/v1/sites", json={"name": "A", "timezone": timezone})
    assert answer.status_code == 422, answer.text


def test_an_unexpected_error_is_told_without_its_inside(bench: Bench) -> None:
    client = bench.logged_in()
    with bench.database.write() as connection:
        connection.execute(sql("DROP TABLE people_names"))
    answer = client.post("/api/v1/people", json={"name": "Ana"})
    assert answer.status_code == 500
    assert "people_names" not in answer.text
    assert answer.json()["type"] == "urn:vratar:problem:error"


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "uid", "zones", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)
CALLS = [
    ("POST", "/api/v1/people"),
    ("POST", "/api/v1/sites"),
    ("POST", "/api/v1/products"),
    ("POST", "/api/v1/people/h-1/credentials"),
    ("POST", "/api/v1/people/h-1/entitlements"),
    ("PUT", "/api/v1/sites/s-1/holidays"),
    ("POST", "/api/v1/session"),
    ("POST", "/api/v1/accounts"),
]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=st.sampled_from(CALLS), body=ANYTHING)
def test_no_body_at_all_makes_the_hub_stumble(
    program: TestClient, call: tuple[str, str], body: object
) -> None:
    assert program.request(*call, json=body).status_code < 500


@pytest.fixture
def program(bench: Bench) -> TestClient:
    return bench.program(Role.OWNER)
