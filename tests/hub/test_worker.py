"""A worker outlives its failures and stops when told."""

import threading

import pytest

from hub.worker import Worker

DEADLINE_S = 10.0


def test_a_worker_goes_on_after_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    steps = threading.Semaphore(0)
    failed = threading.Event()

    def step() -> None:
        steps.release()
        if not failed.is_set():
            failed.set()
            raise ZeroDivisionError

    worker = Worker("test", step, every_s=0.01)
    worker.start()
    try:
        for _ in range(3):
            assert steps.acquire(timeout=DEADLINE_S)
    finally:
        worker.stop()
    assert "worker_failed name=test" in caplog.text


def test_a_worker_is_woken_before_its_time() -> None:
    steps = threading.Semaphore(0)
    worker = Worker("test", steps.release, every_s=600)
    worker.start()
    try:
        assert steps.acquire(timeout=DEADLINE_S)
        worker.wake()
        assert steps.acquire(timeout=DEADLINE_S)
    finally:
        worker.stop()


def test_what_wakes_a_worker_during_its_step_is_not_lost() -> None:
    inside, go_on, steps = threading.Event(), threading.Event(), threading.Semaphore(0)

    def step() -> None:
        steps.release()
        inside.set()
        assert go_on.wait(DEADLINE_S)

    worker = Worker("test", step, every_s=600)
    worker.start()
    assert inside.wait(DEADLINE_S)
    worker.wake()
    go_on.set()
    try:
        for _ in range(2):
            assert steps.acquire(timeout=DEADLINE_S)
    finally:
        worker.stop()
