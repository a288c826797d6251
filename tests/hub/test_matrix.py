"""The matrix: every route has its row, and only the roles in it get in."""

import re

import pytest
from fastapi import FastAPI, Request

from hub.caller import admission
from hub.errors import ForbiddenError, UnauthenticatedError
from hub.roles import ADMINISTRATORS, ANYONE, OWNERS, STAFF, Matrix, Role
from hub.web import application, openapi_text
from tests.hub.bench import Bench

MATRIX: Matrix = application(None).state.matrix
ROUTES = sorted(MATRIX)
OPEN_TO_ALL = {
    "POST /api/v1/session",
    "POST /api/v1/edges/enrol",  # an edge has its one-time code
}


def address(route: str) -> tuple[str, str]:
    """The route's method and an address of it, all parameters filled with `x-1`."""
    method, path = route.split(" ")
    return method, re.sub(r"{[^}]*}", "x-1", path)


def asked(app: FastAPI, route: str, token: str) -> Request:
    """A request as routing hands it to the admission."""
    method, path = route.split(" ")

    class Route:
        pass

    found = Route()
    found.path = path  # type: ignore[attr-defined] # the one attribute that counts
    return Request(
        {
            "type": "http",
            "method": method,
            "path": path,
            "headers": [(b"authorization", f"Bearer {token}".encode()), (b"host", b"testserver")],
            "query_string": b"",
            "app": app,
            "route": found,
            "server": ("testserver", 80),
            "scheme": "http",
        }
    )


def test_routes_are_described() -> None:
    assert len(ROUTES) > 30
    assert {"GET /api/v1/me", "POST /api/v1/people", "GET /api/v1/audit"} <= set(ROUTES)


def test_only_these_calls_are_open_to_anyone() -> None:
    opened = {r for r, roles in MATRIX.items() if roles == ANYONE and "/api/" in r}
    assert opened <= OPEN_TO_ALL


def test_roles_are_nested() -> None:
    assert OWNERS < ADMINISTRATORS < STAFF
    assert frozenset(Role) == STAFF
    assert all(roles in (ANYONE, OWNERS, ADMINISTRATORS, STAFF) for roles in MATRIX.values())


@pytest.mark.parametrize("role", list(Role))
def test_each_role_is_admitted_where_the_matrix_says_and_nowhere_else(
    bench: Bench, role: Role
) -> None:
    token = bench.program(role).headers["Authorization"].removeprefix("Bearer ")
    admit = admission(MATRIX)
    for route in ROUTES:
        allowed = MATRIX[route]
        request = asked(bench.app, route, token)
        if allowed == ANYONE or role in allowed:
            admit(request)
        else:
            with pytest.raises(ForbiddenError):
                admit(request)


def test_nobody_is_admitted_without_login_but_where_anyone_is(bench: Bench) -> None:
    admit = admission(MATRIX)
    for route in ROUTES:
        if MATRIX[route] == ANYONE:
            admit(asked(bench.app, route, "wrong"))
        else:
            with pytest.raises(UnauthenticatedError):
                admit(asked(bench.app, route, "wrong"))


def test_a_route_that_the_matrix_does_not_know_admits_nobody(bench: Bench) -> None:
    with pytest.raises(KeyError):
        admission(MATRIX)(asked(bench.app, "GET /nowhere", "wrong"))


def test_every_call_is_refused_to_strangers_over_http(bench: Bench) -> None:
    stranger = bench.client()
    for route in ROUTES:
        if MATRIX[route] == ANYONE:
            continue
        answer = stranger.request(*address(route), follow_redirects=False)
        to_login = answer.headers.get("location", "").startswith("/login")
        assert answer.status_code == 401 or to_login, f"{route}: {answer.status_code}"


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.ADMINISTRATOR])
def test_every_call_above_the_role_is_refused_over_http(bench: Bench, role: Role) -> None:
    program = bench.program(role)
    for route in ROUTES:
        if MATRIX[route] != ANYONE and role not in MATRIX[route]:
            answer = program.request(*address(route))
            assert answer.status_code == 403, f"{route}: {answer.status_code}"


def test_the_description_is_the_same_every_time_and_whole() -> None:
    app = application(None)
    assert openapi_text() == openapi_text()
    for path, calls in app.openapi()["paths"].items():
        for method, call in calls.items():
            assert call["summary"], f"{method} {path}"
            assert call["summary"][0].isupper(), f"{method} {path}"
            key = f"{method.upper()} {path}"
            if MATRIX[key] != ANYONE:
                assert {"401", "403"} <= set(call["responses"]), key
            done = [code for code in call["responses"] if code.startswith("2")]
            assert done, key
