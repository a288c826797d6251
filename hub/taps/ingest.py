"""What edges say, taken in: checked outside, committed in one transaction, answered after it."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from msgspec import UNSET
from sqlalchemy import Connection

from core.ids import EdgeId, EpochId, TenantId
from hub.database import Database
from hub.edges import service as edges
from hub.edges.store import Edge
from hub.rows import service as rows
from hub.taps import batches, news
from hub.taps.letters import Letter, Received, opened
from wire.errors import WireError
from wire.messages import Batch, Birth, EdgeState, Preview, Rejected, Request, Wanted

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AckDue:
    """Marks to tell an edge."""

    edge: Edge
    echo_ms: int
    marks: dict[EpochId, int]
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsDue:
    """Rows to tell an edge that holds `version`, whose hash it said, if it did."""

    edge: Edge
    version: int
    set_hash: str | None
    echo_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDue:
    """What an edge asked for."""

    edge: Edge
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class HelloDue:
    """An edge that speaks without a birth that this hub knows."""

    edge: Edge


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Entries that an edge will send later; for the live page only."""

    edge: Edge
    entries: tuple[bytes, ...]


Due = AckDue | RowsDue | RequestDue | HelloDue | Hint


@dataclass(slots=True)
class Ingest:
    """The hub's ear for one tenant; used by one thread."""

    tenant: TenantId
    database: Database
    born: dict[EdgeId, int] = field(default_factory=dict)
    refused: int = 0
    _known: dict[EdgeId, Edge] = field(default_factory=dict)

    def take(self, received: Sequence[Received]) -> list[Due]:
        """Everything waiting, in one transaction; what comes back may be said once it returns."""
        with self.database.read() as connection:
            letters = [
                letter
                for each in received
                if (letter := self._opened(connection, each)) is not None
            ]
        hints = [
            Hint(edge=letter.edge, entries=tuple(bytes(raw) for raw in letter.message.entries))
            for letter in letters
            if isinstance(letter.message, Preview)
        ]
        recorded = [letter for letter in letters if not isinstance(letter.message, Preview)]
        if not recorded:
            return list(hints)
        with self.database.write() as connection:
            due = [each for letter in recorded for each in self._taken(connection, letter)]
        return [*hints, *_merged(due)]

    def forget(self, edge: EdgeId) -> None:
        """The edge was changed by a person: look it up again."""
        self._known.pop(edge, None)

    def _opened(self, connection: Connection, received: Received) -> Letter | None:
        def find(edge: EdgeId) -> Edge | None:
            # Keys seldom change; a letter that does not fit may have been made with new ones.
            if edge not in self._known and (found := edges.find(connection, edge)) is not None:
                self._known[edge] = found
            return self._known.get(edge)

        try:
            return opened(received, self.tenant, find)
        except WireError as error:
            self.refused += 1
            log.warning("message_refused topic=%s: %s", received.topic, error.diagnostics())
            return None

    def _taken(self, connection: Connection, letter: Letter) -> list[Due]:
        """The effect of one letter; its edge as it is now, after the letters before."""
        edge = edges.find(connection, letter.edge.id)
        if edge is None:
            return []
        letter = replace(letter, edge=edge)
        match letter.message:
            case Birth() as birth:
                return self._birth(connection, edge, birth, letter.received.at)
            case EdgeState() as state:
                return self._state(connection, edge, state, letter.received.at)
            case Batch() as batch:
                return self._batch(connection, letter, batch)
            case Request() as request:
                return self._request(connection, edge, request, letter.received.at)
            case Preview():
                return []

    def _birth(self, connection: Connection, edge: Edge, birth: Birth, at: datetime) -> list[Due]:
        was_online = edge.online
        if edges.born(connection, edge, birth, at):
            self.born[edge.id] = birth.session
            if not was_online:
                _tell_state(connection, edge, online=True, at=at)
        marks = batches.marks_for(connection, edge, birth, at)
        rows.raise_version(connection, edge.site, birth.cache_version)
        return [
            AckDue(edge=edge, echo_ms=birth.sent_ms, marks=marks),
            RowsDue(edge=edge, version=birth.cache_version, set_hash=birth.set_hash, echo_ms=None),
        ]

    def _state(
        self, connection: Connection, edge: Edge, state: EdgeState, at: datetime
    ) -> list[Due]:
        if edges.told_state(connection, edge, session=state.session, online=state.online, at=at):
            _tell_state(connection, edge, online=state.online, at=at)
            if not state.online:
                self.born.pop(edge.id, None)
        if state.online and state.health is not UNSET:
            edges.reported(connection, edge, session=state.session, health=state.health, at=at)
        return [] if not state.online else self._greeting(edge)

    def _batch(self, connection: Connection, letter: Letter, batch: Batch) -> list[Due]:
        edges.seen(connection, letter.edge, letter.received.at)
        taken = batches.take(connection, letter, batch)
        ack = AckDue(
            edge=letter.edge,
            echo_ms=batch.sent_ms,
            marks={taken.epoch: taken.seq},
            rejected=taken.rejected,
        )
        return [ack, *self._greeting(letter.edge)]

    def _request(
        self, connection: Connection, edge: Edge, request: Request, at: datetime
    ) -> list[Due]:
        edges.seen(connection, edge, at)
        if request.wanted is Wanted.DELTA:
            edges.holds_version(connection, edge, request.version, sent_ms=request.sent_ms)
        return [RequestDue(edge=edge, request=request), *self._greeting(edge)]

    def _greeting(self, edge: Edge) -> list[Due]:
        return [] if edge.id in self.born else [HelloDue(edge=edge)]


def _tell_state(connection: Connection, edge: Edge, *, online: bool, at: datetime) -> None:
    news.tell(connection, "edge", {"edge": edge.id, "online": online}, at)


def _merged(due: Sequence[Due]) -> list[Due]:
    """One ack for each edge, answering its last message; one hello."""
    acks: dict[EdgeId, AckDue] = {}
    hellos: dict[EdgeId, HelloDue] = {}
    others: list[Due] = []
    for each in due:
        match each:
            case AckDue(edge=edge):
                before = acks.get(edge.id)
                acks[edge.id] = each if before is None else _joined(before, each)
            case HelloDue(edge=edge):
                hellos[edge.id] = each
            case _:
                others.append(each)
    return [*acks.values(), *others, *hellos.values()]


def _joined(first: AckDue, second: AckDue) -> AckDue:
    return replace(
        second,
        marks=first.marks | second.marks,
        rejected=first.rejected + second.rejected,
    )


def hint_body(hint: Hint) -> str:
    """The hint as the live page hears it: the entries as the edge wrote them."""
    return json.dumps(
        {"edge": hint.edge.id, "entries": [json.loads(entry) for entry in hint.entries]}
    )
