"""The hub's link: where it connects in the clear, and what it does without a broker."""

import socket

import pytest

from hub.mqtt import BrokerAddress, Link
from hub.settings import SettingsError
from tests.hub.broker.clients import DEADLINE_S


def address(host: str, port: int, password: str = "of-hub") -> BrokerAddress:
    return BrokerAddress(host=host, port=port, username="hub", password=password)


@pytest.mark.must("P-005")
@pytest.mark.parametrize("host", ["192.0.2.7", "broker.example"])
def test_plaintext_to_another_machine_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match=r"mqtt\.host.*mqtt\.authority"):
        Link(address(host, 1883), lambda *_: None)


def test_what_is_said_without_a_connection_is_dropped_and_counted() -> None:
    link = Link(address("127.0.0.1", 1), lambda *_: None)
    link.publish("v1/t/s/e/dn/ack", b"lost")
    assert link.dropped == 1
    assert link.raw_socket is None


def test_a_link_finds_its_broker_however_late_it_comes() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(DEADLINE_S)
        link = Link(address(*listener.getsockname()), lambda *_: None)
        link.start()
        try:
            for _ in range(2):
                accepted, _ = listener.accept()
                assert accepted.recv(1) == b"\x10"
                accepted.close()
            assert not link.wait_until_ready(0)
        finally:
            link.stop()
