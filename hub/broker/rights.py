"""Who may connect to the broker, and on which topics each may speak and listen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wire.topics import Address, all_up

HUB_USER = "hub"
"""The hub's own name at the broker; no edge may be called so."""

ALL_DOWN = "v1/+/+/+/dn/#"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One who may connect; the client id must equal `name`. Topics are MQTT filters."""

    name: str
    password_hash: str
    speaks_on: tuple[str, ...]
    hears: tuple[str, ...]


FindUser = Callable[[str], User | None]
"""The user of a name, asked at every connection and message, so that it must be quick."""


def edge_user(address: Address, password_hash: str) -> User:
    """An edge: speaks under its own `up`, hears its own `dn`, nothing else."""
    return User(
        name=address.edge,
        password_hash=password_hash,
        speaks_on=(address.up_filter,),
        hears=(address.down_filter,),
    )


def hub_user(password_hash: str) -> User:
    """The hub: hears what every edge says, and answers."""
    return User(
        name=HUB_USER, password_hash=password_hash, speaks_on=(ALL_DOWN,), hears=(all_up(),)
    )


def may_speak(user: User, topic: str) -> bool:
    """True when the user may publish on this topic."""
    return any(covers(allowed, topic) for allowed in user.speaks_on)


def may_hear(user: User, topic_filter: str) -> bool:
    """True when all that this topic or filter matches is meant for the user."""
    return any(covers(allowed, topic_filter) for allowed in user.hears)


def covers(allowed: str, wanted: str) -> bool:
    """True when every topic that `wanted` matches is also matched by `allowed`."""
    return _covers(allowed.split("/"), wanted.split("/"))


def _covers(allowed: Sequence[str], wanted: Sequence[str]) -> bool:
    for index, level in enumerate(allowed):
        if level == "#":
            return True
        if index >= len(wanted) or wanted[index] == "#":
            return False
        if level != "+" and level != wanted[index]:
            return False
    return len(allowed) == len(wanted)
