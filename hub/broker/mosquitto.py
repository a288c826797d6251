"""The configuration of a mosquitto beside the hub: users, topic rules, limits, as plain files."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hub.broker.rights import User
from hub.errors import message
from hub.settings import SettingsError, is_loopback
from wire.envelope import ENVELOPE_BYTES_MAX

CONFIGURATION_FILE = "mosquitto.conf"
PASSWORD_FILE = "passwords"  # noqa: S105 - a file's name
RULES_FILE = "rules"

_PACKET_BYTES_MAX = 2 * ENVELOPE_BYTES_MAX
_QUEUED_MESSAGES_MAX = 10_000
_IN_FLIGHT_MAX = 64
_KEEPALIVE_S_MAX = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Where mosquitto listens and where its files lie; `store` None keeps nothing over a restart.

    Truth is at hub and edges, so that a broker that forgets loses nothing.
    """

    host: str
    port: int
    directory: Path
    store: Path | None = None


def files(users: Iterable[User], listener: Listener) -> Mapping[str, str]:
    """Each file's name and text; the same users and listener give the same bytes."""
    if not is_loopback(listener.host):
        raise SettingsError(
            message(
                "mqtt.host: {host} is not loopback, and passwords must not cross a network in the"
                " clear; use 127.0.0.1.",
                host=listener.host,
            )
        )
    ordered = sorted(users, key=lambda user: user.name)
    return {
        CONFIGURATION_FILE: _configuration(listener),
        PASSWORD_FILE: "".join(f"{user.name}:{user.password_hash}\n" for user in ordered),
        RULES_FILE: "\n".join(_rules(user) for user in ordered),
    }


def write(texts: Mapping[str, str], directory: Path, owner: tuple[int, int] | None) -> None:
    """Write the files, readable by `owner` (user and group id) or the caller alone."""
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    for name, text in texts.items():
        _replace(directory / name, text, owner)


def _replace(path: Path, text: str, owner: tuple[int, int] | None) -> None:
    """A reader sees the old file or the new one, never half of one."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        if owner is not None:
            os.fchown(descriptor, *owner)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    beside.replace(path)


def _configuration(listener: Listener) -> str:
    store = (
        ["persistence false"]
        if listener.store is None
        else [
            "persistence true",
            f"persistence_location {listener.store}/",
            "autosave_interval 60",
            "persistent_client_expiration 1d",
        ]
    )
    lines = [
        "# Written by `vratar-hub broker-config`; changes here are lost at its next run.",
        "# After a change of users send mosquitto a SIGHUP: it reads passwords and rules again.",
        "per_listener_settings false",
        "set_tcp_nodelay true",
        *store,
        f"max_queued_messages {_QUEUED_MESSAGES_MAX}",
        f"max_inflight_messages {_IN_FLIGHT_MAX}",
        f"max_packet_size {_PACKET_BYTES_MAX}",
        f"max_keepalive {_KEEPALIVE_S_MAX}",
        "retain_available false",
        f"listener {listener.port} {listener.host}",
        "use_username_as_clientid true",
        "allow_anonymous false",
        f"password_file {listener.directory / PASSWORD_FILE}",
        f"acl_file {listener.directory / RULES_FILE}",
        "",
    ]
    return "\n".join(lines)


def _rules(user: User) -> str:
    lines = [f"user {user.name}"]
    lines += [f"topic write {topic}" for topic in user.speaks_on]
    lines += [f"topic read {topic}" for topic in user.hears]
    return "\n".join([*lines, ""])
