"""vratar-hub broker-config: the files of a mosquitto that lets in exactly our edges."""

import argparse
import hashlib
import os
import pwd
import sys
from collections.abc import Iterator
from pathlib import Path

from hub.broker import mosquitto
from hub.broker.passwords import SALT_BYTES, hashed
from hub.broker.rights import User, edge_user, hub_user
from hub.context import Hub
from hub.edges import service
from hub.errors import message
from hub.settings import MqttSettings, SettingsError
from wire.topics import Address

NAME = "broker-config"
HELP = "write configuration, users and topic rules for a mosquitto beside the hub"
_DAEMON = "mosquitto"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--directory", type=Path, help="where to write (default: broker in the hub's directory)"
    )
    parser.add_argument(
        "--store", type=Path, help="where mosquitto keeps messages over a restart (default: not)"
    )


def run(hub: Hub, chosen: argparse.Namespace) -> int:
    """Write the files; the same users and settings give the same bytes."""
    settings = hub.settings.mqtt
    directory: Path = (chosen.directory or hub.settings.directory / "broker").absolute()
    _require_settings(settings)
    listener = mosquitto.Listener(
        host=settings.host, port=settings.port, directory=directory, store=chosen.store
    )
    everyone = [*_edges(hub), hub_user(_hub_hash(settings.password))]
    mosquitto.write(mosquitto.files(everyone, listener), directory, _daemon())
    sys.stdout.write(
        f"Wrote {directory} for {len(everyone) - 1} edges. Start mosquitto -c"
        f" {directory / mosquitto.CONFIGURATION_FILE}; after the next run send it SIGHUP.\n"
    )
    return 0


def _edges(hub: Hub) -> Iterator[User]:
    for tenant in hub.tenants:
        with tenant.database.read() as connection:
            for edge in service.everyone(connection):
                if edge.password_hash is not None:
                    address = Address(tenant=tenant.id, site=edge.site, edge=edge.id)
                    yield edge_user(address, edge.password_hash)


def _require_settings(settings: MqttSettings) -> None:
    if not settings.password or not settings.port:
        key = "mqtt.port" if settings.password else "mqtt.password"
        raise SettingsError(
            message(
                "{key}: missing; a broker beside the hub needs host, port and the hub's password.",
                key=key,
            )
        )


def _hub_hash(password: str) -> str:
    """Salted by itself, so that the file does not change from run to run."""
    salt = hashlib.sha256(b"vratar-broker-salt\0" + password.encode()).digest()
    return hashed(password, lambda _: salt[:SALT_BYTES])


def _daemon() -> tuple[int, int] | None:
    """Started by root, mosquitto becomes its own user and must be able to read its files."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(_DAEMON)
    except KeyError:
        return None
    return entry.pw_uid, entry.pw_gid
