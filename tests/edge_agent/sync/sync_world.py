"""One sync engine, one hub and a channel that loses, doubles and delays, in simulated time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Generic, Protocol, TypeVar

from core.ids import EpochId
from core.instants import ClockState
from edge_agent.cache_writer import CacheWriter
from edge_agent.sync import Engine
from edge_agent.sync_actions import (
    Action,
    JournalSource,
    Noted,
    Now,
    Publish,
    Subscribe,
    SyncIdentity,
    TellAgent,
)
from tests.edge_agent.sync.memory_journal import MemoryJournal
from tests.edge_agent.sync.scripted_hub import IDENTITY, START, ScriptedHub, Sent
from wire.topics import Down, Up, parse


@dataclass(kw_only=True)
class Faults:
    """How bad the channel is: each figure a probability for one message."""

    lost: float = 0.0
    doubled: float = 0.0
    late: float = 0.0


class Hub(Protocol):
    """What the world needs of a hub."""

    now: datetime

    @property
    def version(self) -> int:
        """Of the rows of the edge's site."""

    @property
    def set_hash(self) -> int:
        """Of the same rows."""

    def handle(self, topic: str, payload: bytes) -> list[Sent]:
        """Take one message, return what is said."""


J = TypeVar("J", bound=JournalSource)
H = TypeVar("H", bound=Hub)


@dataclass(kw_only=True)
class Between(Generic[J, H]):
    """One engine, one hub and the channel between them, in steps of simulated time."""

    directory: Path
    journal: J
    hub: H
    identity: SyncIdentity = IDENTITY
    chance: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - a seed, no secret
    faults: Faults = field(default_factory=Faults)
    now_ms: int = 1_000
    clock: ClockState = ClockState.UNKNOWN
    doubt_ms: int = 0
    hub_is_up: bool = True
    told: list[TellAgent] = field(default_factory=list)
    noted: list[Noted] = field(default_factory=list)
    subscribed: list[str] = field(default_factory=list)
    published: list[Publish] = field(default_factory=list)
    up: list[Sent] = field(default_factory=list)
    down: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """The sync process starts (again)."""
        self.cache = CacheWriter.opened(self.directory)
        self.engine = Engine(self.identity, self.journal, self.cache, self.chance.random)

    def kill(self) -> None:
        self.cache.close()
        self.up.clear()
        self.down.clear()
        self.start()

    @property
    def now(self) -> Now:
        return Now(
            at=START + timedelta(milliseconds=self.now_ms),
            monotonic_ms=self.now_ms,
            clock=self.clock,
            uncertainty_ms=self.doubt_ms,
        )

    def connect(self) -> None:
        self.up.clear()
        self.down.clear()
        self.do(self.engine.disconnected())
        self.will = self.engine.connecting(self.now)
        self.do(self.engine.connected(self.now))

    def do(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Publish():
                    self.published.append(action)
                    self.up.append((action.topic, action.payload))
                case Subscribe(topic_filter=topic_filter):
                    self.subscribed.append(topic_filter)
                case TellAgent():
                    self.told.append(action)
                case Noted():
                    self.noted.append(action)

    def deliver(self, sent: Sent) -> None:
        self.do(self.engine.received(*sent, self.now))
        self.do(self.engine.tick(self.now))

    def step(self, ms: int = 1) -> None:
        """Carry what is on its way once in each direction, then let time pass."""
        self.hub.now = START + timedelta(milliseconds=self.now_ms)
        up, self.up = self._through(self.up)
        for sent in up:
            if self.hub_is_up:
                self.down.extend(self.hub.handle(*sent))
        down, self.down = self._through(self.down)
        for sent in down:
            self.deliver(sent)
        self.now_ms += ms
        self.do(self.engine.tick(self.now))

    def run(self, until: Callable[[], bool], steps_max: int = 2_000) -> int:
        """Step, skipping idle time; the number of steps taken."""
        for step in range(steps_max):
            if until():
                return step
            idle = not self.up and not self.down
            due = self.engine.due_ms
            self.step(max(1, due - self.now_ms) if idle and due is not None else 1)
        raise AssertionError(f"not settled after {steps_max} steps: {self.noted[-5:]}")

    def settled(self) -> bool:
        return self.all_acknowledged() and self.holds_the_hubs_rows()

    def all_acknowledged(self) -> bool:
        marks = self.cache.marks()
        return all(marks.get(EpochId(s.epoch), 0) >= s.last for s in self.journal.spans())

    def holds_the_hubs_rows(self) -> bool:
        standing = self.cache.standing()
        return standing.filled and (standing.version, standing.set_hash) == (
            self.hub.version,
            self.hub.set_hash,
        )

    def _through(self, sent: list[Sent]) -> tuple[list[Sent], list[Sent]]:
        """What arrives now, and what arrives later."""
        now: list[Sent] = []
        later: list[Sent] = []
        for each in sent:
            if self.chance.random() < self.faults.lost:
                continue
            copies = 2 if self.chance.random() < self.faults.doubled else 1
            late = self.chance.random() < self.faults.late
            (later if late else now).extend([each] * copies)
        return now, later


@dataclass(kw_only=True)
class World(Between[MemoryJournal, ScriptedHub]):
    """The world with a journal and a hub in memory."""

    journal: MemoryJournal = field(default_factory=MemoryJournal)
    hub: ScriptedHub = field(default_factory=ScriptedHub)


def record(world: World, count: int, detail: str = "") -> None:
    for _ in range(count):
        world.journal.record(detail)


def settled(world: World) -> World:
    world.connect()
    world.run(world.settled)
    return world


def channels(world: World) -> list[Up | Down]:
    return [parse(action.topic)[1] for action in world.published]
