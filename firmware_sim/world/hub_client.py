"""The hub's HTTP interface, as any program outside would use it."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

import httpx

_ANSWER_S_MAX = 15.0
_PAGES_MAX = 1_000
_PAGE_ROWS = 200

Json = dict[str, Any]


class HubAnswerError(Exception):
    """The hub refused, or did not answer; the text is its own."""


class HubClient:
    """A session of one account; use as a context manager."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._client = httpx.Client(
            base_url=f"{address}api/v1", timeout=_ANSWER_S_MAX, trust_env=False
        )

    def log_in(self, login: str, password: str) -> None:
        told = self.post("/session", {"login": login, "password": password})
        self._client.headers["X-CSRF-Token"] = told["csrf_token"]

    def use_token(self, token: str) -> None:
        self._client.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: str | int) -> Any:
        return self._answer("GET", path, params=query)

    def post(self, path: str, body: Mapping[str, object] | None = None) -> Json:
        answer: Json = self._answer("POST", path, json=body or {})
        return answer

    def put(self, path: str, body: object) -> Any:
        return self._answer("PUT", path, json=body)

    def rows(self, path: str, rows: str, **query: str | int) -> Iterator[Json]:
        """All rows of a list that comes in pages."""
        cursor: dict[str, str] = {}
        for _ in range(_PAGES_MAX):
            page = self.get(path, limit=_PAGE_ROWS, **query, **cursor)
            yield from page[rows]
            if page["next"] is None:
                return
            cursor = {"cursor": page["next"]}
        raise HubAnswerError(f"{path}: more than {_PAGES_MAX} pages")

    def is_there(self) -> bool:
        """Whether the hub answers at all."""
        try:
            return self._client.get("/openapi.json").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def _answer(self, method: str, path: str, **what: Any) -> Any:
        try:
            answer = self._client.request(method, path, **what)
        except httpx.TransportError as error:
            raise HubAnswerError(f"{method} {path}: {error}") from error
        if answer.is_error:
            raise HubAnswerError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None
