"""The simulator page's server on a thread of its own, on loopback, from block to block end."""

import socket
import threading
from collections.abc import Callable
from typing import Self

import uvicorn
from fastapi import FastAPI

HOST = "127.0.0.1"
_STOP_S_MAX = 5.0

Application = Callable[[threading.Event], FastAPI]
"""Makes the application; it ends its streams when the event is set."""


class PageServer:
    """Serves an application; `address` is what a browser is given."""

    def __init__(self, application: Application, port: int = 0) -> None:
        """`port` 0 lets the system choose; raises OSError for one that is taken."""
        self._socket = socket.create_server((HOST, port))
        self._stop = threading.Event()
        settings = uvicorn.Config(
            application(self._stop), log_level="critical", lifespan="off", ws="none"
        )
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="page", daemon=True
        )

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self._socket.getsockname()[1]}/"

    def __enter__(self) -> Self:
        # The socket listens already, so a browser that comes too early only waits.
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._server.should_exit = True
        self._thread.join(_STOP_S_MAX)
        self._socket.close()


def free_port(preferred: int = 0) -> int:
    """The preferred port where it is free on loopback, else one that the system chooses."""
    for port in (preferred, 0):
        try:
            with socket.create_server((HOST, port)) as found:
                return int(found.getsockname()[1])
        except OSError:
            continue
    raise OSError("no free port on 127.0.0.1")
