"""A hub that really serves: uvicorn, its broker, its threads; and an edge that talks MQTT to it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any, TypeVar

import uvicorn
from fastapi import FastAPI

from core.ids import EdgeId, SiteId, TenantId
from hub.roles import Role
from tests.hub.bench import PASSWORD, START, Bench
from tests.hub.broker.clients import DEADLINE_S, Client
from tests.hub.edge_half import Chain, EdgeHalf
from wire.messages import Message
from wire.topics import Up

M = TypeVar("M", bound=Message)


class Server(uvicorn.Server):
    """Uvicorn that says when it serves."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(
                app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=1
            )
        )
        self.ready = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @property
    def port(self) -> int:
        return int(self.servers[0].sockets[0].getsockname()[1])


@contextmanager
def serving(app: FastAPI) -> Iterator[int]:
    """The port of the running application."""
    server = Server(app)
    thread = threading.Thread(target=server.run, name="uvicorn")
    thread.start()
    try:
        assert server.ready.wait(DEADLINE_S), "the hub did not start"
        yield server.port
    finally:
        server.should_exit = True
        thread.join(2 * DEADLINE_S)
        assert not thread.is_alive()


@dataclass
class Caller:
    """A program that is logged in at the hub."""

    port: int
    headers: dict[str, str] = field(default_factory=dict)

    def log_in(self, bench: Bench) -> None:
        """As the owner."""
        bench.account("owner", Role.OWNER)
        connection = HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        body = json.dumps({"login": "owner", "password": PASSWORD})
        connection.request("POST", "/api/v1/session", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == 200
        cookie = (answer.headers["set-cookie"] or "").split(";")[0]
        token = json.loads(answer.read())["csrf_token"]
        connection.close()
        self.headers = {"Cookie": cookie, "X-CSRF-Token": token}

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The JSON of a successful answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        content = None if body is None else json.dumps(body)
        headers = self.headers | ({"Content-Type": "application/json"} if content else {})
        connection.request(method, f"/api/v1{path}", content, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        assert 200 <= answer.status < 300, text
        return json.loads(text) if text else None

    @contextmanager
    def following(self, last: int | None = None) -> Iterator["Follower"]:
        """The live feed; ends with the block."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        headers = dict(self.headers)
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        connection.request("GET", "/api/v1/live", headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        follower = Follower(answer.readline)
        follower.next_block()
        try:
            yield follower
        finally:
            answer.close()
            connection.close()


@dataclass
class Event:
    """One event as a browser sees it."""

    kind: str
    body: dict[str, Any]
    id: int | None


@dataclass
class Follower:
    """Reads events one by one."""

    readline: Callable[[], bytes]

    def next(self, kind: str) -> Event:
        """The next event of this kind; others are passed over."""
        for _ in range(200):
            lines = dict(line.split(": ", 1) for line in self.next_block() if ": " in line)
            if lines.get("event") == kind:
                number = lines.get("id")
                return Event(kind, json.loads(lines["data"]), int(number) if number else None)
        raise AssertionError(f"no {kind} among 200 events")

    def next_block(self) -> list[str]:
        lines = []
        while line := self.readline().decode().rstrip("\n"):
            lines.append(line)
        return lines


@dataclass
class ConnectedEdge:
    """An edge enrolled over HTTP and connected over MQTT."""

    half: EdgeHalf
    client: Client
    read: int = 0

    def say(self, channel: Up, message: Message, bench: Bench) -> None:
        said = self.half.says(channel, message, bench.clock())
        self.client.publish(said.topic, said.payload)

    def wait_for(self, kind: type[M], holds: Callable[[M], bool] = lambda _: True) -> M:
        """The first message of the hub for which this holds."""

        def found() -> bool:
            for topic, payload in self.client.heard[self.read :]:
                self.half.hears(topic, payload)
                self.read += 1
            return self._first(kind, holds) is not None

        self.client.wait(found)
        first = self._first(kind, holds)
        assert first is not None
        return first

    def _first(self, kind: type[M], holds: Callable[[M], bool]) -> M | None:
        told = [message for message in self.half.told if isinstance(message, kind)]
        return next((message for message in told if holds(message)), None)

    def be_born(self, bench: Bench, *chains: Chain) -> None:
        birth = self.half.birth([chain.span() for chain in chains])
        self.say(Up.BIRTH, birth, bench)


def enrolled(caller: Caller, site: str, name: str = "Vhod") -> ConnectedEdge:
    """Made by an administrator, enrolled by its code, connected with its own password."""
    made = caller.call("POST", "/edges", {"name": name, "site": site})
    half = EdgeHalf(TenantId(""), SiteId(site), EdgeId(made["edge"]), seed=name.encode())
    told = Caller(caller.port).call(
        "POST",
        "/edges/enrol",
        {"code": made["code"], "public_key": half.public_key, "software": "1.0"},
    )
    half.tenant, half.mac_key = TenantId(told["tenant"]), bytes.fromhex(told["mac_key"])
    broker = told["broker"]
    client = Client(half.id, username=broker["username"], password=broker["password"])
    client.paho.will_set(*_will(half), qos=1)
    assert client.connect(broker["host"], broker["port"])
    client.subscribe(half.address.down_filter)
    return ConnectedEdge(half, client)


def _will(half: EdgeHalf) -> tuple[str, bytes]:
    will = half.says(Up.STATE, half.state(online=False, session=half.session + 1), START)
    return will.topic, will.payload
