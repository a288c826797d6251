"""What this machine can do at best: fsync, a durable one-row commit, a loopback round trip."""

import os
import socket
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

ROUNDS, ROUNDS_SHORT = 2_000, 300
_BLOCK = bytes(4096)
_ENTRY = bytes(512)
_MESSAGE = bytes(200)


def main(argv: list[str]) -> None:
    """Print the three figures that every other one is to be read against."""
    rounds = ROUNDS_SHORT if "--short" in argv else ROUNDS
    with tempfile.TemporaryDirectory() as directory:
        _print("fsync of 4 KiB", fsync_ms(Path(directory), rounds))
        _print("one-row commit, WAL, synchronous FULL", commit_ms(Path(directory), rounds))
    _print("loopback round trip of 200 bytes, TCP_NODELAY", round_trip_ms(rounds))


def fsync_ms(directory: Path, rounds: int) -> list[float]:
    with (directory / "block").open("wb", buffering=0) as file:

        def write() -> None:
            file.seek(0)
            file.write(_BLOCK)
            os.fsync(file.fileno())

        return _timed(write, rounds)


def commit_ms(directory: Path, rounds: int) -> list[float]:
    connection = sqlite3.connect(directory / "rows.db", isolation_level=None)
    with closing(connection):
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, content BLOB)")
        insert = "INSERT INTO rows (content) VALUES (?)"
        return _timed(lambda: connection.execute(insert, (_ENTRY,)), rounds)


def round_trip_ms(rounds: int) -> list[float]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        echo = threading.Thread(target=_echo, args=(server,), daemon=True)
        echo.start()
        with socket.create_connection(server.getsockname()) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def exchange() -> None:
                client.sendall(_MESSAGE)
                client.recv(len(_MESSAGE), socket.MSG_WAITALL)

            times = _timed(exchange, rounds)
        echo.join(5)
    return times


def _echo(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while content := connection.recv(4096):
            connection.sendall(content)


def _timed(action: Callable[[], object], rounds: int) -> list[float]:
    times: list[float] = []
    for _ in range(rounds):
        started = time.perf_counter()
        action()
        times.append((time.perf_counter() - started) * 1_000)
    return times


def _print(name: str, times_ms: list[float]) -> None:
    cuts = statistics.quantiles(times_ms, n=100)
    print(f"{name}: p50 {cuts[49]:.3f} ms, p99 {cuts[98]:.3f} ms, {len(times_ms):,} rounds")
