"""Topic rules: one user's topics never cover another's."""

import pytest

from core.ids import EdgeId, SiteId, TenantId
from hub.broker.rights import covers, edge_user, hub_user, may_hear, may_speak
from wire.topics import Address

EDGE = Address(tenant=TenantId("t"), site=SiteId("s"), edge=EdgeId("e"))


@pytest.mark.parametrize(
    ("allowed", "wanted", "expected"),
    [
        ("a/#", "a/b/c", True),
        ("a/#", "a/#", True),
        ("a/#", "b/c", False),
        ("a/#", "#", False),
        ("a/+/c", "a/b/c", True),
        ("a/+/c", "a/+/c", True),
        ("a/+/c", "a/#", False),
        ("a/b", "a/+", False),
        ("a/b", "a/b/c", False),
        ("a/b/c", "a/b", False),
        ("+/+", "a/b", True),
    ],
)
def test_a_filter_covers_only_what_it_matches(allowed: str, wanted: str, *, expected: bool) -> None:
    assert covers(allowed, wanted) is expected


def test_an_edge_speaks_up_and_hears_down_under_its_own_name_only() -> None:
    user = edge_user(EDGE, "")
    assert may_speak(user, "v1/t/s/e/up/entries")
    assert may_hear(user, "v1/t/s/e/dn/#")
    for foreign in ("v1/t/s/e/dn/ack", "v1/t/s/e2/up/entries", "v1/t/s2/e/up/entries", "$SYS/x"):
        assert not may_speak(user, foreign)
    for foreign in ("v1/t/s/e/up/#", "v1/t/s/+/dn/#", "#", "$SYS/#", "v1/t/s/e2/dn/ack"):
        assert not may_hear(user, foreign)


def test_the_hub_hears_up_and_speaks_down_for_everybody() -> None:
    user = hub_user("")
    assert may_hear(user, "v1/+/+/+/up/#")
    assert may_hear(user, "v1/t/+/+/up/#")
    assert may_speak(user, "v1/t/s/e/dn/ack")
    assert not may_speak(user, "v1/t/s/e/up/entries")
