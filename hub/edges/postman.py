"""What edges are told: rows at every change, snapshots chunk by chunk, commands until answered."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from core.ids import CommandId, EdgeId, EpochId, SiteId
from hub.database import Database
from hub.edges import commands, service
from hub.edges.downward import Downward
from hub.edges.store import Edge, StoredCommand
from hub.rows import service as rows
from hub.rows.snapshots import Part, Snapshots
from wire.messages import (
    EPOCHS_PER_MESSAGE_MAX,
    Ack,
    Chunk,
    Command,
    Hello,
    Rejected,
    Request,
    Rows,
    Wanted,
)
from wire.topics import Down

log = logging.getLogger(__name__)

HELLO_EVERY = timedelta(seconds=5)
COMMAND_EVERY = timedelta(seconds=1)


@dataclass(slots=True)
class Postman:
    """All that goes down in one tenant; several threads may use it, each for other channels."""

    database: Database
    downward: Downward
    clock: Callable[[], datetime]
    snapshots: Snapshots = field(default_factory=Snapshots)
    _told: dict[EdgeId, int] = field(default_factory=dict)
    _greeted: dict[EdgeId, datetime] = field(default_factory=dict)
    _sent: dict[CommandId, datetime] = field(default_factory=dict)

    def acknowledge(
        self,
        edge: Edge,
        *,
        echo_ms: int,
        marks: dict[EpochId, int],
        rejected: Iterable[Rejected],
    ) -> None:
        """Say what is committed; call it only after the commit."""
        listed = list(rejected)
        told = {str(epoch): seq for epoch, seq in marks.items()}
        self.downward.send(
            edge,
            Down.ACK,
            lambda counter, at: Ack(
                counter=counter, hub_at=at, echo_ms=echo_ms, marks=told, rejected=listed
            ),
        )

    def greet(self, edge: Edge) -> None:
        """Ask for a birth, at most every few seconds."""
        now = self.clock()
        if now - self._greeted.get(edge.id, now - HELLO_EVERY) >= HELLO_EVERY:
            self._greeted[edge.id] = now
            self.downward.send(
                edge, Down.HELLO, lambda counter, at: Hello(counter=counter, hub_at=at)
            )

    def confirm_rows(
        self, edge: Edge, *, version: int, set_hash: str | None, echo_ms: int | None
    ) -> None:
        """Tell an edge that holds `version` what it lacks, or that it lacks nothing."""
        with self.database.read() as connection:
            now = rows.standing(connection, edge.site)
            stale = version == now.version and set_hash not in (None, now.set_hash)
            if stale or not self._delta(connection, edge, version, echo_ms):
                self._chunk(connection, edge, version=0, index=0, echo_ms=echo_ms)

    def answer(self, edge: Edge, request: Request) -> None:
        """Give an edge what it asked for, or what helps it instead."""
        if request.wanted is Wanted.DELTA:
            self.confirm_rows(edge, version=request.version, set_hash=None, echo_ms=request.sent_ms)
            return
        with self.database.read() as connection:
            self._chunk(
                connection,
                edge,
                version=request.version,
                index=request.index,
                echo_ms=request.sent_ms,
            )

    def push_rows(self, sites: Iterable[SiteId]) -> None:
        """Tell the connected edges of these sites what has changed since they were told last."""
        with self.database.read() as connection:
            for site in sites:
                for edge in service.everyone(connection, site):
                    if edge.online and edge.mac_key is not None:
                        version = self._told.get(edge.id, edge.cache_version)
                        self._delta(connection, edge, version, None)

    def send_commands(self) -> None:
        """Send open commands, again each second until they are answered or expire."""
        now = self.clock()
        with self.database.read() as connection:
            waiting = commands.open_ones(connection, now)
            edges = {each.edge: service.find(connection, each.edge) for each in waiting}
        for each in waiting:
            edge = edges[each.edge]
            last = self._sent.get(each.id)
            if edge is None or edge.mac_key is None:
                continue
            if last is None or now - last >= COMMAND_EVERY:
                self._sent[each.id] = now
                self._command(edge, each)
        kept = {each.id for each in waiting}
        self._sent = {id_: at for id_, at in self._sent.items() if id_ in kept}

    def greet_everyone(self) -> None:
        """At the hub's start: whoever is connected is asked for a birth."""
        with self.database.read() as connection:
            everyone = service.everyone(connection)
        for edge in everyone:
            if edge.mac_key is not None:
                self.greet(edge)

    def _delta(self, connection: Connection, edge: Edge, version: int, echo_ms: int | None) -> bool:
        """Send what follows a version, as much as one message holds; the edge asks for the rest.

        False if that version is not in the log.
        """
        delta = rows.delta(connection, edge.site, version)
        if delta is None:
            return False
        included = rows.included(connection, edge.site, edge.id, delta.to_version)
        self._send_delta(edge, delta, _newest(included), echo_ms)
        self._told[edge.id] = delta.to_version
        return True

    def _send_delta(
        self,
        edge: Edge,
        delta: rows.Delta,
        included: dict[str, int],
        echo_ms: int | None,
    ) -> None:
        self.downward.send(
            edge,
            Down.ROWS,
            lambda counter, at: Rows(
                counter=counter,
                hub_at=at,
                echo_ms=echo_ms,
                from_version=delta.from_version,
                to_version=delta.to_version,
                rows=list(delta.rows),
                included=included,
                set_hash=delta.set_hash,
                more=delta.more,
            ),
        )

    def _chunk(
        self, connection: Connection, edge: Edge, *, version: int, index: int, echo_ms: int | None
    ) -> None:
        """Send a chunk of a snapshot; the first of a new one if that snapshot is gone."""
        now = self.clock()
        part = self.snapshots.part(connection, edge.site, version=version, index=index, now=now)
        if part is None:
            part = self.snapshots.part(connection, edge.site, version=0, index=0, now=now)
        assert part is not None
        included = rows.included(connection, edge.site, edge.id, part.version)
        self._send_part(edge, part, _newest(included), echo_ms)
        if part.index == part.count - 1:
            # Changes from here on are pushed; what came meanwhile the edge asks for.
            self._told[edge.id] = part.version

    def _send_part(
        self, edge: Edge, part: Part, included: dict[str, int], echo_ms: int | None
    ) -> None:
        self.downward.send(
            edge,
            Down.CHUNK,
            lambda counter, at: Chunk(
                counter=counter,
                hub_at=at,
                echo_ms=echo_ms,
                version=part.version,
                index=part.index,
                count=part.count,
                rows=part.rows,
                included=included,
                set_hash=part.set_hash,
                as_of=part.as_of,
            ),
        )

    def _command(self, edge: Edge, each: StoredCommand) -> None:
        self.downward.send(
            edge,
            Down.COMMAND,
            lambda counter, at: Command(
                counter=counter,
                hub_at=at,
                id=each.id,
                action=each.action,
                access_point=each.access_point,
                expires_at=each.expires_at,
                signer=each.signer,
            ),
        )


def _newest(included: Mapping[EpochId, int]) -> dict[str, int]:
    """The epochs that a message can hold; older ones an edge has long let go of."""
    names = sorted(included)[-EPOCHS_PER_MESSAGE_MAX:]
    return {name: included[name] for name in names}
