"""The sync process: the engine between a socket, the files and the other processes' hints."""

import json
import logging
import queue
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.instants import ClockState
from edge_agent import clock
from edge_agent.backoff import Random, reconnect_delay_ms
from edge_agent.cache_writer import CacheWriter
from edge_agent.errors import EdgeError
from edge_agent.hints import AGENT_SOCKET, SYNC_SOCKET, Hint, HintReceiver, HintSender
from edge_agent.identity import Identity
from edge_agent.mqtt import Connected, Connection, Event, Lost, MqttError, Received
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

LOOK_MS = 1_000
"""The journal is looked at this often even if no hint says that it has grown."""

ACCEPT_MS = 10_000
"""A broker that takes the connection and says nothing for so long is given up."""

INBOX_MAX = 2_000
_WARNINGS = frozenset({"message_refused", "entry_rejected", "snapshot_refused"})
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the process is given: files, clocks and chance."""

    directory: Path
    identity: Identity
    journal: JournalSource
    clocks: Callable[[], clock.Instant]
    has_battery: bool
    random: Random
    software: str


def run(surroundings: Surroundings, stop: threading.Event) -> None:
    """Keep the edge in step with its hub until `stop` is set; returns within about a second.

    The composition root calls it in a process of its own:

        run(
            Surroundings(
                directory=settings.directory,
                identity=load_identity(settings.directory, settings.environment),
                journal=JournalReader(settings.directory / "journal.db"),
                clocks=read_clocks,  # the same as the agent's
                has_battery=settings.clock.battery,
                random=random.SystemRandom().random,
                software="vratar 0.1.0",
            ),
            stop,
        )

    Raises EdgeError (PlaintextRefusedError: it will not get better by itself) and sqlite3.Error.
    Hints it takes on `sync.sock`: {"recorded": seq}, {"wanted": version}. Hints it sends to
    `agent.sock`: {"cache": version}, {"command": Command}, {"connected": bool}.
    """
    process = _Process(surroundings)
    try:
        process.run(stop)
    finally:
        process.close()


class _Process:
    """One thread takes everything from one inbox."""

    def __init__(self, surroundings: Surroundings) -> None:
        identity, directory = surroundings.identity, surroundings.directory
        self._surroundings = surroundings
        self._inbox: queue.Queue[Hint | tuple[Connection, Event]] = queue.Queue(INBOX_MAX)
        self._cache = CacheWriter.opened(
            directory, told=lambda text: _logger.warning("cache_replaced problem=%r", text)
        )
        self._engine = Engine(
            SyncIdentity(
                address=identity.address,
                private_key=identity.signing_key,
                mac_key=identity.mac_key,
                software=surroundings.software,
                boot_id=surroundings.clocks().boot_id,
            ),
            surroundings.journal,
            self._cache,
            surroundings.random,
        )
        self._agent = HintSender(directory / AGENT_SOCKET)
        self._hints = HintReceiver(directory / SYNC_SOCKET)
        self._connection: Connection | None = None
        self._accepted = False
        self._failures = 0
        self._connect_at = 0
        self._give_up_at = 0
        self._look_at = 0
        self._pause_until = 0
        self._told = ""

    def run(self, stop: threading.Event) -> None:
        receiver = threading.Thread(target=self._hints.run, args=(self._put, stop), daemon=True)
        receiver.start()
        try:
            while not stop.is_set():
                self._turn()
        finally:
            self._leave()
            stop.set()
            receiver.join()

    def close(self) -> None:
        self._agent.close()
        self._cache.close()

    def _turn(self) -> None:
        """Wait for the next thing and handle it."""
        try:
            item = self._inbox.get(timeout=self._wait_s())
        except queue.Empty:
            item = None
        now = self._now()
        try:
            self._take(item, now)
            if item is not None or now.monotonic_ms >= self._due_ms():
                self._do(self._engine.tick(now))
        except EdgeError as error:
            # The journal may be busy or about to be moved aside: it is looked at again.
            self._pause_until = now.monotonic_ms + LOOK_MS
            self._note_once("journal_unreadable", error.diagnostics())
        self._look(now)
        self._keep_connected(now)

    def _take(self, item: Hint | tuple[Connection, Event] | None, now: Now) -> None:
        if isinstance(item, tuple):
            self._handle(*item, now)
        elif item is not None and "wanted" in item:
            self._do(self._engine.wanted(now))

    def _look(self, now: Now) -> None:
        """Once a second, whatever else: the journal is looked at, the agent told where we stand."""
        if now.monotonic_ms < self._look_at:
            return
        self._look_at = now.monotonic_ms + LOOK_MS
        # Again and again: an agent that starts later has not heard the first one.
        self._do([TellAgent(connected=self._engine.answered)])

    def _handle(self, connection: Connection, event: Event, now: Now) -> None:
        if connection is not self._connection:
            return
        match event:
            case Connected():
                self._accepted = True
                self._told = ""
                self._do(self._engine.connected(now))
            case Received(topic=topic, payload=payload):
                self._do(self._engine.received(topic, payload, now))
            case Lost(reason=reason):
                self._lose(reason)

    def _keep_connected(self, now: Now) -> None:
        """Begin the next connection when it is time, and end one that is not accepted."""
        if self._connection is None:
            if now.monotonic_ms >= self._connect_at:
                self._connect(now)
        elif not self._accepted and now.monotonic_ms >= self._give_up_at:
            self._lose("the broker does not answer")

    def _connect(self, now: Now) -> None:
        identity = self._surroundings.identity
        # The connection is not known before it is made, and its events say which one they are of.
        made: list[Connection] = []
        connection = Connection(
            identity.enrolment.broker,
            identity.enrolment.edge,
            self._engine.connecting(now),
            lambda event: self._put((made[0], event)),
        )
        made.append(connection)
        self._connection, self._accepted = connection, False
        self._give_up_at = now.monotonic_ms + ACCEPT_MS
        try:
            connection.open()
        except MqttError as error:
            self._lose(error.diagnostics())

    def _lose(self, reason: str) -> None:
        """Forget the connection; the next comes after a random time."""
        if self._engine.answered:
            self._failures = 0
        connection, self._connection = self._connection, None
        self._do(self._engine.disconnected())
        if connection is not None:
            connection.close()
        delay = reconnect_delay_ms(self._failures, self._surroundings.random)
        self._failures += 1
        self._connect_at = self._now().monotonic_ms + delay
        self._note_once("connection_lost", reason)

    def _leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        for action in self._engine.closing():
            if isinstance(action, Publish):
                connection.publish(action)
        connection.close()

    def _do(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Publish():
                    if self._connection is not None:
                        self._connection.publish(action)
                case Subscribe(topic_filter=topic_filter):
                    if self._connection is not None:
                        self._connection.subscribe(topic_filter)
                case TellAgent():
                    self._agent.send(_hint(action))
                case Noted(event=event, fields=fields):
                    level = logging.WARNING if event in _WARNINGS else logging.INFO
                    text = " ".join(f"{name}={value!r}" for name, value in fields.items())
                    _logger.log(level, "%s %s", event, text)

    def _put(self, item: Hint | tuple[Connection, Event]) -> None:
        """From any thread; what finds no room is lost as if on the way."""
        try:
            self._inbox.put_nowait(item)
        except queue.Full:
            _logger.warning("inbox_full lost=%s", type(item).__name__)

    def _wait_s(self) -> float:
        if not self._inbox.empty():
            return 0.0
        due = self._due_ms()
        if self._connection is None:
            due = min(due, self._connect_at)
        elif not self._accepted:
            due = min(due, self._give_up_at)
        return max(0, due - self._surroundings.clocks().monotonic_ms) / 1_000

    def _due_ms(self) -> int:
        due = self._engine.due_ms
        soonest = self._look_at if due is None else min(due, self._look_at)
        return max(soonest, self._pause_until)

    def _now(self) -> Now:
        read = clock.read(
            self._surroundings.clocks(),
            self._cache.clock(),
            has_battery=self._surroundings.has_battery,
            newest_at=None,
        )
        return Now(
            at=read.moment.at,
            monotonic_ms=read.monotonic_ms,
            clock=ClockState(read.moment.clock),
            uncertainty_ms=int(read.moment.uncertainty.total_seconds() * 1_000),
        )

    def _note_once(self, event: str, problem: str) -> None:
        """A trouble that goes on is told when it begins."""
        if (told := f"{event} problem={problem!r}") != self._told:
            self._told = told
            _logger.warning(told)


def _hint(told: TellAgent) -> Hint:
    if told.command is not None:
        return {"command": json.loads(msgspec.json.encode(told.command))}
    if told.connected is not None:
        return {"connected": told.connected}
    return {"cache": told.cache_version}
