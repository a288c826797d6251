"""paho-mqtt behind a port: one connection, made once, that puts what happens into an inbox."""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.errors import EdgeError
from edge_agent.sync_actions import Publish
from wire.enrolment import Broker

KEEPALIVE_S = 30
CONNECT_TIMEOUT_S = 5.0
IN_FLIGHT_MAX = 32
"""More than the engine ever has open; paho keeps its queue in memory, ours is the journal."""

_UNSPECIFIED = "Unspecified error"
_NO_GOODBYE = "it ended without a goodbye: the broker stopped, or the network is cut"
"""What paho calls an unspecified error."""


class MqttError(EdgeError):
    """No connection to the broker."""


class PlaintextRefusedError(MqttError):
    """The broker is on another machine, and there is no TLS yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The broker has accepted the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The connection is refused or gone; it is not used again."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message from the broker."""

    topic: str
    payload: bytes = field(repr=False)


Event = Connected | Lost | Received


class Connection:
    """One MQTT 3.1.1 connection with a clean session; events come on paho's thread."""

    def __init__(
        self, broker: Broker, client_id: str, will: Publish, deliver: Callable[[Event], None]
    ) -> None:
        """PlaintextRefusedError if the broker is not on this machine."""
        require_loopback(broker.host)
        self._broker = broker
        self._deliver = deliver
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=True,
            protocol=MQTTProtocolVersion.MQTTv311,
            # A new session needs a new will, so that every connection is an object of its own.
            reconnect_on_failure=False,
        )
        self._client.username_pw_set(broker.username, broker.password)
        self._client.will_set(will.topic, will.payload, qos=1, retain=False)
        self._client.max_inflight_messages_set(IN_FLIGHT_MAX)
        self._client.max_queued_messages_set(IN_FLIGHT_MAX)
        self._client.connect_timeout = CONNECT_TIMEOUT_S
        self._client.on_socket_open = _no_delay
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def open(self) -> None:
        """Connect, waiting at most CONNECT_TIMEOUT_S; MqttError if nobody is there."""
        try:
            self._client.connect(self._broker.host, self._broker.port, KEEPALIVE_S)
        except OSError as error:
            raise MqttError(
                f"broker {self._broker.host}:{self._broker.port}: {error};"
                " check that the hub's broker runs and the network is there"
            ) from error
        self._client.loop_start()

    def subscribe(self, topic_filter: str) -> None:
        self._client.subscribe(topic_filter, qos=1)

    def publish(self, message: Publish) -> bool:
        """False if the window is full or the connection gone; the engine sends it again."""
        sent = self._client.publish(message.topic, message.payload, qos=message.qos, retain=False)
        return sent.rc is MQTTErrorCode.MQTT_ERR_SUCCESS

    def close(self) -> None:
        """Say goodbye to the broker, which then does not publish the will, and end the thread."""
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def socket(self) -> socket.socket | None:
        """The live socket, for whoever wants to look at its options."""
        found = self._client.socket()
        return found if isinstance(found, socket.socket) else None

    def _on_connect(
        self,
        _client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._deliver(Lost(reason=str(reason)) if reason.is_failure else Connected())

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        told = _NO_GOODBYE if reason.getName() == _UNSPECIFIED else str(reason)
        self._deliver(Lost(reason=told))

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self._deliver(Received(topic=message.topic, payload=bytes(message.payload)))


def require_loopback(host: str) -> None:
    """PlaintextRefusedError unless `host` is this machine: passwords do not travel in the clear."""
    if host != "localhost" and not _is_loopback_address(host):
        raise PlaintextRefusedError(
            f"broker {host}: not on this machine, and a connection without TLS is refused there;"
            " run the hub's broker on 127.0.0.1 or reach it through a tunnel"
        )


def _is_loopback_address(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _no_delay(_client: Client, _userdata: object, opened: Any) -> None:
    # Without it a lock-step exchange waits 40 ms for each delayed acknowledgement of TCP.
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
