"""What the agent says to and hears from the other processes, as hints."""

import logging

import msgspec

from edge_agent.hints import Hint, HintSender
from edge_agent.ports import CacheChanged, CommandReceived, Event, NetworkChanged, Shown, Standing
from wire.messages import Command

_logger = logging.getLogger(__name__)


class DisplaySender:
    """The agent's `Display`: `{"shown": ...}` and `{"standing": ...}` to the display process."""

    def __init__(self, sender: HintSender) -> None:
        self._sender = sender

    def show(self, shown: Shown) -> None:
        self._sender.send({"shown": msgspec.to_builtins(shown)})

    def stand(self, standing: Standing) -> None:
        self._sender.send({"standing": msgspec.to_builtins(standing)})


class SyncSender:
    """The agent's `Link`: `{"recorded": seq}` and `{"wanted": version}` to the sync process."""

    def __init__(self, sender: HintSender) -> None:
        self._sender = sender

    def recorded(self, seq: int) -> None:
        self._sender.send({"recorded": seq})

    def wanted(self, version: int) -> None:
        self._sender.send({"wanted": version})


def event_of(hint: Hint) -> Event | None:
    """What the sync process told the agent: `cache`, `connected` or `command`; None if nothing."""
    try:
        match hint:
            case {"cache": int(version)}:
                return CacheChanged(version=version)
            case {"connected": bool(connected)}:
                return NetworkChanged(connected=connected)
            case {"command": command}:
                return CommandReceived(command=msgspec.convert(command, Command))
            case _:
                _logger.warning("hint_dropped keys=%s", ",".join(map(str, hint)))
    except msgspec.ValidationError as error:
        _logger.warning("hint_dropped detail=%s", error)
    return None
