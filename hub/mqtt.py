"""The hub's own connection to the broker, inside its process or elsewhere: paho behind a port."""

import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from hub.errors import message
from hub.settings import SettingsError, is_loopback
from wire.topics import all_up

log = logging.getLogger(__name__)

KEEPALIVE_S = 30
IN_FLIGHT_MAX = 200
QUEUED_MAX = 10_000
"""Beyond this a message to an edge is dropped: it asks again, or is told at its next birth."""

_RECONNECT_S_MAX = 10

Receive = Callable[[str, bytes], None]
"""Takes a topic and a payload; must be quick and must not raise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """Where the broker listens and as whom the hub connects; `authority` asks for TLS."""

    host: str
    port: int
    username: str
    password: str
    authority: Path | None = None


class Link:
    """Connects, and again after every loss; what cannot be said is dropped and counted.

    `ready` is called from its thread whenever edges are heard (again).
    """

    def __init__(
        self, address: BrokerAddress, receive: Receive, ready: Callable[[], None] = lambda: None
    ) -> None:
        if address.authority is None and not is_loopback(address.host):
            raise SettingsError(
                message(
                    "mqtt.host: {host} is not loopback and mqtt.authority is not set; give the"
                    " file of the authority that signed the broker's certificate.",
                    host=address.host,
                )
            )
        self.dropped = 0
        self._address = address
        self._receive = receive
        self._ready = ready
        self._subscribed = threading.Event()
        self._client = _client(address, self)

    def start(self) -> None:
        """Connect in the background; returns at once."""
        address = self._address
        self._client.connect_async(address.host, address.port, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def wait_until_ready(self, timeout_s: float) -> bool:
        """True once edges are heard."""
        return self._subscribed.wait(timeout_s)

    def publish(self, topic: str, envelope: bytes) -> None:
        """Hand a message to the broker; never waits."""
        told = self._client.publish(topic, envelope, qos=1, retain=False)
        if told.rc != paho.MQTT_ERR_SUCCESS:
            self.dropped += 1

    @property
    def raw_socket(self) -> socket.socket | None:
        """The socket in use, for whoever checks its options."""
        found = self._client.socket()
        return found if isinstance(found, socket.socket) else None

    def on_connect(self, *arguments: Any) -> None:
        """Paho's (client, userdata, flags, reason, properties): subscribe on every connection."""
        reason: ReasonCode = arguments[3]
        if reason.is_failure:
            log.error(
                "broker_refused host=%s port=%d reason=%s: check mqtt.username and mqtt.password",
                self._address.host,
                self._address.port,
                reason,
            )
            return
        log.info("broker_connected host=%s port=%d", self._address.host, self._address.port)
        self._client.subscribe(all_up(), qos=1)

    def on_subscribe(self, *_: object) -> None:
        self._subscribed.set()
        self._ready()

    def on_disconnect(self, *arguments: Any) -> None:
        """Paho's (client, userdata, flags, reason, properties)."""
        if self._subscribed.is_set():
            log.warning("broker_lost reason=%s", arguments[3])
        self._subscribed.clear()

    def on_message(self, _client: object, _userdata: object, heard: paho.MQTTMessage) -> None:
        self._receive(heard.topic, bytes(heard.payload))


def _client(address: BrokerAddress, link: Link) -> paho.Client:
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=address.username,
        protocol=paho.MQTTv311,
        clean_session=True,
    )
    client.username_pw_set(address.username, address.password)
    if address.authority is not None:
        client.tls_set(ca_certs=str(address.authority))
    client.max_inflight_messages_set(IN_FLIGHT_MAX)
    client.max_queued_messages_set(QUEUED_MAX)
    client.reconnect_delay_set(min_delay=1, max_delay=_RECONNECT_S_MAX)
    client.on_socket_open = _set_no_delay
    client.on_connect = link.on_connect
    client.on_subscribe = link.on_subscribe
    client.on_disconnect = link.on_disconnect
    client.on_message = link.on_message
    return client


def _set_no_delay(_client: object, _userdata: object, raw: Any) -> None:
    """Without it an exchange in lock step waits 44 ms for each delayed acknowledgement."""
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
