"""What every broker must do for us; looked at by deliveries, since a grant alone proves nothing."""

import os
import socket
import time
from pathlib import Path

import pytest

from tests.hub.broker.clients import Client
from tests.hub.broker.conftest import NORTH, SOUTH, Connect
from tests.hub.broker.servers import Served
from wire.topics import Down, Up, all_up


@pytest.mark.must("P-007")
def test_what_an_edge_says_on_its_own_topic_reaches_the_hub(connect: Connect) -> None:
    hub, north = connect("hub"), connect("e-north")
    hub.subscribe(all_up())
    north.publish(NORTH.up(Up.ENTRIES), b"mine")
    hub.wait_heard(NORTH.up(Up.ENTRIES), b"mine")


@pytest.mark.must("P-007")
def test_what_the_hub_says_reaches_only_the_edge_meant(connect: Connect) -> None:
    hub, north, south = connect("hub"), connect("e-north"), connect("e-south")
    north.subscribe(NORTH.down_filter)
    south.subscribe(SOUTH.down_filter)
    hub.publish(NORTH.down(Down.ACK), b"for north")
    hub.publish(SOUTH.down(Down.ACK), b"for south")
    north.wait_heard(NORTH.down(Down.ACK), b"for north")
    south.wait_heard(SOUTH.down(Down.ACK), b"for south")
    assert south.heard == [(SOUTH.down(Down.ACK), b"for south")]


@pytest.mark.must("P-007")
@pytest.mark.parametrize(
    "foreign", [SOUTH.up(Up.ENTRIES), SOUTH.down(Down.COMMAND), NORTH.down(Down.ACK), "loose"]
)
def test_what_an_edge_says_on_another_topic_is_not_delivered(
    connect: Connect, foreign: str
) -> None:
    hub, north, south = connect("hub"), connect("e-north"), connect("e-south")
    hub.subscribe(all_up())
    south.subscribe(SOUTH.down_filter)
    north.subscribe(NORTH.down_filter)
    north.publish(foreign, b"forged")
    _after_everything(hub=hub, north=north, south=south)
    assert not any(
        payload == b"forged" for each in (hub, north, south) for _, payload in each.heard
    )


@pytest.mark.must("P-007")
@pytest.mark.parametrize("foreign", [SOUTH.down_filter, SOUTH.up_filter, "#", "v1/+/+/+/dn/#"])
def test_a_subscription_to_another_topic_delivers_nothing(connect: Connect, foreign: str) -> None:
    hub, north, south = connect("hub"), connect("e-north"), connect("e-south")
    hub.subscribe(all_up())
    north.subscribe(foreign)
    north.subscribe(NORTH.down_filter)
    south.subscribe(SOUTH.down_filter)
    hub.publish(SOUTH.down(Down.COMMAND), b"for south")
    south.publish(SOUTH.up(Up.STATE), b"from south")
    _after_everything(hub=hub, north=north, south=south)
    assert all(topic.startswith(NORTH.base) for topic, _ in north.heard)
    assert (SOUTH.down(Down.COMMAND), b"for south") in south.heard


@pytest.mark.must("P-007")
def test_a_wrong_password_is_refused(connect: Connect) -> None:
    connect("e-north", password="of-south", let_in=False)


def test_an_unknown_user_is_refused(connect: Connect) -> None:
    connect("e-nobody", let_in=False)


def test_another_edges_client_id_drives_nobody_out(connect: Connect, broker: Served) -> None:
    hub, south = connect("hub"), connect("e-south")
    hub.subscribe(all_up())
    # amqtt refuses; mosquitto takes the user name for the client id. Either way south stays.
    if broker.embedded is not None:
        connect("e-north", client_id="e-elsewhere", let_in=False)
    else:
        connect("e-north", client_id="e-south")
    south.publish(SOUTH.up(Up.STATE), b"still here")
    hub.wait_heard(SOUTH.up(Up.STATE), b"still here")
    assert south.connected


def test_the_last_will_of_a_lost_connection_reaches_the_hub(connect: Connect) -> None:
    hub = connect("hub")
    hub.subscribe(all_up())
    north = connect("e-north", will=(NORTH.up(Up.STATE), b"gone"))
    north.lose_connection()
    hub.wait_heard(NORTH.up(Up.STATE), b"gone")


@pytest.mark.must("P-007")
def test_a_last_will_on_a_foreign_topic_is_not_delivered(connect: Connect, broker: Served) -> None:
    hub, south = connect("hub"), connect("e-south")
    hub.subscribe(all_up())
    south.subscribe(SOUTH.down_filter)
    # amqtt is told to refuse such a connection; mosquitto lets it in and drops the will.
    let_in = broker.embedded is None
    north = connect("e-north", will=(SOUTH.down(Down.COMMAND), b"forged"), let_in=let_in)
    if let_in:
        north.lose_connection()
        north.wait(lambda: not north.connected)
    again = connect("e-north")
    again.subscribe(NORTH.down_filter)
    _after_everything(hub=hub, north=again, south=south)
    assert not any(payload == b"forged" for each in (hub, south) for _, payload in each.heard)


@pytest.mark.must("P-004")
def test_no_delay_is_set_at_both_ends_of_every_connection(connect: Connect, broker: Served) -> None:
    north = connect("e-north")
    ours = north.paho.socket()
    assert isinstance(ours, socket.socket)
    assert _no_delay(ours)
    if broker.embedded is not None:
        accepted = _accepted(broker.port)
        assert accepted
        assert all(_no_delay(each) for each in accepted)
        for each in accepted:
            each.close()


def test_lock_steps_do_not_wait_for_delayed_acknowledgements(connect: Connect) -> None:
    """A socket without NODELAY costs 44 ms a step, 8.8 s for these 200."""
    started = time.monotonic()
    hub, north = connect("hub"), connect("e-north")
    hub.subscribe(NORTH.up_filter)
    north.subscribe(NORTH.down_filter)
    for count in range(200):
        payload = b"%d" % count
        north.publish(NORTH.up(Up.ENTRIES), payload)
        hub.wait_heard(NORTH.up(Up.ENTRIES), payload)
        hub.publish(NORTH.down(Down.ACK), payload)
        north.wait_heard(NORTH.down(Down.ACK), payload)
    assert time.monotonic() - started < 200 * 0.044


def _after_everything(*, hub: Client, north: Client, south: Client) -> None:
    """A round trip of each client: what was sent before has been delivered or never will be."""
    for edge, address in ((north, NORTH), (south, SOUTH)):
        edge.publish(address.up(Up.BIRTH), b"mark")
        hub.wait_heard(address.up(Up.BIRTH), b"mark")
        hub.publish(address.down(Down.HELLO), b"mark")
        edge.wait_heard(address.down(Down.HELLO), b"mark")


def _no_delay(raw: socket.socket) -> bool:
    return raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def _accepted(port: int) -> list[socket.socket]:
    """Copies of the sockets of this process that the broker's listener accepted."""
    found = []
    for path in list(Path("/proc/self/fd").iterdir()):
        if not _is_socket(path):
            continue
        each = socket.socket(fileno=os.dup(int(path.name)))
        if _is_accepted(each, port):
            found.append(each)
        else:
            each.close()
    return found


def _is_socket(path: Path) -> bool:
    try:
        return str(path.readlink()).startswith("socket:")
    except OSError:
        return False


def _is_accepted(each: socket.socket, port: int) -> bool:
    try:
        return bool(each.getsockname()[1] == port and each.getpeername()[1] > 0)
    except (OSError, IndexError):
        return False
