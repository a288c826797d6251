"""Enrolling: against a real HTTP server, with every answer a hub may give."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.enrolment import EnrolmentError, enrol
from edge_agent.identity import Identity, load_identity
from tests.edge_agent.test_identity import identity
from wire.enrolment import EnrolmentRequest

CODE = "ABCDEFGH23456789"


class Hub(HTTPServer):
    """Answers one thing to everything, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bytes]] = []
        self.status = 200
        self.body = msgspec.json.encode(identity().enrolment)
        self.location: str | None = None
        super().__init__(("127.0.0.1", 0), _Answers)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    server: Hub

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.asked.append((self.path, self.rfile.read(length)))
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def hub() -> Iterator[Hub]:
    with _served() as hub:
        yield hub


@contextmanager
def _served() -> Iterator[Hub]:
    with Hub() as hub:
        thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join(5)


def _enrol(hub: str, directory: Path, *, code: str = CODE, environment: str = "test") -> Identity:
    return enrol(
        hub=hub,
        code=code,
        key=Ed25519PrivateKey.generate(),
        environment=environment,
        directory=directory,
        software="vratar test",
    )


@pytest.mark.parametrize("code", [CODE, "ABCD-EFGH-2345-6789", "abcd efgh 2345 6789"])
def test_a_code_is_taken_however_it_is_typed(hub: Hub, tmp_path: Path, code: str) -> None:
    enrolled = _enrol(hub.address, tmp_path / "state", code=code)
    path, body = hub.asked[0]
    request = msgspec.json.decode(body, type=EnrolmentRequest)
    assert (path, request.code) == ("/api/v1/edges/enrol", CODE)
    assert request.public_key == enrolled.signing_key.public_key().public_bytes_raw().hex()
    assert enrolled.private_key not in body.decode()
    assert load_identity(tmp_path / "state", "test") == enrolled


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422])
def test_a_wrong_or_expired_code_is_told_with_the_hubs_word(
    hub: Hub, tmp_path: Path, status: int
) -> None:
    hub.status, hub.body = status, json.dumps({"title": "x", "detail": "used already"}).encode()
    with pytest.raises(EnrolmentError, match=r"code \(used already\); ask for a new one"):
        _enrol(hub.address, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "problem"), [(429, "wait a minute"), (500, "answers 500"), (302, "answers 302")]
)
def test_other_refusals_say_what_to_do(hub: Hub, tmp_path: Path, status: int, problem: str) -> None:
    hub.status, hub.body, hub.location = status, b"oops", hub.address
    with pytest.raises(EnrolmentError, match=problem):
        _enrol(hub.address, tmp_path)
    assert len(hub.asked) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[]"])
def test_an_answer_that_is_no_hubs_is_told(hub: Hub, tmp_path: Path, body: bytes) -> None:
    hub.body = body
    with pytest.raises(EnrolmentError, match="not a hub's"):
        _enrol(hub.address, tmp_path)


def test_a_hub_of_another_environment_is_refused_and_nothing_stored(
    hub: Hub, tmp_path: Path
) -> None:
    with pytest.raises(EnrolmentError, match="the hub is 'test', these settings say 'prod'"):
        _enrol(hub.address, tmp_path, environment="prod")
    assert list(tmp_path.iterdir()) == []


def test_a_hub_that_does_not_answer_is_told(tmp_path: Path) -> None:
    with _served() as hub:
        address = hub.address
    with pytest.raises(EnrolmentError, match="check the address, the network"):
        _enrol(address, tmp_path)


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("http://hub.example.si", "use https://"),
        ("http://192.0.2.1:8000", "use https://"),
        ("http://127.0.0.1.example.si", "use https://"),
        ("hub.example.si", "give an address"),
        ("ftp://127.0.0.1", "give an address"),
        ("", "give an address"),
    ],
)
def test_plaintext_leaves_this_machine_for_nobody(
    tmp_path: Path, address: str, problem: str
) -> None:
    with pytest.raises(EnrolmentError, match=problem):
        _enrol(address, tmp_path)


@pytest.mark.parametrize("code", ["", "ABCD", CODE + "A", "ABCD-EFGH-2345-67Č9", "A" * 15 + "!"])
def test_a_mistyped_code_does_not_travel(hub: Hub, tmp_path: Path, code: str) -> None:
    with pytest.raises(EnrolmentError, match="16 in groups of four"):
        _enrol(hub.address, tmp_path, code=code)
    assert hub.asked == []


def test_the_code_is_not_spent_where_its_answer_could_not_be_kept(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EnrolmentError, match="directory:"):
        _enrol(hub.address, tmp_path / "file" / "state")
    assert hub.asked == []
