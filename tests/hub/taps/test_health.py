"""What the hub believes of an edge's health: the newest word of its present connection."""

from datetime import timedelta

import pytest

from hub.edges import service as edges
from hub.edges.store import Edge
from hub.taps.ingest import HelloDue
from tests.hub.edge_half import EdgeHalf
from tests.hub.taps.hub_half import START, HubHalf
from wire.messages import EdgeState, Wanted
from wire.topics import Up


def known(half: HubHalf, edge: EdgeHalf) -> Edge:
    with half.database.read() as connection:
        return edges.get(connection, edge.id)


def say(half: HubHalf, edge: EdgeHalf, state: EdgeState) -> None:
    half.hear(edge.says(Up.STATE, state, half.at))


@pytest.mark.must("P-031")
def test_health_replaces_what_the_birth_said(half: HubHalf) -> None:
    edge = half.enrolled()
    half.born(edge)
    assert known(half, edge).reported_at == START
    half.turn(seconds=2)
    say(half, edge, edge.health(33, "drifting", sent_ms=2_000))
    found = known(half, edge)
    assert (found.cache_version, found.clock, found.uncertainty_ms) == (33, "drifting", 7)
    assert found.reported_at == found.last_seen_at == START + timedelta(seconds=2)


@pytest.mark.must("P-032")
def test_health_that_was_late_on_the_way_changes_nothing(half: HubHalf) -> None:
    edge = half.enrolled()
    half.born(edge)
    late = edge.health(3, "unknown", sent_ms=1_000)
    say(half, edge, edge.health(33, sent_ms=2_000))
    half.turn(seconds=2)
    say(half, edge, late)
    half.hear(edge.says(Up.REQUEST, edge.wants(Wanted.DELTA, 2, sent_ms=1_500), half.at))
    found = known(half, edge)
    assert (found.cache_version, found.clock, found.reported_at) == (33, "trusted", START)


@pytest.mark.must("P-032")
def test_health_of_another_connection_changes_nothing(half: HubHalf) -> None:
    edge = half.enrolled()
    half.born(edge)
    earlier = edge.health(3, "unknown", sent_ms=9_000)
    half.born(edge, version=33)
    say(half, edge, earlier)
    edge.session += 1
    unborn = edge.says(Up.STATE, edge.health(4, sent_ms=9_000), half.at)
    half.hear(unborn)
    assert known(half, edge).cache_version == 33


def test_a_birth_after_the_monotonic_clock_began_anew_counts(half: HubHalf) -> None:
    edge = half.enrolled()
    half.born(edge)
    say(half, edge, edge.health(33, sent_ms=999_000))
    half.born(edge, version=40)
    assert known(half, edge).cache_version == 40
    half.hear(edge.says(Up.REQUEST, edge.wants(Wanted.DELTA, 41, sent_ms=2), half.at))
    assert known(half, edge).cache_version == 41


def test_a_birth_that_comes_again_late_does_not_take_back_newer_health(half: HubHalf) -> None:
    edge = half.enrolled()
    birth = edge.says(Up.BIRTH, edge.birth(), half.at)
    half.hear(birth)
    say(half, edge, edge.health(33, sent_ms=2_000))
    half.hear(birth)
    assert known(half, edge).cache_version == 33


def test_a_state_of_an_edge_without_health_is_understood(half: HubHalf) -> None:
    edge = half.enrolled()
    half.born(edge, version=5)
    say(half, edge, edge.state(online=False))
    say(half, edge, edge.state(online=True))
    found = known(half, edge)
    assert (found.online, found.cache_version) == (True, 5)


def test_health_told_to_a_hub_that_started_anew_is_answered_by_a_hello(half: HubHalf) -> None:
    edge = half.enrolled()
    half.born(edge)
    half.close()
    half.start()
    due = half.hear(edge.says(Up.STATE, edge.health(6, sent_ms=2_000), half.at))
    assert [type(each) for each in due] == [HelloDue]
    assert known(half, edge).cache_version == 6
