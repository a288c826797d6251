"""Edges: made, enrolled by a one-time code, born, lost; and what is known of their health."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from core.ids import EdgeId, RandomBytes, SiteId, new_id
from hub.broker.passwords import hashed, new_password
from hub.database import announce
from hub.edges import store
from hub.edges.store import Edge
from hub.errors import ConflictError, InvalidError, NotFoundError, invalid, message
from wire.enrolment import CODE_CHARACTERS
from wire.envelope import MAC_KEY_BYTES
from wire.messages import Birth, EpochSpan, Health

CODE_VALID_FOR = timedelta(minutes=15)
NAME_CHARACTERS_MAX = 200
SEEN_EVERY = timedelta(seconds=10)
"""How exact `last_seen_at` is: not every message is worth a write."""

_CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_spans = msgspec.json.Decoder(list[EpochSpan])


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What an edge is given once: only the hash of its password is kept."""

    edge: Edge
    password: str
    mac_key: str


def create(
    connection: Connection, *, site: SiteId, name: str, at: datetime, random_bytes: RandomBytes
) -> tuple[EdgeId, str]:
    """A new edge of a site and its one-time code, to be typed there within 15 minutes."""
    name = name.strip()
    if not 0 < len(name) <= NAME_CHARACTERS_MAX:
        raise invalid(
            "name",
            message("{count} characters", count=len(name)),
            message("Use 1 to {most} characters.", most=NAME_CHARACTERS_MAX),
        )
    edge = EdgeId(new_id("e", random_bytes))
    code = _new_code(random_bytes)
    store.add(
        connection,
        edge,
        site=site,
        name=name,
        created_at=at,
        code_hash=_code_hash(code),
        code_expires_at=at + CODE_VALID_FOR,
    )
    announce(connection, "edge", edge)
    return edge, grouped(code)


def renew_code(
    connection: Connection, edge: EdgeId, *, at: datetime, random_bytes: RandomBytes
) -> str:
    """A new code for an edge, so that it can be enrolled (again); earlier codes end."""
    get(connection, edge)
    code = _new_code(random_bytes)
    store.change(
        connection,
        edge,
        {"code_hash": _code_hash(code), "code_expires_at": at + CODE_VALID_FOR},
    )
    return grouped(code)


def enrol(
    connection: Connection,
    *,
    code: str,
    public_key: str,
    software: str,
    at: datetime,
    random_bytes: RandomBytes,
) -> Keys:
    """Take the code and give the edge its keys; InvalidError for a code that is not good."""
    edge = store.by_code(connection, _code_hash(code))
    if edge is None or edge.code_expires_at is None or edge.code_expires_at <= at:
        raise _bad_code()
    password = new_password(random_bytes)
    mac_key = random_bytes(MAC_KEY_BYTES).hex()
    store.change(
        connection,
        edge.id,
        {
            "code_hash": None,
            "code_expires_at": None,
            "enrolled_at": at,
            "public_key": public_key,
            "mac_key": mac_key,
            "password_hash": hashed(password, random_bytes),
            "software": software,
            "session": -1,
        },
    )
    announce(connection, "edge", edge.id)
    return Keys(edge=get(connection, edge.id), password=password, mac_key=mac_key)


def get(connection: Connection, edge: EdgeId) -> Edge:
    """NotFoundError if there is no such edge."""
    found = store.one(connection, edge)
    if found is None:
        raise NotFoundError(message("There is no edge {id}.", id=edge))
    return found


def find(connection: Connection, edge: EdgeId) -> Edge | None:
    return store.one(connection, edge)


def everyone(connection: Connection, site: SiteId | None = None) -> list[Edge]:
    return store.everyone(connection, site)


def remove(connection: Connection, edge: EdgeId) -> None:
    """Take away its right to connect; what it recorded stays."""
    found = get(connection, edge)
    if found.online:
        raise ConflictError(
            message("{name} is connected; switch it off before you remove it.", name=found.name)
        )
    store.remove(connection, edge)
    announce(connection, "edge", edge)


