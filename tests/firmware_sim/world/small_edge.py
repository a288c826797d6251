"""The edge's real drivers with the simplest of rules: the cards in `welcome` open their gate."""

import contextlib
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from core.ids import AccessPointId
from edge_agent.doors.hardware import HardwareProfile
from edge_agent.doors.modbus import ModbusDoor
from edge_agent.doors.profile import load_profile
from edge_agent.ports import Moved, PartHealth, Presented
from edge_agent.readers.pn532 import Pn532Reader
from firmware_sim.world.crowd import Crowd
from firmware_sim.world.live import LiveSite, make_device_directory

PROFILES = ("two-turnstiles.toml", "terminal.toml")
HARDWARE = Path(__file__).parents[3] / "config/hardware"
DEADLINE_S = 10.0


@dataclass
class SmallEdge:
    """Readers and doors on threads; `seen` are the cards in the order they were read."""

    profile: HardwareProfile
    welcome: set[bytes] = field(default_factory=set)
    seen: list[tuple[str, bytes]] = field(default_factory=list)
    moved: list[tuple[str | None, str]] = field(default_factory=list)
    _inbox: "queue.SimpleQueue[Presented | PartHealth | Moved]" = field(
        default_factory=queue.SimpleQueue
    )
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self, ready: threading.Event) -> None:
        doors = [ModbusDoor(each, monotonic=time.monotonic) for each in self.profile.doors]
        by_point = {
            point: door
            for door, each in zip(doors, self.profile.doors, strict=True)
            for point in each.access_points.values()
        }
        readers = [
            Pn532Reader(
                path=str(each.path),
                access_point=each.access_point,
                monotonic=time.monotonic,
                jitter=lambda: 0.0,
            )
            for each in self.profile.readers
        ]
        parts: list[ModbusDoor | Pn532Reader] = [*doors, *readers]
        threads = [
            threading.Thread(target=each.run, args=(self._inbox.put, self._stop)) for each in parts
        ]
        for thread in threads:
            thread.start()
        self._serve(by_point, len(threads), ready)
        for thread in threads:
            thread.join(DEADLINE_S)

    def _serve(
        self, doors: dict[AccessPointId, ModbusDoor], parts: int, ready: threading.Event
    ) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(queue.Empty):
                match self._inbox.get(timeout=0.05):
                    case PartHealth():
                        parts -= 1
                        if not parts:
                            ready.set()
                    case Presented(access_point=point, credential=credential):
                        self.seen.append((point, credential.value))
                        if credential.value in self.welcome and point in doors:
                            doors[point].release(point, len(self.seen))
                    case Moved(access_point=point_or_none, movement=movement):
                        self.moved.append((point_or_none, movement.value))

    def stop(self) -> None:
        self._stop.set()

    def wait_for(
        self,
        *,
        seen: list[tuple[str, bytes]] | None = None,
        moved: list[tuple[str | None, str]] | None = None,
    ) -> None:
        """Wait until exactly this was seen, or was told by the doors."""
        end, look = time.monotonic() + DEADLINE_S, threading.Event()
        while (seen or self.seen) != self.seen or (moved or self.moved) != self.moved:
            assert time.monotonic() < end, (self.seen, self.moved)
            look.wait(0.005)


@dataclass(frozen=True)
class Scene:
    """A site, people, and an edge that serves them."""

    site: LiveSite
    crowd: Crowd
    edge: SmallEdge


@contextlib.contextmanager
def scene(directory: Path) -> Iterator[Scene]:
    """Everything lives until the end of the block; returns once every part answers."""
    devices = make_device_directory(directory)
    profiles = [load_profile(HARDWARE / name, devices=devices) for name in PROFILES]
    both = HardwareProfile(
        doors=tuple(door for each in profiles for door in each.doors),
        readers=tuple(reader for each in profiles for reader in each.readers),
    )
    edge, ready = SmallEdge(profile=both), threading.Event()
    with (
        LiveSite(profiles, time.monotonic) as site,
        Crowd(site, monotonic=time.monotonic, wall=lambda: datetime.now(UTC)) as crowd,
    ):
        thread = threading.Thread(target=edge.run, args=(ready,))
        thread.start()
        try:
            assert ready.wait(DEADLINE_S)
            yield Scene(site=site, crowd=crowd, edge=edge)
        finally:
            edge.stop()
            thread.join(DEADLINE_S)
