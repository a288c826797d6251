"""Names of things: opaque ids, how they look, how new ones are made from given randomness."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NewType

TenantId = NewType("TenantId", str)
SiteId = NewType("SiteId", str)
EdgeId = NewType("EdgeId", str)
DoorId = NewType("DoorId", str)
AccessPointId = NewType("AccessPointId", str)
ZoneId = NewType("ZoneId", str)
HolderId = NewType("HolderId", str)
CredentialId = NewType("CredentialId", str)
ProductId = NewType("ProductId", str)
EntitlementId = NewType("EntitlementId", str)
CommandId = NewType("CommandId", str)
AccountId = NewType("AccountId", str)

EpochId = NewType("EpochId", str)
"""One life of a journal: eight digits that count, a hyphen, sixteen random hex digits."""

RandomBytes = Callable[[int], bytes]
"""A source of chance: `n -> n bytes`; passed in, so that a seed replays a run."""

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class EntryKey:
    """Where an entry stands: seq counts from 1 without gaps within its epoch."""

    edge: EdgeId
    epoch: EpochId
    seq: int


def is_id(text: str) -> bool:
    """True for `[a-z0-9-]`, 1 to 64 characters, not starting with a hyphen."""
    return _ID.match(text) is not None


def new_id(prefix: str, random_bytes: RandomBytes) -> str:
    """A new id such as `h-` and 20 base32 characters: 100 random bits, no meaning."""
    text = base64.b32encode(random_bytes(13)).decode("ascii").lower()
    return f"{prefix}-{text[:20]}"


def next_epoch(previous: EpochId | None, random_bytes: RandomBytes) -> EpochId:
    """The epoch after `previous`; its random part tells apart two lives that count alike."""
    count = int(previous[:8]) + 1 if previous else 1
    return EpochId(f"{count:08d}-{random_bytes(8).hex()}")
