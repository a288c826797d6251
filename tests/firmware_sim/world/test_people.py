from random import Random

from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.parts.cards.ntag21x import NTAG215, Ntag21x
from firmware_sim.world.people import Visitor, visitors

PARTS = ("yearly", "ten-visits", "off-peak", "expired", "blocked", "employee", "stranger")


def seeded(seed: int) -> list[Visitor]:
    return visitors(Random(seed), PARTS)  # noqa: S311 - invented people, no secret


@given(seed=st.integers())
def test_everybody_has_a_name_and_a_card_of_their_own(seed: int) -> None:
    people = seeded(seed)
    assert tuple(person.part for person in people) == PARTS
    assert len({person.name for person in people}) == len(PARTS)
    assert len({person.card for person in people}) == len(PARTS)


@given(seed=st.integers())
def test_every_card_is_one_that_a_chip_can_have(seed: int) -> None:
    for person in seeded(seed):
        assert Ntag21x(NTAG215, uid=person.card).uid == person.card


def test_a_seed_makes_the_same_people_again() -> None:
    assert seeded(7) == seeded(7)
    assert seeded(7) != seeded(8)
