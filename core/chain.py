"""Canonical bytes and the hash chain over them: what was recorded cannot be changed unseen."""

import hashlib
import json
from collections.abc import Iterable

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]
"""What is hashed: no floats, since their text differs between languages."""

HASH_BYTES = 32
GENESIS = bytes(HASH_BYTES)
"""The hash before the first link of a chain."""


def canonical(value: Json) -> bytes:
    """One spelling of a value: sorted keys, no blanks, UTF-8, integers only (after RFC 8785)."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode("utf-8")


def link(previous: bytes, content: bytes) -> bytes:
    """The hash of a link: SHA-256 over the previous link's hash and this one's bytes."""
    assert len(previous) == HASH_BYTES
    return hashlib.sha256(previous + content).digest()


def first_broken(links: Iterable[tuple[bytes, bytes]], previous: bytes = GENESIS) -> int | None:
    """The index of the first `(content, hash)` that does not follow from its predecessor."""
    for index, (content, written) in enumerate(links):
        previous = link(previous, content)
        if previous != written:
            return index
    return None
