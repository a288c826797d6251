"""The hub's own link on both brokers: it hears edges, is heard by them, and does not delay."""

import queue
import socket
import threading

import pytest

from hub.mqtt import BrokerAddress, Link
from tests.hub.broker.clients import DEADLINE_S
from tests.hub.broker.conftest import NORTH, Connect
from tests.hub.broker.servers import Served
from wire.topics import Down, Up


def address(broker: Served, password: str = "of-hub") -> BrokerAddress:
    return BrokerAddress(host=broker.host, port=broker.port, username="hub", password=password)


@pytest.mark.must("P-004", "P-002")
def test_the_link_hears_and_is_heard_without_delay(connect: Connect, broker: Served) -> None:
    heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
    ready = threading.Event()
    link = Link(address(broker), lambda topic, payload: heard.put((topic, payload)), ready.set)
    link.start()
    try:
        assert link.wait_until_ready(DEADLINE_S)
        assert ready.is_set()
        raw = link.raw_socket
        assert raw is not None
        assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        north = connect("e-north")
        north.subscribe(NORTH.down_filter)
        north.publish(NORTH.up(Up.BIRTH), b"born")
        assert heard.get(timeout=DEADLINE_S) == (NORTH.up(Up.BIRTH), b"born")
        link.publish(NORTH.down(Down.ACK), b"told")
        north.wait_heard(NORTH.down(Down.ACK), b"told")
        assert link.dropped == 0
    finally:
        link.stop()


def test_a_link_with_a_wrong_password_says_what_to_check(
    broker: Served, caplog: pytest.LogCaptureFixture
) -> None:
    told = threading.Event()

    class Watch(Link):
        def on_connect(self, *arguments: object) -> None:
            super().on_connect(*arguments)
            told.set()

    link = Watch(address(broker, "wrong"), lambda *_: None)
    link.start()
    try:
        assert told.wait(DEADLINE_S)
    finally:
        link.stop()
    assert "mqtt.password" in caplog.text
