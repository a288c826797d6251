"""A reader running on a simulated chip, with an inbox that can be waited on."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from core.ids import AccessPointId
from edge_agent.ports import Health, Moved, PartHealth, Presented
from edge_agent.readers.pn532 import Pn532Reader
from firmware_sim.parts.pn532.timing import NO_TIME, Timing
from firmware_sim.parts.serialport import Fault, no_fault
from tests.firmware_sim.parts.nfc_bench import Bench, bench

GATE = AccessPointId("gate-in")
WAIT_S_MAX = 15.0
AWAY_S = 0.05


@dataclass(slots=True)
class Inbox:
    """Keeps what was put in, and lets a test wait for it."""

    items: list[Presented | PartHealth] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def put(self, item: Presented | PartHealth | Moved) -> None:
        assert not isinstance(item, Moved)
        with self._changed:
            self.items.append(item)
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[], bool], within_s: float = WAIT_S_MAX) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, within_s), f"waited in vain; got {self.items}"

    @property
    def uids(self) -> list[bytes]:
        return [item.credential.value for item in self.items if isinstance(item, Presented)]

    @property
    def healths(self) -> list[Health]:
        return [item.health for item in self.items if isinstance(item, PartHealth)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A chip, and the reader that polls it."""

    bench: Bench
    inbox: Inbox
    thread: threading.Thread


@contextmanager
def running(
    folder: Path,
    *,
    timing: Timing = NO_TIME,
    line_time: bool = False,
    speed: int | None = None,
    poll_period_s: float = 0.01,
    to_host: Fault = no_fault,
) -> Iterator[Running]:
    """A reader on `folder`/nfc that was found well, unless a fault prevents it."""
    with bench(timing=timing, line_time=line_time, link=folder / "nfc") as made:
        made.port.to_host = to_host
        inbox, stop = Inbox(), threading.Event()
        reader = Pn532Reader(
            path=str(folder / "nfc"),
            access_point=GATE,
            monotonic=time.monotonic,
            jitter=lambda: 0.5,
            speed=speed,
            poll_period_s=poll_period_s,
            away_s=AWAY_S,
        )
        thread = threading.Thread(target=reader.run, args=(inbox.put, stop), daemon=True)
        thread.start()
        try:
            yield Running(bench=made, inbox=inbox, thread=thread)
        finally:
            stop.set()
            thread.join(WAIT_S_MAX)
            assert not thread.is_alive(), "the reader hangs"