def born(connection: Connection, edge: Edge, birth: Birth, at: datetime) -> bool:
    """Keep what a birth says; False for one of an earlier connection, which changes nothing."""
    if birth.session < edge.session:
        return False
    health = Health(
        cache_version=birth.cache_version,
        clock=birth.clock,
        uncertainty_ms=birth.uncertainty_ms,
        sent_ms=birth.sent_ms,
    )
    is_late = birth.session == edge.session and _is_older(edge, birth.sent_ms)
    store.change(
        connection,
        edge.id,
        {
            "session": birth.session,
            "online": True,
            "online_changed_at": edge.online_changed_at if edge.online else at,
            "last_seen_at": at,
            "software": birth.software,
            "boot_id": birth.boot_id,
            "spans": msgspec.json.encode(birth.epochs).decode("utf-8"),
            **({} if is_late else _told(health, at)),
        },
    )
    announce(connection, "edge", edge.id)
    return True


def told_state(
    connection: Connection, edge: Edge, *, session: int, online: bool, at: datetime
) -> bool:
    """Online or not; False if an earlier connection said so or nothing changes."""
    if session < edge.session or online == edge.online:
        return False
    values: dict[str, object] = {"online": online, "online_changed_at": at}
    if online:
        values["last_seen_at"] = at
    store.change(connection, edge.id, values)
    announce(connection, "edge", edge.id)
    return True


def reported(
    connection: Connection, edge: Edge, *, session: int, health: Health, at: datetime
) -> bool:
    """Keep how the edge says it is; False if an earlier connection said so or it said newer."""
    if session != edge.session or _is_older(edge, health.sent_ms):
        return False
    store.change(connection, edge.id, {**_told(health, at), "last_seen_at": at})
    return True


def seen(connection: Connection, edge: Edge, at: datetime) -> None:
    """Something came from it; written at most every ten seconds."""
    if edge.last_seen_at is None or at - edge.last_seen_at >= SEEN_EVERY:
        store.change(connection, edge.id, {"last_seen_at": at})


def holds_version(connection: Connection, edge: Edge, version: int, *, sent_ms: int) -> None:
    """The version of the rows that the edge says it has, unless it said another one since."""
    if version != edge.cache_version and not _is_older(edge, sent_ms):
        store.change(connection, edge.id, {"cache_version": version})


def spans(edge: Edge) -> Mapping[str, EpochSpan]:
    """What the edge said at its last birth that it keeps, by epoch."""
    return {span.epoch: span for span in _spans.decode(edge.spans)}


def reserve_counters(connection: Connection, edge: EdgeId, *, at_least: int, count: int) -> int:
    """Set aside `count` counters that were never used; returns the first."""
    first = max(get(connection, edge).counter_reserved, at_least)
    store.change(connection, edge, {"counter_reserved": first + count})
    return first


def everyone_is_offline(connection: Connection, edges: Iterable[Edge], at: datetime) -> None:
    """At the hub's start nobody is known to be connected."""
    for edge in edges:
        if edge.online:
            store.change(connection, edge.id, {"online": False, "online_changed_at": at})


def grouped(code: str) -> str:
    """A code as it is shown: groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _is_older(edge: Edge, sent_ms: int) -> bool:
    return edge.reported_ms is not None and sent_ms < edge.reported_ms


def _told(health: Health, at: datetime) -> Mapping[str, object]:
    return {
        "cache_version": health.cache_version,
        "clock": health.clock,
        "uncertainty_ms": health.uncertainty_ms,
        "reported_at": at,
        "reported_ms": health.sent_ms,
    }


def _new_code(random_bytes: RandomBytes) -> str:
    number = int.from_bytes(random_bytes(CODE_CHARACTERS), "big")
    base = len(_CODE_ALPHABET)
    return "".join(_CODE_ALPHABET[number // base**place % base] for place in range(CODE_CHARACTERS))


def _code_hash(code: str) -> str:
    """80 random bits that live for 15 minutes need no slow hash."""
    plain = "".join(each for each in code.upper() if each.isalnum())
    return hashlib.sha256(b"vratar-enrolment\0" + plain.encode()).hexdigest()


def _bad_code() -> InvalidError:
    return invalid(
        "code",
        message("It is unknown, used or older than 15 minutes."),
        message("Make a new code on the page of the edge."),
    )
