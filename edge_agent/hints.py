"""Hints between the edge's processes: small JSON datagrams in its folder, lost without harm."""

import contextlib
import json
import logging
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from edge_agent.errors import EdgeError

AGENT_SOCKET = "agent.sock"
SYNC_SOCKET = "sync.sock"
DISPLAY_SOCKET = "display.sock"

HINT_BYTES_MAX = 64 * 1024
_LOOK_S = 0.2
# Linux keeps a socket's path in 108 bytes, the last of them zero.
_PATH_BYTES_MAX = 107
_logger = logging.getLogger(__name__)

Hint = Mapping[str, object]


class FolderError(EdgeError):
    """No sockets can be made in the edge's folder."""


class HintSender:
    """Sends to one process of this edge, which may not be there; never blocks, never raises."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def send(self, hint: Hint) -> None:
        with contextlib.suppress(OSError):
            self._socket.sendto(json.dumps(hint).encode("utf-8"), self._path)

    def close(self) -> None:
        self._socket.close()


class HintReceiver:
    """The one receiving end at a path; one left over from a dead process is replaced."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o600)
        self._socket.settimeout(_LOOK_S)

    def run(self, deliver: Callable[[Hint], None], stop: threading.Event) -> None:
        """Deliver hints until `stop` is set; what is no JSON object is dropped."""
        while not stop.is_set():
            try:
                content = self._socket.recv(HINT_BYTES_MAX)
            except TimeoutError:
                continue
            hint = _parsed(content)
            if hint is not None:
                deliver(hint)
        self._socket.close()


def check_folder(directory: Path) -> None:
    """FolderError if the path is too long for the sockets in it."""
    longest = max((AGENT_SOCKET, SYNC_SOCKET, DISPLAY_SOCKET), key=len)
    length, most = len(bytes(directory)), _PATH_BYTES_MAX - len(longest) - 1
    if length > most:
        raise FolderError(
            f"directory is {str(directory)!r}: {length} bytes are too long for the sockets in it;"
            f" use at most {most}"
        )


def _parsed(content: bytes) -> Hint | None:
    try:
        hint = json.loads(content)
    except ValueError:
        _logger.warning("hint_dropped bytes=%d", len(content))
        return None
    return hint if isinstance(hint, dict) else None
