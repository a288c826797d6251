"""paho behind its port, on a real socket."""

import queue
import socket
from collections.abc import Iterator

import pytest

from edge_agent.mqtt import (
    IN_FLIGHT_MAX,
    KEEPALIVE_S,
    Connected,
    Connection,
    Event,
    Lost,
    MqttError,
    PlaintextRefusedError,
    Received,
    require_loopback,
)
from edge_agent.sync_actions import Publish
from tests.edge_agent.sync.tiny_broker import TinyBroker
from wire.enrolment import Broker

WILL = Publish(topic="v1/hisa/bazen/edge-1/up/state", payload=b"will")


class _Line:
    """A broker, a connection to it, and what it told."""

    def __init__(self, refuse: int = 0) -> None:
        self.published: list[tuple[str, bytes]] = []
        self.broker = TinyBroker(self._take, refuse)
        self.events: queue.Queue[Event] = queue.Queue()
        settings = Broker(
            host="127.0.0.1", port=self.broker.port, username="edge-1", password="geslo"
        )
        self.connection = Connection(settings, "edge-1", WILL, self.events.put)

    def next(self) -> Event:
        return self.events.get(timeout=10)

    def close(self) -> None:
        self.connection.close()
        self.broker.close()

    def _take(self, topic: str, payload: bytes) -> list[tuple[str, bytes]]:
        self.published.append((topic, payload))
        return []


@pytest.fixture
def line() -> Iterator[_Line]:
    line = _Line()
    line.connection.open()
    assert line.next() == Connected()
    yield line
    line.close()


@pytest.mark.must("P-001", "P-003", "P-020")
def test_it_connects_as_the_protocol_says(line: _Line) -> None:
    (hail,) = line.broker.hails
    assert (hail.protocol, hail.level, hail.clean) == ("MQTT", 4, True)
    assert (hail.client_id, hail.username, hail.password) == ("edge-1", "edge-1", "geslo")
    assert (hail.will_topic, hail.will_payload) == (WILL.topic, WILL.payload)
    assert (hail.will_qos, hail.will_retained) == (1, False)
    assert hail.keepalive_s == KEEPALIVE_S


@pytest.mark.must("P-004")
def test_the_live_socket_does_not_delay(line: _Line) -> None:
    live = line.connection.socket
    assert live is not None
    assert live.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    assert live.getpeername()[1] == line.broker.port


@pytest.mark.must("P-002", "P-003")
def test_messages_go_both_ways_and_none_is_retained(line: _Line) -> None:
    line.connection.subscribe("v1/hisa/bazen/edge-1/dn/#")
    line.broker.wait(lambda: line.broker.subscribed == [("v1/hisa/bazen/edge-1/dn/#", 1)])
    line.connection.publish(Publish(topic="up", payload=b"one"))
    line.connection.publish(Publish(topic="up", payload=b"hint", qos=0))
    line.broker.wait(lambda: line.published == [("up", b"one"), ("up", b"hint")])
    assert line.broker.flags == {0x02, 0x00}
    line.broker.send(("dn", b"two"))
    assert line.next() == Received(topic="dn", payload=b"two")


def test_a_cut_cable_is_told_once_and_nothing_reconnects(line: _Line) -> None:
    line.broker.cut()
    lost = line.next()
    assert isinstance(lost, Lost)
    assert "the broker stopped, or the network is cut" in lost.reason
    line.connection.close()
    assert line.events.empty()
    assert len(line.broker.hails) == 1


def test_no_more_is_handed_to_paho_than_the_window() -> None:
    line = _Line()
    try:
        sent = [
            line.connection.publish(Publish(topic="up", payload=b"%d" % number))
            for number in range(2 * IN_FLIGHT_MAX)
        ]
        assert not any(sent), "there is no connection yet"
        assert len(line.connection._client._out_messages) == IN_FLIGHT_MAX
    finally:
        line.close()


def test_a_wrong_password_is_told_as_a_lost_connection() -> None:
    line = _Line(refuse=5)
    try:
        line.connection.open()
        event = line.next()
        assert isinstance(event, Lost)
        assert "authorized" in event.reason.lower()
    finally:
        line.close()


def test_a_broker_that_is_not_there_is_named_with_what_to_check() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = Broker(host="127.0.0.1", port=port, username="edge-1", password="geslo")
    connection = Connection(settings, "edge-1", WILL, lambda _: None)
    with pytest.raises(MqttError, match=f"127.0.0.1:{port}.*check") as caught:
        connection.open()
    assert "geslo" not in str(caught.value)


@pytest.mark.must("P-005")
@pytest.mark.parametrize("host", ["10.0.0.1", "hub.example", "2001:db8::1", "127.0.0.1.example"])
def test_plaintext_is_refused_off_loopback(host: str) -> None:
    settings = Broker(host=host, port=1883, username="edge-1", password="geslo")
    with pytest.raises(PlaintextRefusedError, match="without TLS is refused"):
        Connection(settings, "edge-1", WILL, lambda _: None)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_needs_no_tls(host: str) -> None:
    require_loopback(host)
