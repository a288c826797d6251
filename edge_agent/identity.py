"""Who this edge is: the file that enrolment leaves, readable by its user only."""

import os
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from core.ids import EdgeId, SiteId, TenantId
from edge_agent.errors import EdgeError
from wire.enrolment import Enrolment, KeyText
from wire.topics import Address

IDENTITY_FILE = "identity.json"
_PRIVATE_MODE = 0o600
_OTHERS = 0o077


class IdentityError(EdgeError):
    """The identity is missing, broken, open to others, or of another environment."""


class Identity(Struct, frozen=True, kw_only=True):
    """The hub's answer and the private key that it has never seen (hex)."""

    enrolment: Enrolment
    private_key: KeyText

    @property
    def address(self) -> Address:
        """Where this edge stands in the topics."""
        enrolled = self.enrolment
        return Address(
            tenant=TenantId(enrolled.tenant),
            site=SiteId(enrolled.site),
            edge=EdgeId(enrolled.edge),
        )

    @property
    def signing_key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.private_key))

    @property
    def mac_key(self) -> bytes:
        return bytes.fromhex(self.enrolment.mac_key)

    @property
    def site_key(self) -> bytes:
        return bytes.fromhex(self.enrolment.site_key)


def load_identity(directory: Path, environment: str) -> Identity:
    """The identity kept in `directory`, which must be of this environment. Raises IdentityError."""
    path = directory / IDENTITY_FILE
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except FileNotFoundError:
        remedy = "enrol it: vratar-edge enrol --hub ADDRESS --code CODE"
        raise IdentityError(f"{path}: this edge is not enrolled; {remedy}") from None
    except OSError as error:
        raise IdentityError(f"{path}: {error}; run as the user who enrolled it") from error
    if mode & _OTHERS:
        raise IdentityError(f"{path}: others may read it; run: chmod 600 {path}")
    try:
        identity = msgspec.json.decode(content, type=Identity)
    except msgspec.DecodeError as error:
        raise IdentityError(f"{path}: {error}; enrol the edge again") from error
    if identity.enrolment.environment != environment:
        raise IdentityError(
            f"{path}: enrolled for {identity.enrolment.environment!r}, the settings say"
            f" {environment!r}; correct environment or enrol at the right hub"
        )
    return identity


def store_identity(directory: Path, identity: Identity) -> Path:
    """Write it as a whole or not at all, mode 0600, durable before this returns."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path, draft = directory / IDENTITY_FILE, directory / f"{IDENTITY_FILE}.new"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(identity)))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync_folder(directory)
    return path


def _sync_folder(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
