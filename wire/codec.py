"""Bytes to messages and entries and back; every field is checked before anybody acts on it."""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import Meta, Raw, Struct

from core.access import IssuedCredential
from core.entitlement import Entitlement
from core.entries import BODIES, Body, Entry
from core.ids import EdgeId, EntryKey, EpochId
from core.instants import ClockState, Moment
from core.presence import AccessPoint, Presence
from wire.errors import MalformedError, TooLargeError, UnknownVersionError
from wire.messages import (
    COUNT_MAX,
    ENTRY_BYTES_MAX,
    PROTOCOL_VERSION,
    ROW_BYTES_MAX,
    YEAR_MAX,
    YEAR_MIN,
    Epoch,
    FigureRow,
    HolderRow,
    IdText,
    Instant,
    Message,
    Milliseconds,
    Row,
    RowKind,
    Seq,
    SiteRow,
)

M = TypeVar("M", bound=Message)
T = TypeVar("T")

RowBody = SiteRow | AccessPoint | HolderRow | IssuedCredential | Entitlement | FigureRow | Presence

ROW_BODIES: dict[RowKind, type[RowBody]] = {
    RowKind.SITE: SiteRow,
    RowKind.ACCESS_POINT: AccessPoint,
    RowKind.HOLDER: HolderRow,
    RowKind.CREDENTIAL: IssuedCredential,
    RowKind.ENTITLEMENT: Entitlement,
    RowKind.FIGURE: FigureRow,
    RowKind.PRESENCE: Presence,
}

TOMBSTONE = b"null"
SET_HASH_EMPTY = 0
_SET_HASH_BYTES = 16
SET_HASH_MODULUS = 1 << (8 * _SET_HASH_BYTES)

_encoder = msgspec.json.Encoder(order="sorted")
_PATH = re.compile(r" - at `\$\.?(.*)`$")


class _Version(Struct, frozen=True):
    v: int


class EntryFields(Struct, frozen=True, kw_only=True):
    """An entry as it travels; `body` is of its kind, `monotonic` and `uncertainty` are in ms."""

    at: Instant
    body: Raw
    clock: ClockState
    edge: IdText
    epoch: Epoch
    kind: str
    monotonic: Seq
    seq: Annotated[int, Meta(ge=1, le=COUNT_MAX)]
    uncertainty: Milliseconds


def encode(message: Message) -> bytes:
    """The body bytes of a message: JSON with sorted keys."""
    return _encoder.encode(message)


def decode(kind: type[M], body: bytes) -> M:
    """The message in `body`; WireError names the first field that is wrong."""
    version = _decoded(_Version, body).v
    if version != PROTOCOL_VERSION:
        raise UnknownVersionError("v", f"{version}", f"update: {PROTOCOL_VERSION} is spoken here")
    message = _decoded(kind, body)
    _check_instants(message)
    return message


def decode_entry(content: bytes) -> Entry:
    """The entry whose canonical bytes these are."""
    if len(content) > ENTRY_BYTES_MAX:
        raise TooLargeError("entry", f"{len(content)} bytes", f"at most {ENTRY_BYTES_MAX}")
    header = _decoded(EntryFields, content)
    body_class = BODIES.get(header.kind)
    if body_class is None:
        raise MalformedError("kind", repr(header.kind), f"use one of {', '.join(BODIES)}")
    body: Body = _decoded(body_class, bytes(header.body))
    _check_instants(header)
    _check_instants(body)
    return Entry(
        key=EntryKey(edge=EdgeId(header.edge), epoch=EpochId(header.epoch), seq=header.seq),
        moment=Moment(
            at=header.at,
            clock=header.clock,
            uncertainty=timedelta(milliseconds=header.uncertainty),
        ),
        monotonic_ms=header.monotonic,
        body=body,
    )


def row(kind: RowKind, row_id: str, body: RowBody | None) -> Row:
    """A row of the cache as it travels; a body of None is a tombstone."""
    content = TOMBSTONE if body is None else _encoder.encode(body)
    if len(content) > ROW_BYTES_MAX:
        raise TooLargeError(f"{kind} {row_id}", f"{len(content)} bytes", f"at most {ROW_BYTES_MAX}")
    return Row(kind=kind, id=row_id, body=Raw(content))


def row_body(kind: RowKind, content: bytes) -> RowBody:
    """The body of a row that is no tombstone."""
    if len(content) > ROW_BYTES_MAX:
        raise TooLargeError(f"{kind} body", f"{len(content)} bytes", f"at most {ROW_BYTES_MAX}")
    body: RowBody = _decoded(ROW_BODIES[kind], content)
    _check_instants(body)
    return body


def set_hash(rows: Iterable[tuple[RowKind, str, bytes]]) -> int:
    """The hash of a set of rows: the sum of theirs, so that order does not matter.

    Adding a row adds its hash, removing or replacing one subtracts the old (modulo 2**128).
    """
    return sum(_row_hash(*each) for each in rows) % SET_HASH_MODULUS


def set_hash_change(
    current: int, kind: RowKind, row_id: str, *, old: bytes | None, new: bytes | None
) -> int:
    """The set's hash after one row went from `old` to `new` content (None: absent)."""
    if old is not None:
        current -= _row_hash(kind, row_id, old)
    if new is not None:
        current += _row_hash(kind, row_id, new)
    return current % SET_HASH_MODULUS


def set_hash_text(value: int) -> str:
    return f"{value:032x}"


def _row_hash(kind: RowKind, row_id: str, content: bytes) -> int:
    text = b"\0".join((kind.encode("ascii"), row_id.encode("utf-8"), content))
    return int.from_bytes(hashlib.sha256(text).digest()[:_SET_HASH_BYTES], "big")


def _check_instants(value: object) -> None:
    """Near the ends of the calendar arithmetic overflows, so that no such instant is let in."""
    for field in _instants_of(type(value)):  # type: ignore[arg-type] # a class can be hashed
        at = getattr(value, field)
        if at is not None and not YEAR_MIN <= at.year <= YEAR_MAX:
            raise MalformedError(field, f"{at.isoformat()}", f"years {YEAR_MIN} to {YEAR_MAX}")


@cache
def _instants_of(kind: type) -> tuple[str, ...]:
    """The fields of a class that hold an instant, or may."""
    hints = get_type_hints(kind)
    return tuple(name for name, hint in hints.items() if datetime in (hint, *get_args(hint)))


def _decoded(kind: type[T], content: bytes) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        text = str(error)
        path = _PATH.search(text)
        problem = text[: path.start()] if path else text
        raise MalformedError(
            path[1] if path else "message", problem, "see docs/protocol.md"
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError("message", f"not JSON ({error})", "send flat UTF-8 JSON") from None
