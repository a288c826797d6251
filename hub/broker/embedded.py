"""The broker inside the hub's own process: amqtt, on loopback only, with our own rules."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from amqtt.broker import Broker
from amqtt.contexts import Action, BaseContext
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from hub.broker.passwords import fits
from hub.broker.rights import FindUser, may_hear, may_speak
from hub.errors import message
from hub.settings import SettingsError, is_loopback

_LISTENER = "default"
_SESSION_KEPT_S = 60
# They log every packet, every refused subscriber and each client that goes away.
_TALKATIVE = ("amqtt", "transitions")


class NotLoopbackError(SettingsError):
    """The embedded broker was told to face a network."""

    def __init__(self, host: str) -> None:
        super().__init__(
            message(
                "mqtt.host: {host} is not loopback, and the broker inside the hub serves loopback"
                " only; set mqtt.broker = external and run mosquitto (vratar-hub broker-config)"
                " for edges on other machines.",
                host=host,
            )
        )


@dataclass(slots=True)
class Doorkeeper:
    """What the plugin asks; set by the broker that loaded it."""

    find: FindUser


class TopicRules(BaseAuthPlugin, BaseTopicPlugin):  # type: ignore[misc] # untyped library
    """Own user name and password, own topics; always answers with a bool (None would refuse)."""

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self.doorkeeper: Doorkeeper | None = None

    async def authenticate(self, *, session: Session) -> bool:
        """True for a known user under its own client id with its password and a will of its own."""
        if self.doorkeeper is None or not session.username or session.password is None:
            return False
        user = self.doorkeeper.find(session.username)
        return (
            user is not None
            and session.client_id == user.name
            and fits(session.password, user.password_hash)
            # amqtt asks for no right when it delivers a will.
            and (not session.will_flag or may_speak(user, session.will_topic or ""))
        )

    async def topic_filtering(
        self,
        *,
        session: Session | None = None,
        topic: str | None = None,
        action: Action | None = None,
    ) -> bool:
        """True when the session's user may publish, subscribe or receive there."""
        if self.doorkeeper is None or session is None or not session.username or not topic:
            return False
        user = self.doorkeeper.find(session.username)
        if user is None:
            return False
        return may_speak(user, topic) if action == Action.PUBLISH else may_hear(user, topic)


class EmbeddedBroker:
    """An MQTT broker in the running asyncio loop; `port` 0 lets the system choose."""

    def __init__(self, find: FindUser, *, host: str = "127.0.0.1", port: int = 0) -> None:
        if not is_loopback(host):
            raise NotLoopbackError(host)
        self.host = host
        self._find = find
        self._port = port
        self._broker: Broker | None = None

    @property
    def port(self) -> int:
        """The port it listens on, once started."""
        return int(self._sockets()[0].getsockname()[1])

    async def start(self) -> None:
        """Listen; returns when connections are accepted."""
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        broker = Broker(_configuration(self.host, self._port), loop=asyncio.get_running_loop())
        plugin = broker.plugins_manager.get_plugin(TopicRules.__name__)
        assert isinstance(plugin, TopicRules)
        plugin.doorkeeper = Doorkeeper(find=self._find)
        await broker.start()
        self._broker = broker

    async def stop(self) -> None:
        """Close every connection and the listener."""
        if self._broker is not None:
            await self._broker.shutdown()
            self._broker = None

    def _sockets(self) -> Any:
        assert self._broker is not None, "not started"
        return self._broker._servers[_LISTENER].instance.sockets  # noqa: SLF001 - no public way


def _configuration(host: str, port: int) -> dict[str, Any]:
    return {
        "listeners": {_LISTENER: {"type": "tcp", "bind": f"{host}:{port}", "max_connections": 0}},
        "session_expiry_interval": _SESSION_KEPT_S,
        "plugins": {f"{TopicRules.__module__}.{TopicRules.__name__}": {}},
    }
