"""A paho client for tests that waits on conditions, never on time."""

import socket
import threading
from collections.abc import Callable
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

DEADLINE_S = 10.0


class Client:
    """One connection to a broker, remembering all that it hears."""

    def __init__(self, client_id: str, *, username: str, password: str) -> None:
        self._changed = threading.Condition()
        self.heard: list[tuple[str, bytes]] = []
        self.connected: bool | None = None
        self.subscribed = 0
        self.published = 0
        self.paho = paho.Client(
            CallbackAPIVersion.VERSION2, client_id, protocol=paho.MQTTv311, clean_session=True
        )
        self.paho.username_pw_set(username, password)
        self.paho.on_connect = self._on_connect
        self.paho.on_disconnect = self._on_disconnect
        self.paho.on_message = self._on_message
        self.paho.on_subscribe = self._on_subscribe
        self.paho.on_publish = self._on_publish
        self.paho.on_socket_open = _no_delay

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()

    def connect(self, host: str, port: int) -> bool:
        """True when the broker let us in."""
        self.paho.connect(host, port, keepalive=30)
        self.paho.loop_start()
        self.wait(lambda: self.connected is not None)
        return bool(self.connected)

    def subscribe(self, topic: str) -> None:
        count = self.subscribed
        self.paho.subscribe(topic, qos=1)
        self.wait(lambda: self.subscribed > count)

    def publish(self, topic: str, payload: bytes) -> None:
        """Returns after the broker's PUBACK (which says nothing of a delivery)."""
        count = self.published
        self.paho.publish(topic, payload, qos=1)
        self.wait(lambda: self.published > count)

    def wait_heard(self, topic: str, payload: bytes) -> None:
        self.wait(lambda: (topic, payload) in self.heard)

    def lose_connection(self) -> None:
        """The cable is pulled: no DISCONNECT is sent."""
        raw = self.paho.socket()
        assert isinstance(raw, socket.socket)
        raw.shutdown(socket.SHUT_RDWR)

    def wait(self, holds: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(holds, DEADLINE_S), "the broker did not answer in time"

    def _tell(self, change: Callable[[], None]) -> None:
        with self._changed:
            change()
            self._changed.notify_all()

    def _on_connect(self, *arguments: Any) -> None:
        refused = arguments[3].is_failure
        self._tell(lambda: setattr(self, "connected", not refused))
        if refused:
            self.paho.disconnect()

    def _on_disconnect(self, *_: object) -> None:
        self._tell(lambda: setattr(self, "connected", False))

    def _on_message(self, _client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        self._tell(lambda: self.heard.append((message.topic, bytes(message.payload))))

    def _on_subscribe(self, *_: object) -> None:
        self._tell(lambda: setattr(self, "subscribed", self.subscribed + 1))

    def _on_publish(self, *_: object) -> None:
        self._tell(lambda: setattr(self, "published", self.published + 1))


def _no_delay(_client: object, _userdata: object, raw: Any) -> None:
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
