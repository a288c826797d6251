"""The agent process: an agent on real files, its drivers on their threads."""

import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from core.ids import AccessPointId, DoorId, RandomBytes
from edge_agent.agent import Agent, Parts, Policy, serve
from edge_agent.cache import CacheReader
from edge_agent.clock import Instant
from edge_agent.gate import Gate, Gateway
from edge_agent.hints import (
    AGENT_SOCKET,
    DISPLAY_SOCKET,
    SYNC_SOCKET,
    Hint,
    HintReceiver,
    HintSender,
)
from edge_agent.identity import Identity
from edge_agent.links import DisplaySender, SyncSender, event_of
from edge_agent.ports import Display, Door, Event, Link, Reader
from edge_agent.recorder import Recorder
from edge_agent.settings import Settings
from edge_agent.terminal import Terminal

JOURNAL_FILE = "journal.db"
INBOX_HINTS_MAX = 1_000
"""Hints are dropped while so much lies in the inbox; what people do never is."""

END_S_MAX = 3.0
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """The drivers of one edge, not yet running, and which door each gate leads through."""

    doors: Mapping[DoorId, Door]
    readers: Mapping[AccessPointId, Reader]
    gateways: Mapping[AccessPointId, DoorId]

    @property
    def terminals(self) -> frozenset[AccessPointId]:
        """Readers that stand at no door."""
        return frozenset(self.readers) - frozenset(self.gateways)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the process is given: who it is, its drivers, clocks and chance."""

    settings: Settings
    identity: Identity
    hardware: Hardware
    now: Callable[[], Instant]
    random_bytes: RandomBytes
    software: str


def run(surroundings: Surroundings, stop: threading.Event) -> None:
    """Serve gates and terminals until `stop` is set; raises what made a driver's thread fail."""
    directory = surroundings.settings.directory
    hardware = surroundings.hardware
    inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
    with contextlib.ExitStack() as closing:
        display, sync = HintSender(directory / DISPLAY_SOCKET), HintSender(directory / SYNC_SOCKET)
        closing.callback(display.close)
        closing.callback(sync.close)
        agent = agent_of(surroundings, DisplaySender(display), SyncSender(sync))
        receiver = HintReceiver(directory / AGENT_SOCKET)
        threads = _Threads(stop)
        closing.callback(threads.end)
        threads.start("hints", lambda: receiver.run(lambda hint: _deliver(hint, inbox), stop))
        for name, driver in (*hardware.doors.items(), *hardware.readers.items()):
            threads.start(name, _running(driver, inbox, stop))
        serve(agent, inbox, stop)


def agent_of(surroundings: Surroundings, display: Display, link: Link) -> Agent:
    """The agent on its real files, with the given ways to people and to the sync process."""
    settings, identity = surroundings.settings, surroundings.identity
    hardware, site_key = surroundings.hardware, identity.site_key
    recorder = Recorder(
        settings.directory / JOURNAL_FILE,
        edge=identity.address.edge,
        random_bytes=surroundings.random_bytes,
        software=surroundings.software,
    )
    cache = CacheReader(settings.directory)
    gateways = {
        point: Gateway(id=door, door=hardware.doors[door])
        for point, door in hardware.gateways.items()
    }
    parts = Parts(
        recorder=recorder,
        cache=cache,
        gate=Gate(
            gateways=gateways, recorder=recorder, cache=cache, display=display, site_key=site_key
        ),
        terminal=Terminal(recorder=recorder, cache=cache, display=display, site_key=site_key),
        terminals=hardware.terminals,
        display=display,
        link=link,
    )
    keep_for = timedelta(days=settings.journal_keep_days)
    policy = Policy(has_battery=settings.clock_battery, keep_for=keep_for)
    return Agent(parts, policy, surroundings.now)


def _deliver(hint: Hint, inbox: "queue.SimpleQueue[Event]") -> None:
    event = event_of(hint)
    if event is not None and inbox.qsize() < INBOX_HINTS_MAX:
        inbox.put(event)


def _running(
    driver: Door | Reader, inbox: "queue.SimpleQueue[Event]", stop: threading.Event
) -> Callable[[], None]:
    return lambda: driver.run(inbox.put, stop)


class _Threads:
    """The driver threads; one that fails ends the process, which is then started anew."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._threads: list[threading.Thread] = []
        self._failure: Exception | None = None

    def start(self, name: str, run_: Callable[[], None]) -> None:
        thread = threading.Thread(target=self._guarded, args=(name, run_), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def end(self) -> None:
        """Stop all; raises the first failure."""
        self._stop.set()
        for thread in self._threads:
            thread.join(END_S_MAX)
        if self._failure is not None:
            raise self._failure

    def _guarded(self, name: str, run_: Callable[[], None]) -> None:
        try:
            run_()
        except Exception as error:  # a thread's root: a driver that fails is started anew with all
            _logger.exception("thread_failed name=%s", name)
            self._failure = self._failure or error
            self._stop.set()
