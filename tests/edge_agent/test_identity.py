"""The identity: stored whole and private, refused when it is not ours."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.identity import Identity, IdentityError, load_identity, store_identity
from wire.enrolment import Broker, Enrolment


def identity(environment: str = "test") -> Identity:
    return Identity(
        enrolment=Enrolment(
            environment=environment,
            tenant="tenant-1",
            site="site-1",
            edge="edge-1",
            broker=Broker(host="127.0.0.1", port=1, username="edge-1", password="secret"),
            mac_key="11" * 32,
            site_key="22" * 32,
            hub_at=datetime(2026, 11, 23, tzinfo=UTC),
        ),
        private_key=Ed25519PrivateKey.generate().private_bytes_raw().hex(),
    )


@pytest.mark.must("P-102")
def test_what_is_stored_is_loaded_and_only_its_user_may_read_it(tmp_path: Path) -> None:
    stored = identity()
    path = store_identity(tmp_path / "state", stored)
    assert load_identity(tmp_path / "state", "test") == stored
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["identity.json"]
    assert stored.address.base == "v1/tenant-1/site-1/edge-1"


def test_storing_again_replaces_the_whole(tmp_path: Path) -> None:
    store_identity(tmp_path, identity())
    second = identity()
    store_identity(tmp_path, second)
    assert load_identity(tmp_path, "test") == second


def test_an_edge_that_is_not_enrolled_is_told_how(tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match="not enrolled; enrol it: vratar-edge enrol --hub"):
        load_identity(tmp_path, "test")


@pytest.mark.must("P-102")
def test_an_identity_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = store_identity(tmp_path, identity())
    path.chmod(0o640)
    with pytest.raises(IdentityError, match="chmod 600"):
        load_identity(tmp_path, "test")


def test_an_identity_of_another_environment_is_refused(tmp_path: Path) -> None:
    store_identity(tmp_path, identity("prod"))
    with pytest.raises(IdentityError, match="enrolled for 'prod', the settings say 'test'"):
        load_identity(tmp_path, "test")


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"private_key": 1}'])
def test_a_broken_identity_is_told(tmp_path: Path, content: bytes) -> None:
    path = store_identity(tmp_path, identity())
    path.write_bytes(content)
    with pytest.raises(IdentityError, match="enrol the edge again"):
        load_identity(tmp_path, "test")
