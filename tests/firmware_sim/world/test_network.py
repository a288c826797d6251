import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from firmware_sim.world.network import Cable, CableState

DEADLINE_S = 5.0


class EchoServer:
    """Sends back what it hears, until the other end is silent for good."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self.listener.getsockname()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=_echo, args=(connection,), daemon=True).start()


def _echo(connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        while heard := connection.recv(4096):
            connection.sendall(heard)


@pytest.fixture
def cable() -> Iterator[Cable]:
    server = EchoServer()
    with Cable(server.address) as cable:
        yield cable
    server.listener.close()


def connected(cable: Cable) -> socket.socket:
    return socket.create_connection(("127.0.0.1", cable.port), timeout=DEADLINE_S)


def echoed(connection: socket.socket, said: bytes) -> bytes:
    connection.sendall(said)
    heard = b""
    while len(heard) < len(said):
        more = connection.recv(65_536)
        assert more, "the connection ended"
        heard += more
    return heard


def test_bytes_go_both_ways_through_a_plugged_cable(cable: Cable) -> None:
    with connected(cable) as connection:
        assert echoed(connection, b"hello") == b"hello"


def test_more_than_any_buffer_holds_arrives_whole_and_in_order(cable: Cable) -> None:
    said = bytes(range(256)) * 8192
    with connected(cable) as connection:
        writer = threading.Thread(target=connection.sendall, args=(said,))
        writer.start()
        heard = b""
        while len(heard) < len(said):
            more = connection.recv(65_536)
            assert more
            heard += more
        writer.join(DEADLINE_S)
    assert heard == said


def test_the_end_of_a_stream_reaches_the_other_side_after_its_last_byte(cable: Cable) -> None:
    with connected(cable) as connection:
        connection.sendall(b"last words")
        connection.shutdown(socket.SHUT_WR)
        heard = b""
        while more := connection.recv(4096):
            heard += more
    assert heard == b"last words"


def test_a_broken_way_resets_what_is_connected(cable: Cable) -> None:
    with connected(cable) as connection:
        assert echoed(connection, b"x") == b"x"
        cable.set(CableState.BROKEN)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert cable.connections == 0


def test_nobody_connects_while_the_way_is_broken(cable: Cable) -> None:
    cable.set(CableState.BROKEN)
    with pytest.raises(ConnectionError), connected(cable) as connection:
        echoed(connection, b"x")


def test_once_it_is_whole_again_a_new_connection_works(cable: Cable) -> None:
    cable.set(CableState.BROKEN)
    cable.set(CableState.PLUGGED)
    with connected(cable) as connection:
        assert echoed(connection, b"again") == b"again"


def test_a_pulled_cable_tells_nobody_and_loses_nothing_that_waits(cable: Cable) -> None:
    with connected(cable) as connection:
        assert echoed(connection, b"x") == b"x"
        cable.set(CableState.PULLED)
        connection.sendall(b"into the dark")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(DEADLINE_S)
        cable.set(CableState.PLUGGED)
        heard = b""
        while len(heard) < len(b"into the dark"):
            heard += connection.recv(100)
        assert heard == b"into the dark"


def test_a_cable_to_nowhere_resets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        address: tuple[str, int] = gone.getsockname()
    with (
        Cable(address) as cable,
        pytest.raises(ConnectionError),
        connected(cable) as connection,
    ):
        echoed(connection, b"x")
