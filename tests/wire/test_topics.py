"""Topics: one shape, and every edge under its own name only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ids import EdgeId, SiteId, TenantId
from tests.wire import strategies
from tests.wire.examples import ADDRESS
from wire.errors import MalformedError, UnknownVersionError, WireError
from wire.topics import Address, Down, Up, all_up, parse

_addresses = st.builds(
    Address,
    tenant=strategies.ids.map(TenantId),
    site=strategies.ids.map(SiteId),
    edge=strategies.ids.map(EdgeId),
)


@given(address=_addresses, channel=st.sampled_from([*Up, *Down]))
def test_every_topic_comes_back_as_address_and_channel(
    address: Address, channel: Up | Down
) -> None:
    topic = address.up(channel) if isinstance(channel, Up) else address.down(channel)
    assert parse(topic) == (address, channel)


@pytest.mark.must("P-010")
@pytest.mark.parametrize(
    "topic",
    [
        "",
        "v1",
        "v1/sport/bazen/edge-1/up",
        "v1/sport/bazen/edge-1/up/birth/more",
        "v1/sport/bazen/edge-1/up/ack",
        "v1/sport/bazen/edge-1/dn/birth",
        "v1/sport/bazen/edge-1/sideways/birth",
        "v1/Sport/bazen/edge-1/up/birth",
        "v1/sport/bazen/-edge/up/birth",
        "v1/sport/bazen/+/up/birth",
        "v1/sport/bazen/edge\n/up/birth",
        "v1/sport//edge-1/up/birth",
    ],
)
def test_a_topic_of_another_shape_is_refused(topic: str) -> None:
    with pytest.raises(WireError):
        parse(topic)


@pytest.mark.must("P-010")
def test_a_topic_of_another_version_is_told_so() -> None:
    with pytest.raises(UnknownVersionError, match="use v1"):
        parse(ADDRESS.up(Up.BIRTH).replace("v1", "v2"))


@given(text=st.text(max_size=60))
def test_any_text_is_a_topic_or_refused_by_name(text: str) -> None:
    try:
        address, _ = parse(text)
    except WireError:
        return
    assert text.startswith(address.base)


def test_filters_cover_one_edge_one_tenant_or_all() -> None:
    assert ADDRESS.up_filter == "v1/sport/bazen/edge-1/up/#"
    assert ADDRESS.down_filter == "v1/sport/bazen/edge-1/dn/#"
    assert all_up() == "v1/+/+/+/up/#"
    assert all_up(TenantId("sport")) == "v1/sport/+/+/up/#"
    with pytest.raises(MalformedError):
        parse(ADDRESS.up_filter)
