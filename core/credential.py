"""What is presented at a reader: kinds, one normal form, the keyed hash stored of it."""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

CredentialKey = NewType("CredentialKey", str)
"""HMAC-SHA256 of a credential under a site's key, first 16 bytes, 32 hex digits."""

SITE_KEY_BYTES = 32
VALUE_BYTES_MAX = 1024
_KEY_BYTES = 16
# ISO 14443-3: a UID has one, two or three cascade levels.
UID_BYTES = frozenset({4, 7, 10})
# ISO 14443-3, table 12: a single-size UID that starts with 08 is made anew at every presentation.
_RANDOM_UID = 0x08


class CredentialKind(StrEnum):
    """What kind of thing is presented; the value is stable on the wire."""

    NFC_UID = "nfc-uid"
    QR_TOKEN = "qr-token"  # noqa: S105 - a kind, not a secret
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One presented credential in normal form; `value` never leaves the edge unhashed."""

    kind: CredentialKind
    value: bytes

    def __post_init__(self) -> None:
        if len(self.value) > VALUE_BYTES_MAX:
            raise ValueError(f"value: {len(self.value)} bytes, at most {VALUE_BYTES_MAX}")


def from_uid(uid: bytes) -> Credential:
    """The credential of an NFC card by its UID; MALFORMED for a UID no card may keep."""
    usable = len(uid) in UID_BYTES and not (len(uid) == min(UID_BYTES) and uid[0] == _RANDOM_UID)
    kind = CredentialKind.NFC_UID if usable else CredentialKind.MALFORMED
    return Credential(kind=kind, value=uid)


def key_of(site_key: bytes, credential: Credential) -> CredentialKey:
    """The keyed hash under which hub and edges of a site know the credential."""
    assert len(site_key) == SITE_KEY_BYTES
    text = credential.kind.encode("ascii") + b"\0" + credential.value
    return CredentialKey(hmac.digest(site_key, text, hashlib.sha256)[:_KEY_BYTES].hex())
