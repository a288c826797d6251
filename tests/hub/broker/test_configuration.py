"""Passwords, the refusal of other interfaces, and the files written for mosquitto."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from core.ids import EdgeId, SiteId, TenantId
from hub.broker import mosquitto
from hub.broker.embedded import EmbeddedBroker, NotLoopbackError
from hub.broker.passwords import fits, hashed, new_password
from hub.broker.rights import User, edge_user, hub_user
from hub.settings import SettingsError
from wire.topics import Address

EDGE = Address(tenant=TenantId("t"), site=SiteId("s"), edge=EdgeId("e-one"))


def salt(count: int) -> bytes:
    return bytes(range(count))


def users() -> list[User]:
    return [edge_user(EDGE, hashed("of-edge", salt)), hub_user(hashed("of-hub", salt))]


def listener(directory: Path, *, host: str = "127.0.0.1") -> mosquitto.Listener:
    return mosquitto.Listener(host=host, port=1883, directory=directory)


def test_only_the_right_password_fits_its_hash() -> None:
    kept = hashed("secret", os.urandom)
    assert fits("secret", kept)
    assert not fits("Secret", kept)
    assert not fits("secret", "plain text")


def test_two_hashes_of_one_password_differ_by_their_salt() -> None:
    assert hashed("secret", os.urandom) != hashed("secret", os.urandom)


@pytest.mark.system
def test_mosquittos_own_tool_makes_the_same_hash(tmp_path: Path) -> None:
    path = tmp_path / "passwords"
    path.write_text("someone:secret\n")
    if not Path("/usr/bin/mosquitto_passwd").exists():
        message = "mosquitto_passwd is missing: apt-get install mosquitto"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    subprocess.run(["/usr/bin/mosquitto_passwd", "-U", str(path)], check=True)
    assert fits("secret", path.read_text().strip().removeprefix("someone:"))


def test_a_new_password_carries_160_bits() -> None:
    assert len(new_password(os.urandom)) == 32
    assert new_password(os.urandom) != new_password(os.urandom)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "hub.example"])  # noqa: S104
def test_the_embedded_broker_refuses_to_face_a_network(host: str) -> None:
    with pytest.raises(NotLoopbackError, match=r"mqtt\.host.*external.*broker-config"):
        EmbeddedBroker(lambda _: None, host=host)


def test_the_mosquitto_listener_without_tls_refuses_to_face_a_network(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"mqtt\.host: 10\.0\.0\.1"):
        mosquitto.files(users(), listener(tmp_path, host="10.0.0.1"))


def test_the_files_do_not_depend_on_the_order_of_users(tmp_path: Path) -> None:
    forward = mosquitto.files(users(), listener(tmp_path))
    assert forward == mosquitto.files(reversed(users()), listener(tmp_path))


def test_each_edge_has_rules_for_its_own_topics_only(tmp_path: Path) -> None:
    rules = mosquitto.files(users(), listener(tmp_path))[mosquitto.RULES_FILE]
    assert rules == (
        "user e-one\ntopic write v1/t/s/e-one/up/#\ntopic read v1/t/s/e-one/dn/#\n"
        "\nuser hub\ntopic write v1/+/+/+/dn/#\ntopic read v1/+/+/+/up/#\n"
    )


def test_the_configuration_states_limits_identity_and_no_delay(tmp_path: Path) -> None:
    text = mosquitto.files(users(), listener(tmp_path))[mosquitto.CONFIGURATION_FILE]
    for line in (
        "set_tcp_nodelay true",
        "use_username_as_clientid true",
        "allow_anonymous false",
        "max_queued_messages 10000",
        "max_inflight_messages 64",
        "max_packet_size 524288",
        "persistence false",
        "listener 1883 127.0.0.1",
    ):
        assert line in text.splitlines()
    assert "SIGHUP" in text


def test_a_store_makes_mosquitto_keep_sessions(tmp_path: Path) -> None:
    kept = mosquitto.Listener(host="127.0.0.1", port=1883, directory=tmp_path, store=tmp_path)
    text = mosquitto.files(users(), kept)[mosquitto.CONFIGURATION_FILE]
    assert f"persistence_location {tmp_path}/" in text.splitlines()


def test_the_written_files_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    texts = mosquitto.files(users(), listener(tmp_path))
    for _ in range(2):
        mosquitto.write(texts, tmp_path / "broker", None)
    for name, text in texts.items():
        path = tmp_path / "broker" / name
        assert path.read_text() == text
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(list((tmp_path / "broker").iterdir())) == len(texts)
