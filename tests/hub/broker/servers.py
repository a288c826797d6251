"""Real brokers for tests: amqtt in a loop of its own, mosquitto as a process."""

import asyncio
import os
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.broker import mosquitto
from hub.broker.embedded import EmbeddedBroker
from hub.broker.rights import User

MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
DEADLINE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Where a broker listens; `embedded` is set when it runs in this process."""

    host: str
    port: int
    embedded: EmbeddedBroker | None = None


@contextmanager
def embedded(users: dict[str, User]) -> Iterator[Served]:
    """An amqtt broker on its own loop and thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="embedded-broker")
    thread.start()
    broker = EmbeddedBroker(users.get)
    try:
        asyncio.run_coroutine_threadsafe(broker.start(), loop).result(DEADLINE_S)
        yield Served(host=broker.host, port=broker.port, embedded=broker)
    finally:
        asyncio.run_coroutine_threadsafe(_stopped(broker), loop).result(DEADLINE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(DEADLINE_S)
        loop.close()


@contextmanager
def external(users: dict[str, User]) -> Iterator[Served]:
    """A mosquitto with the configuration that the hub generates for it."""
    if MOSQUITTO is None:
        message = "mosquitto is missing: apt-get install mosquitto"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    with tempfile.TemporaryDirectory(prefix="vratar-mosquitto-") as folder:
        directory = Path(folder)
        # Started as root mosquitto becomes its own user and must get at its files.
        directory.chmod(0o755)
        port = _free_port()
        listener = mosquitto.Listener(host="127.0.0.1", port=port, directory=directory)
        mosquitto.write(mosquitto.files(users.values(), listener), directory, owner_for_tests())
        with _process(directory / mosquitto.CONFIGURATION_FILE, port):
            yield Served(host="127.0.0.1", port=port)


def owner_for_tests() -> tuple[int, int] | None:
    """The user that mosquitto becomes, when we are root."""
    if os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 - needed by root only

    entry = pwd.getpwnam("mosquitto")
    return entry.pw_uid, entry.pw_gid


@contextmanager
def _process(configuration: Path, port: int) -> Iterator[None]:
    assert MOSQUITTO is not None
    log = configuration.with_suffix(".log")
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [MOSQUITTO, "-c", str(configuration)], stdout=output, stderr=output
        ) as process,
    ):
        try:
            _wait_for_port(port, process, log)
            yield
        finally:
            process.terminate()
            process.wait(DEADLINE_S)


def _wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        select.select([], [], [], 0.02)
    pytest.fail(f"mosquitto did not listen: {log.read_text()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _stopped(broker: EmbeddedBroker) -> None:
    await broker.stop()
    for _ in range(20):
        # amqtt leaves tasks of closed connections that end within a few turns of the loop.
        await asyncio.sleep(0)
    pending = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
