"""Serving: one process for a directory, on loopback unless HTTPS is set up."""

import fcntl
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from hub.context import Hub
from hub.errors import ConflictError, DatabaseError, HubError, message
from hub.settings import HttpSettings, Settings, SettingsError, require_encryption_off_loopback
from hub.web import application

STOP_AFTER_SECONDS_MAX = 5
"""How long open requests (live pages above all) may delay the end."""


def serve(settings: Settings, build: Callable[[], Hub]) -> int:
    """Serve until a signal; the address is printed once it is listened on."""
    require_encryption_off_loopback(settings.http)
    with _alone(settings), _listening(settings.http) as listener:
        hub = build()
        try:
            return _served(hub, listener)
        finally:
            hub.close()


def _served(hub: Hub, listener: socket.socket) -> int:
    http = hub.settings.http
    app = application(hub)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            ssl_certfile=http.certificate,
            ssl_keyfile=http.private_key,
            # X-Forwarded-* counts only from a proxy on this machine.
            forwarded_allow_ips="127.0.0.1,::1",
            server_header=False,
            access_log=False,
            log_config=None,
            lifespan="on",
            timeout_graceful_shutdown=STOP_AFTER_SECONDS_MAX,
        )
    )
    sys.stdout.write(f"Vratar hub on {_address(http, listener)}\n")
    sys.stdout.flush()
    _end_on_signals(server)
    server.run(sockets=[listener])
    refused: HubError | None = getattr(app.state, "refused", None)
    if refused is not None:
        raise refused
    return 0 if server.started else 1


def _end_on_signals(server: uvicorn.Server) -> None:
    """Uvicorn raises a signal again once it has stopped; that must not cut off our own end."""

    def end(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """ConflictError if another process serves this directory, DatabaseError if there is no hub."""
    if not settings.platform_file.exists():
        raise DatabaseError(
            message(
                "{path}: there is no hub; run vratar-hub init first.", path=str(settings.directory)
            )
        )
    descriptor = os.open(settings.directory / "serve.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        if not _locked(descriptor):
            raise ConflictError(
                message(
                    "{path}: another vratar-hub serves this directory; stop it first.",
                    path=str(settings.directory),
                )
            )
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _listening(http: HttpSettings) -> Iterator[socket.socket]:
    try:
        family = socket.getaddrinfo(http.host, http.port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((http.host, http.port), family=family)
    except OSError as error:
        raise SettingsError(
            message(
                "http.host {host}, http.port {port}: {problem}; choose another port, or stop what"
                " listens there.",
                host=http.host,
                port=http.port,
                problem=error.strerror or str(error),
            )
        ) from None
    with listener:
        yield listener


def _address(http: HttpSettings, listener: socket.socket) -> str:
    scheme = "https" if http.certificate else "http"
    host = f"[{http.host}]" if ":" in http.host else http.host
    return f"{scheme}://{host}:{listener.getsockname()[1]}"
