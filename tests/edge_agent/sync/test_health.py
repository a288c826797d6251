"""The edge tells its health soon after it changed, not too often, and now and then anyway."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.instants import ClockState
from edge_agent.sync_actions import Now
from edge_agent.sync_health import DOUBT_MOVED_MS, HealthWatch
from tests.edge_agent.sync.scripted_hub import START, fill
from tests.edge_agent.sync.sync_world import World, channels, settled
from wire.messages import Health, HolderRow, RowKind
from wire.topics import Up


def told(world: World) -> list[Health]:
    """The healths that the hub has heard."""
    return [state.health for state in world.hub.states if isinstance(state.health, Health)]


def pass_ms(world: World, ms: int) -> None:
    for _ in range(ms // 50):
        world.step(50)


@pytest.mark.must("P-031")
def test_rows_taken_over_are_told_within_two_seconds(world: World) -> None:
    fill(world.hub)
    settled(world)
    pass_ms(world, 2_000)
    assert told(world)[-1].cache_version == world.hub.version
    world.hub.put(RowKind.HOLDER, "h-0", HolderRow(blocked=True))
    world.deliver(world.hub.push(world.hub.version - 1))
    pass_ms(world, 100)
    assert told(world)[-1].cache_version == world.hub.version


@pytest.mark.must("P-031")
@pytest.mark.parametrize("state", [ClockState.TRUSTED, ClockState.DRIFTING])
def test_a_clock_that_was_set_is_told_within_two_seconds(world: World, state: ClockState) -> None:
    settled(world)
    world.clock, world.doubt_ms = state, 40
    pass_ms(world, 2_000)
    assert (told(world)[-1].clock, told(world)[-1].uncertainty_ms) == (state.value, 40)


def test_a_clock_that_somebody_set_wrong_is_told(world: World) -> None:
    settled(world)
    pass_ms(world, 2_000)
    before = len(told(world))
    world.doubt_ms = DOUBT_MOVED_MS - 1
    pass_ms(world, 2_000)
    assert len(told(world)) == before
    world.doubt_ms = 3_600_000
    pass_ms(world, 2_000)
    assert told(world)[-1].uncertainty_ms == 3_600_000


@pytest.mark.must("P-031")
def test_many_changes_are_told_once_a_second(world: World) -> None:
    settled(world)
    pass_ms(world, 2_000)
    before = len(told(world))
    for number in range(100):
        world.hub.put(RowKind.HOLDER, "h-0", HolderRow(blocked=number % 2 == 0))
        world.deliver(world.hub.push(world.hub.version - 1))
        world.step(50)
    pass_ms(world, 1_100)
    new = told(world)[before:]
    assert 5 <= len(new) <= 7
    assert all(b.sent_ms - a.sent_ms >= 1_000 for a, b in pairwise(new))
    assert new[-1].cache_version == world.hub.version


@pytest.mark.must("P-031")
def test_health_is_told_every_minute_though_nothing_changes(world: World) -> None:
    settled(world)
    pass_ms(world, 200_000)
    times = [health.sent_ms for health in told(world)]
    assert all(20_000 <= b - a <= 60_050 for a, b in pairwise(times[1:]))
    assert world.now_ms - times[-1] <= 60_050


def test_a_hub_that_does_not_answer_is_told_only_births(world: World) -> None:
    world.hub_is_up = False
    world.connect()
    world.clock = ClockState.TRUSTED
    pass_ms(world, 30_000)
    assert channels(world).count(Up.STATE) == 1


_changes = st.tuples(st.integers(0, 3_000), st.integers(0, 3), st.sampled_from(ClockState))


@given(st.lists(_changes, max_size=30))
def test_whatever_changes_is_told_when_the_watch_says_and_never_faster(
    changes: list[tuple[int, int, ClockState]],
) -> None:
    watch, now_ms, times = HealthWatch(lambda: 0.5), 0, list[int]()
    last = watch.told(0, Now(at=START, monotonic_ms=0))
    for wait_ms, version, clock in [*changes, (1_000, 0, ClockState.TRUSTED)]:
        now_ms += wait_ms
        now = Now(at=START, monotonic_ms=now_ms, clock=clock)
        differs = (last.cache_version, last.clock) != (version, clock.value)
        if watch.is_news(version, now):
            last = watch.told(version, now)
            times.append(now_ms)
        else:
            assert not differs or now_ms < watch.due_ms <= (times or [0])[-1] + 1_000
    assert all(b - a >= 1_000 for a, b in pairwise([0, *times]))
    assert (last.cache_version, last.clock) == (0, ClockState.TRUSTED.value)
