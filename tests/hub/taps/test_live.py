"""The live feed: everything once and in order, also for those who are slow or were away."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing

import pytest

from hub.taps import live, news
from hub.taps.live import Live
from hub.taps.store import feed
from hub.taps.store.feed import News
from tests.hub.taps.hub_half import HubHalf

DEADLINE_S = 10.0


@pytest.fixture
def following(half: HubHalf) -> Iterator[Live]:
    made = Live(half.database, list, half.clock)
    made.start()
    yield made
    made.stop()


def tell(half: HubHalf, *numbers: int) -> None:
    with half.database.write() as connection:
        for number in numbers:
            news.tell(connection, "tap", {"number": number}, half.at)


async def taken(stream: AsyncIterator[News | None], count: int) -> list[int]:
    """The ids of the next news."""
    found: list[int] = []
    async with asyncio.timeout(DEADLINE_S):
        while len(found) < count:
            each = await anext(stream)
            if each is not None:
                found.append(each.id)
    return found


def test_a_listener_hears_what_is_committed_after_it_came(half: HubHalf, following: Live) -> None:
    async def listen() -> list[int]:
        async with aclosing(following.follow(None)) as stream:
            first = asyncio.ensure_future(taken(stream, 3))
            await asyncio.to_thread(_until_listening, following)
            await asyncio.to_thread(tell, half, 1, 2, 3)
            return await first

    assert asyncio.run(listen()) == [1, 2, 3]


def test_a_listener_that_was_away_hears_what_it_missed_first(
    half: HubHalf, following: Live
) -> None:
    tell(half, *range(10))

    async def listen() -> list[int]:
        async with aclosing(following.follow(4)) as stream:
            missed = await taken(stream, 6)
            await asyncio.to_thread(tell, half, 11)
            return missed + await taken(stream, 1)

    assert asyncio.run(listen()) == [5, 6, 7, 8, 9, 10, 11]


def test_a_slow_listener_costs_bounded_memory_and_misses_nothing(
    half: HubHalf, following: Live
) -> None:
    count = 3 * live.WAITING_MAX

    async def listen() -> list[int]:
        async with aclosing(following.follow(None)) as stream:
            first = asyncio.ensure_future(taken(stream, 1))
            await asyncio.to_thread(_until_listening, following)
            await asyncio.to_thread(tell, half, *range(count))
            begun = await first
            listener = following._listeners[0]
            await asyncio.to_thread(_until_told, following, count)
            assert listener.waiting.qsize() <= live.WAITING_MAX
            return begun + await taken(stream, count - 1)

    assert asyncio.run(listen()) == list(range(1, count + 1))


def test_a_feed_that_stops_lets_its_listeners_go(following: Live) -> None:
    async def listen() -> int:
        ended = 0
        async with aclosing(following.follow(None)) as stream:
            waiting = asyncio.ensure_future(anext(stream, None))
            await asyncio.to_thread(_until_listening, following)
            await asyncio.to_thread(following.stop)
            async with asyncio.timeout(DEADLINE_S):
                ended += await waiting is None
        return ended + len(following._listeners)

    assert asyncio.run(listen()) == 1


def test_the_feed_keeps_its_newest_and_never_numbers_anew(half: HubHalf) -> None:
    tell(half, *range(5))
    with half.database.write() as connection:
        feed.trim(connection, 2)
    tell(half, 6)
    with half.database.read() as connection:
        assert [each.id for each in feed.after(connection, 0, 99)] == [4, 5, 6]


def _until_listening(following: Live) -> None:
    _until(lambda: bool(following._listeners))


def _until_told(following: Live, last: int) -> None:
    _until(lambda: following._last >= last)


def _until(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(2_000):
        if holds():
            return
        pause.wait(0.005)
    pytest.fail("waited in vain")
