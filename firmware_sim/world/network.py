"""A network cable between an edge and the broker: plugged, pulled, or leading to a refusal."""

import contextlib
import selectors
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

_CHUNK_BYTES_MAX = 64 * 1024
_CONNECT_S_MAX = 2.0
_JOIN_S_MAX = 5.0
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends a reset and forgets what was not delivered."""


class CableState(StrEnum):
    """What the cable does to bytes."""

    PLUGGED = "plugged"
    PULLED = "pulled"  # bytes wait and nobody is told, as on a cable that hangs in the air
    BROKEN = "broken"  # every connection is reset, new ones too, as by a router that knows


@dataclass(slots=True)
class _Flow:
    """One direction of one connection."""

    source: socket.socket
    target: socket.socket
    waiting: bytes = b""
    ended: bool = False


class Cable:
    """A TCP way on loopback from `port` to `target`; use as a context manager."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._state = CableState.PLUGGED
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self._flows: dict[socket.socket, _Flow] = {}
        self._wake, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._changes: list[tuple[CableState, threading.Event]] = []
        self._lock = threading.Lock()
        self._ends = False
        self._thread = threading.Thread(target=self._carry, name="cable", daemon=True)

    @property
    def port(self) -> int:
        """Where the edge connects."""
        return int(self._listener.getsockname()[1])

    @property
    def state(self) -> CableState:
        return self._state

    @property
    def connections(self) -> int:
        """How many connections lie on the cable now."""
        return len(self._flows) // 2

    def set(self, state: CableState) -> None:
        """Change the cable; returns once it is so."""
        done = threading.Event()
        with self._lock:
            self._changes.append((state, done))
        self._waker.send(b"x")
        assert done.wait(_JOIN_S_MAX), "the cable's thread has died"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends = True
        self._waker.send(b"x")
        self._thread.join(_JOIN_S_MAX)
        for each in (self._listener, self._wake, self._waker):
            each.close()

    def _carry(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ, self._change)
            selector.register(self._listener, selectors.EVENT_READ, self._accept)
            while not self._ends:
                for key, _ in selector.select():
                    act: Callable[[selectors.BaseSelector, socket.socket], None] = key.data
                    sock = key.fileobj
                    # One connection's end within this round takes its other end along.
                    if isinstance(sock, socket.socket) and sock.fileno() >= 0:
                        act(selector, sock)
            self._reset_all(selector)

    def _change(self, selector: selectors.BaseSelector, wake: socket.socket) -> None:
        wake.recv(_CHUNK_BYTES_MAX)
        with self._lock:
            changes, self._changes = self._changes, []
        for state, done in changes:
            self._state = state
            if state is CableState.BROKEN:
                self._reset_all(selector)
            self._listen_to_all(selector)
            done.set()

    def _accept(self, selector: selectors.BaseSelector, listener: socket.socket) -> None:
        try:
            near, _ = listener.accept()
        except OSError:
            return
        if self._state is CableState.BROKEN:
            _reset(near)
            return
        try:
            far = socket.create_connection(self._target, timeout=_CONNECT_S_MAX)
        except OSError:
            _reset(near)
            return
        for source, target in ((near, far), (far, near)):
            source.setblocking(False)
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._flows[source] = _Flow(source, target)
        self._listen_to_all(selector)

    def _move(self, selector: selectors.BaseSelector, touched: socket.socket) -> None:
        """Read from and write to whichever direction `touched` lets go on."""
        out = self._flows.get(touched)
        if out is None:
            return
        back = self._flows[out.target]
        try:
            _take(out)
            for flow in (out, back):
                _give(flow)
        except OSError:
            self._drop(selector, out, _reset)
            return
        if out.ended and back.ended and not out.waiting and not back.waiting:
            self._drop(selector, out, socket.socket.close)
            return
        self._listen_to(selector, out)
        self._listen_to(selector, back)

    def _listen_to_all(self, selector: selectors.BaseSelector) -> None:
        silent = self._state is CableState.PULLED
        _listen(selector, self._listener, 0 if silent else selectors.EVENT_READ, self._accept)
        for flow in list(self._flows.values()):
            self._listen_to(selector, flow)

    def _listen_to(self, selector: selectors.BaseSelector, flow: _Flow) -> None:
        """Reading stops while the other end has not taken what was read before."""
        wanted = 0
        if self._state is CableState.PLUGGED:
            wanted |= 0 if flow.waiting or flow.ended else selectors.EVENT_READ
            wanted |= selectors.EVENT_WRITE if self._flows[flow.target].waiting else 0
        _listen(selector, flow.source, wanted, self._move)

    def _reset_all(self, selector: selectors.BaseSelector) -> None:
        for flow in list(self._flows.values()):
            self._drop(selector, flow, _reset)

    def _drop(
        self, selector: selectors.BaseSelector, flow: _Flow, end: Callable[[socket.socket], None]
    ) -> None:
        """Take both directions of a connection off the cable."""
        for sock in (flow.source, flow.target):
            if self._flows.pop(sock, None) is not None:
                _listen(selector, sock, 0, self._move)
                end(sock)


def _listen(
    selector: selectors.BaseSelector,
    sock: socket.socket,
    wanted: int,
    act: Callable[[selectors.BaseSelector, socket.socket], None],
) -> None:
    registered = sock in selector.get_map()
    if registered and wanted:
        selector.modify(sock, wanted, act)
    elif registered:
        selector.unregister(sock)
    elif wanted:
        selector.register(sock, wanted, act)


def _take(flow: _Flow) -> None:
    """Read what is there; the end of the stream is passed on once all before it is."""
    if flow.waiting or flow.ended:
        return
    with contextlib.suppress(BlockingIOError):
        flow.waiting = flow.source.recv(_CHUNK_BYTES_MAX)
        flow.ended = not flow.waiting


def _give(flow: _Flow) -> None:
    with contextlib.suppress(BlockingIOError):
        while flow.waiting:
            flow.waiting = flow.waiting[flow.target.send(flow.waiting) :]
    if flow.ended and not flow.waiting:
        with contextlib.suppress(OSError):
            flow.target.shutdown(socket.SHUT_WR)


def _reset(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    sock.close()
