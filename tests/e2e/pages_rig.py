"""A served hub with the house in it, and an edge that speaks to it through the real broker."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from core.instants import whole_ms
from tests.hub.bench import PASSWORD, Bench
from tests.hub.broker.clients import Client
from tests.hub.dashboard.house import House, furnished
from wire.codec import encode
from wire.envelope import sign
from wire.messages import Message
from wire.topics import Up

READY_S_MAX = 20.0


def utc_now() -> datetime:
    return whole_ms(datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class ServedHouse:
    """The address of the pages, and the house whose edge is connected."""

    url: str
    bench: Bench
    house: House
    edge: Client

    def say(self, channel: Up, message: Message) -> None:
        """Let the edge publish, signed, through the broker."""
        topic = self.house.edge.address.up(channel)
        self.edge.publish(topic, sign(self.house.edge.key, topic, encode(message)))

    def connect(self) -> None:
        """Say that the edge is there, with a new connection's number."""
        chain = self.house.chain
        spans = [chain.span()] if chain.contents else []
        self.say(Up.BIRTH, self.house.edge.birth(spans))

    def send(self) -> None:
        """What has happened since the last call."""
        self.say(Up.ENTRIES, self.house.unsent())

    def hang_up(self) -> None:
        """The hub hears what the broker says for an edge that is gone."""
        self.say(Up.STATE, self.house.edge.state(online=False))


@contextmanager
def served(directory: Path) -> Iterator[ServedHouse]:
    """The hub on a free port of loopback, with its broker, until the end of the block."""
    bench = Bench(directory, clock=utc_now)  # type: ignore[arg-type] # any clock does
    with (
        _serving(bench) as url,
        httpx.Client(base_url=f"{url}/api/v1", timeout=READY_S_MAX) as owner,
    ):
        answer = owner.post("/session", json={"login": "owner", "password": PASSWORD})
        owner.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        house = _furnished(owner, bench)
        with _connected(house) as edge:
            yield ServedHouse(url, bench, house, edge)


@contextmanager
def _serving(bench: Bench) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(bench.app, log_config=None, lifespan="on", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(READY_S_MAX)
        bench.close()


def _furnished(owner: httpx.Client, bench: Bench) -> House:
    def call(method: str, path: str, body: Mapping[str, Any]) -> Any:
        answer = owner.request(method, path, json=dict(body))
        assert answer.status_code < 300, answer.text
        return answer.json()

    def enrol(code: str, public_key: str) -> Mapping[str, Any]:
        wanted = {"code": code, "public_key": public_key, "software": "0.1.0"}
        keys: Mapping[str, Any] = call("POST", "/edges/enrol", wanted)
        return keys

    return furnished(call, enrol, tenant=bench.tenant.id)


@contextmanager
def _connected(house: House) -> Iterator[Client]:
    place = house.keys["broker"]
    name, password = place["username"], place["password"]
    with Client(name, username=name, password=password) as client:
        assert client.connect(place["host"], place["port"])
        yield client
