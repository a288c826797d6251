"""One tenant's half of sync at work: a thread that hears, one that folds, two that speak."""

import logging
import queue
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from core.ids import EdgeId, SiteId
from hub.context import Clock
from hub.database import Change, Database
from hub.edges import service as edges
from hub.edges.downward import Downward
from hub.edges.postman import Postman
from hub.rows import service as rows
from hub.taps.ingest import AckDue, Due, HelloDue, Hint, Ingest, RequestDue, RowsDue, hint_body
from hub.taps.letters import Received
from hub.taps.live import Live
from hub.taps.projector import Projector
from hub.worker import Worker

log = logging.getLogger(__name__)

WAITING_MAX = 4_096
"""Messages that may wait to be taken in; what comes beyond is dropped, edges send it again."""

TAKEN_AT_ONCE_MAX = 64
CHANGES_KEPT_FOR = timedelta(days=40)
"""Longer than edges keep entries: a late tap is judged by the rows of its time."""

_TICK_S = 0.25

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a station works with."""

    database: Database
    ingest: Ingest
    projector: Projector
    downward: Downward
    live: Live
    clock: Clock


class Station:
    """Between the broker's topics of one tenant and its database."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.postman = Postman(database=parts.database, downward=parts.downward, clock=parts.clock)
        self.dropped = 0
        self._heard: queue.Queue[Received] = queue.Queue(WAITING_MAX)
        self._asked: queue.Queue[RowsDue | RequestDue] = queue.Queue(WAITING_MAX)
        self._changed: set[SiteId] = set()
        self._changing = threading.Lock()
        self._greeting = threading.Event()
        self._ears = Worker("ingest", self._take, every_s=1.0)
        self._fold = Worker("projector", self._project, every_s=1.0)
        self._voice = Worker("post", self._post, every_s=_TICK_S)
        self._library = Worker("answers", self._answer, every_s=1.0)
        parts.database.after_commit(self._committed)

    @property
    def _workers(self) -> tuple[Worker, ...]:
        return (self._ears, self._fold, self._voice, self._library)

    def start(self) -> None:
        """Nobody is connected yet, as far as anybody knows."""
        parts = self._parts
        with parts.database.write() as connection:
            everyone = edges.everyone(connection)
            edges.everyone_is_offline(connection, everyone, parts.clock())
            for site in {edge.site for edge in everyone}:
                rows.trim(connection, site, parts.clock() - CHANGES_KEPT_FOR)
        parts.live.start()
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        self._parts.live.stop()
        for worker in self._workers:
            worker.stop()
        self.postman.snapshots.close()

    def greet(self) -> None:
        """Ask every edge for a birth; from any thread, never waits."""
        self._greeting.set()
        self._voice.wake()

    def receive(self, topic: str, payload: bytes) -> None:
        """From the broker's thread; never waits."""
        try:
            self._heard.put_nowait(Received(topic=topic, payload=payload, at=self._parts.clock()))
        except queue.Full:
            self.dropped += 1
        self._ears.wake()

    def _take(self) -> None:
        while received := _drained(self._heard, TAKEN_AT_ONCE_MAX):
            for due in self._parts.ingest.take(received):
                self._say(due)
            self._fold.wake()

    def _say(self, due: Due) -> None:
        match due:
            case AckDue(edge=edge, echo_ms=echo_ms, marks=marks, rejected=rejected):
                self.postman.acknowledge(edge, echo_ms=echo_ms, marks=marks, rejected=rejected)
            case RowsDue() | RequestDue():
                self._ask(due)
            case HelloDue(edge=edge):
                self.postman.greet(edge)
            case Hint():
                self._parts.live.hint(hint_body(due))

    def _ask(self, due: RowsDue | RequestDue) -> None:
        try:
            self._asked.put_nowait(due)
        except queue.Full:
            self.dropped += 1
        self._library.wake()

    def _answer(self) -> None:
        while due := _drained(self._asked, TAKEN_AT_ONCE_MAX):
            for each in due:
                match each:
                    case RowsDue(edge=edge, version=version, set_hash=set_hash, echo_ms=echo_ms):
                        self.postman.confirm_rows(
                            edge, version=version, set_hash=set_hash, echo_ms=echo_ms
                        )
                    case RequestDue(edge=edge, request=request):
                        self.postman.answer(edge, request)

    def _project(self) -> None:
        while self._parts.projector.step():
            pass

    def _post(self) -> None:
        if self._greeting.is_set():
            self._greeting.clear()
            self.postman.greet_everyone()
        with self._changing:
            sites, self._changed = self._changed, set()
        if sites:
            self.postman.push_rows(sites)
        self.postman.send_commands()

    def _committed(self, changes: frozenset[Change]) -> None:
        for change in changes:
            match change.kind:
                case "rows":
                    with self._changing:
                        self._changed.add(SiteId(change.id))
                    self._voice.wake()
                case "command":
                    self._voice.wake()
                case "edge":
                    self._parts.ingest.forget(EdgeId(change.id))
                case _:
                    pass


def _drained(waiting: queue.Queue[T], most: int) -> list[T]:
    """What waits now, at most so many."""
    found: list[T] = []
    while len(found) < most:
        try:
            found.append(waiting.get_nowait())
        except queue.Empty:
            break
    return found
