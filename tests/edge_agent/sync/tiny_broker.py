"""As much of MQTT 3.1.1 as one edge needs, on a real socket: what it says can be looked at."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.edge_agent.sync.scripted_hub import Sent

_CONNECT, _CONNACK, _PUBLISH, _PUBACK = 1, 2, 3, 4
_SUBSCRIBE, _SUBACK, _PINGREQ, _PINGRESP, _DISCONNECT = 8, 9, 12, 13, 14
_WAIT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hail:
    """A CONNECT packet, taken apart."""

    protocol: str
    level: int
    clean: bool
    keepalive_s: int
    client_id: str
    will_topic: str
    will_payload: bytes = field(repr=False)
    will_qos: int
    will_retained: bool
    username: str
    password: str


class TinyBroker:
    """Serves one client after the other; `answer` says what goes back for a published message."""

    def __init__(self, answer: Callable[[str, bytes], list[Sent]], refuse: int = 0) -> None:
        self.hails: list[Hail] = []
        self.subscribed: list[tuple[str, int]] = []
        self.flags: set[int] = set()
        self.goodbyes = 0
        self.changed = threading.Condition()
        self._answer = answer
        self._refuse = refuse
        self._mid = 0
        self._client: socket.socket | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def wait(self, until: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(until, _WAIT_S)

    def send(self, sent: Sent) -> None:
        """Publish to the client with QoS 1."""
        assert self._client is not None
        topic, payload = sent
        self._mid = self._mid % 65_535 + 1
        content = _text(topic) + struct.pack("!H", self._mid) + payload
        self._client.sendall(_packet(_PUBLISH, 0x02, content))

    def cut(self) -> None:
        """Pull the cable."""
        assert self._client is not None
        self._client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._client is not None:
            self._client.close()
        self._thread.join(_WAIT_S)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._client = client
            self._serve_client(client)
            client.close()

    def _serve_client(self, client: socket.socket) -> None:
        while (packet := _read(client)) is not None:
            kind, flags, content = packet
            with self.changed:
                replies = self._handle(kind, flags, content)
                self.changed.notify_all()
            # A client that has gone may still have said something to read, such as goodbye.
            with contextlib.suppress(OSError):
                for reply in replies:
                    client.sendall(reply)

    def _handle(self, kind: int, flags: int, content: bytes) -> list[bytes]:
        match kind:
            case 1:
                self.hails.append(_hail(content))
                return [_packet(_CONNACK, 0, bytes((0, self._refuse)))]
            case 8:
                topic, rest = _cut(content[2:])
                self.subscribed.append((topic.decode(), rest[0]))
                return [_packet(_SUBACK, 0, content[:2] + b"\x01")]
            case 3:
                return self._published(flags, content)
            case 12:
                return [_packet(_PINGRESP, 0, b"")]
            case 14:
                self.goodbyes += 1
        return []

    def _published(self, flags: int, content: bytes) -> list[bytes]:
        self.flags.add(flags)
        topic, rest = _cut(content)
        replies = []
        if flags & 0x06:
            replies.append(_packet(_PUBACK, 0, rest[:2]))
            rest = rest[2:]
        for down_topic, payload in self._answer(topic.decode(), rest):
            self._mid = self._mid % 65_535 + 1
            mid = struct.pack("!H", self._mid)
            replies.append(_packet(_PUBLISH, 0x02, _text(down_topic) + mid + payload))
        return replies


def _hail(content: bytes) -> Hail:
    protocol, rest = _cut(content)
    level, flags, keepalive_s = struct.unpack("!BBH", rest[:4])
    client_id, rest = _cut(rest[4:])
    will_topic, rest = _cut(rest)
    will_payload, rest = _cut(rest)
    username, rest = _cut(rest)
    password, _ = _cut(rest)
    return Hail(
        protocol=protocol.decode(),
        level=level,
        clean=bool(flags & 0x02),
        keepalive_s=keepalive_s,
        client_id=client_id.decode(),
        will_topic=will_topic.decode(),
        will_payload=will_payload,
        will_qos=flags >> 3 & 3,
        will_retained=bool(flags & 0x20),
        username=username.decode(),
        password=password.decode(),
    )


def _read(client: socket.socket) -> tuple[int, int, bytes] | None:
    """The next packet: kind, flags, content; None at the end."""
    first = _exactly(client, 1)
    if not first:
        return None
    length = shift = 0
    for _ in range(4):
        byte = _exactly(client, 1)
        if not byte:
            return None
        length |= (byte[0] & 0x7F) << shift
        shift += 7
        if not byte[0] & 0x80:
            break
    return first[0] >> 4, first[0] & 0x0F, _exactly(client, length)


def _exactly(client: socket.socket, count: int) -> bytes:
    taken = b""
    while len(taken) < count:
        try:
            part = client.recv(count - len(taken))
        except OSError:
            return b""
        if not part:
            return b""
        taken += part
    return taken


def _packet(kind: int, flags: int, content: bytes) -> bytes:
    length, head = len(content), bytearray()
    while True:
        length, digit = divmod(length, 128)
        head.append(digit | (0x80 if length else 0))
        if not length:
            return bytes((kind << 4 | flags,)) + bytes(head) + content


def _text(text: str) -> bytes:
    return struct.pack("!H", len(text.encode())) + text.encode()


def _cut(content: bytes) -> tuple[bytes, bytes]:
    (length,) = struct.unpack("!H", content[:2])
    return content[2 : 2 + length], content[2 + length :]
