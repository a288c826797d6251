"""Invented people of Slovenia with cards in their pockets; a seed makes the same ones again."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random  # noqa: TID251 - a seeded instance, passed in

GIVEN_NAMES = (
    *("Ana", "Luka", "Maja", "Žiga", "Neža", "Matjaž", "Špela", "Jure", "Katja", "Črt"),
    *("Urška", "Blaž", "Nika", "Anže", "Tjaša", "Gašper", "Živa", "Miha", "Polona", "Jaka"),
)
FAMILY_NAMES = (
    *("Žagar", "Črnič", "Kovačič", "Zupančič", "Hribšek", "Košir", "Božič", "Gradišar"),
    *("Jagodič", "Šubelj", "Mlačnik", "Vrščaj", "Bučar", "Perpar", "Žnidarčič", "Rožmanec"),
)
_MAKER = 0x04  # NXP; the first byte of a seven-byte UID names the chip's maker


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody with a card; `part` is the role in the day that the demo plays."""

    part: str
    given_name: str
    family_name: str
    card: bytes  # UID, seven bytes

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"


def visitors(chance: Random, parts: tuple[str, ...]) -> list[Visitor]:
    """One visitor for each part; names and cards are all different."""
    names = list(_names(chance, len(parts)))
    return [
        Visitor(part=part, given_name=given, family_name=family, card=card(chance))
        for part, (given, family) in zip(parts, names, strict=True)
    ]


def card(chance: Random) -> bytes:
    """A seven-byte UID no two of which are alike, and none of which has the cascade tag."""
    return bytes([_MAKER, *(chance.randrange(0x10, 0x80) for _ in range(6))])


def _names(chance: Random, count: int) -> Iterator[tuple[str, str]]:
    given = chance.sample(GIVEN_NAMES, count)
    family = chance.sample(FAMILY_NAMES, count)
    yield from zip(given, family, strict=True)
