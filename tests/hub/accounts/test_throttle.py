"""The throttle alone: how long to wait, for whom, and that it forgets."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub.accounts.throttle import FREE_FAILURES, REMEMBERED_MAX, WAIT_MAX, Throttle
from tests.hub.bench import START

KEY = ("ana", "192.0.2.1")


def waits(throttle: Throttle, failures: int) -> list[float]:
    found = []
    for _ in range(failures):
        throttle.failed(KEY, START)
        found.append(throttle.wait_for(KEY, START).total_seconds())
    return found


def test_the_wait_doubles_up_to_a_quarter_of_an_hour() -> None:
    assert waits(Throttle(), 14) == [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_a_success_forgives() -> None:
    throttle = Throttle()
    waits(throttle, 10)
    throttle.succeeded(KEY)
    assert throttle.wait_for(KEY, START) == timedelta(0)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_no_wait_is_negative_or_endless(failures: int, later_seconds: int) -> None:
    throttle = Throttle()
    for _ in range(min(failures, 40)):
        throttle.failed(KEY, START)
    wait = throttle.wait_for(KEY, START + timedelta(seconds=later_seconds))
    assert timedelta(0) <= wait <= WAIT_MAX


def test_the_memory_is_bounded() -> None:
    throttle = Throttle()
    waits(throttle, FREE_FAILURES + 1)
    for number in range(REMEMBERED_MAX):
        throttle.failed((str(number), "192.0.2.2"), START)
    assert throttle.wait_for(KEY, START) == timedelta(0)
    assert len(throttle._failures) == REMEMBERED_MAX
