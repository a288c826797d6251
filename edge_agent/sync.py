"""The edge's half of the sync protocol: messages in, actions out; no socket, clock or thread."""

from collections import deque
from collections.abc import Iterable, Iterator

from core.ids import EpochId
from core.instants import to_ms
from edge_agent.backoff import Random, again_after_ms
from edge_agent.cache_writer import CacheWriter
from edge_agent.hub_clock import compared, is_better
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
from edge_agent.sync_health import HealthWatch
from edge_agent.sync_outbox import Outbox
from edge_agent.sync_rows import RowsKeeper, Wish
from wire.codec import decode, encode, set_hash_text
from wire.envelope import open_keyed, sign
from wire.errors import ForgedError, WireError
from wire.messages import (
    EPOCHS_PER_MESSAGE_MAX,
    Ack,
    Birth,
    Chunk,
    Command,
    Downward,
    EdgeState,
    EpochSpan,
    Hello,
    Message,
    Request,
    Rows,
)
from wire.topics import Down, Up, parse

BIRTH_AGAIN_MS = 2_000
BIRTH_AGAIN_CAP_MS = 60_000
ECHOES_MAX = 64
"""How many of this connection's `sent_ms` are remembered: only their echoes set the clock."""

REFUSALS_NOTED_MAX = 50
"""So many refusals of a connection are told; a flood of forged messages must not fill the disk."""

_SESSION = "session"
_MESSAGES: dict[Down, type[Downward]] = {
    Down.ACK: Ack,
    Down.ROWS: Rows,
    Down.CHUNK: Chunk,
    Down.COMMAND: Command,
    Down.HELLO: Hello,
}


class Engine:
    """Call each method in one thread, do the returned actions in order, and `tick` after each.

    Raises JournalError and sqlite3.Error of the files it is given, nothing for any message; what
    a failed call would have sent is sent again.
    """

    def __init__(
        self, identity: SyncIdentity, journal: JournalSource, cache: CacheWriter, random: Random
    ) -> None:
        self._identity = identity
        self._journal = journal
        self._cache = cache
        self._random = random
        self._outbox = Outbox(journal, random)
        self._rows = RowsKeeper(cache, random)
        self._health = HealthWatch(random)
        self._echoes: deque[int] = deque(maxlen=ECHOES_MAX)
        self._session = 0
        self._connected = False
        self._births = 0
        self._birth_due = 0
        self._born: list[EpochSpan] = []
        self.answered = False
        """True once the hub has answered this connection's birth."""
        self.refused = 0
        self.repeated = 0

    def connecting(self, now: Now) -> Publish:
        """Begin a session; the returned message is the will to connect with."""
        self._session = max(self._cache.counter(_SESSION) + 1, to_ms(now.at))
        self._cache.grew(_SESSION, self._session)
        return self._sealed(Up.STATE, EdgeState(session=self._session, online=False))

    def connected(self, now: Now) -> list[Action]:
        """The broker has accepted the connection."""
        self._connected = True
        self._births = self.refused = 0
        self._birth_due = now.monotonic_ms
        self._echoes.clear()
        return [*self._birth(now), self._online(now)]

    def disconnected(self) -> list[Action]:
        """The connection is gone; what was in flight is sent again from the marks."""
        self._connected = False
        return self._silent()

    def closing(self) -> list[Action]:
        """Say goodbye before the connection is closed on purpose."""
        if not self._connected:
            return []
        return [self._sealed(Up.STATE, EdgeState(session=self._session, online=False))]

    def received(self, topic: str, payload: bytes, now: Now) -> list[Action]:
        """Take one message from the broker; one that is not the hub's has no effect."""
        try:
            channel, message = self._opened(topic, payload)
            if not self._cache.grew(channel, message.counter):
                self.repeated += 1
                return []
            self._compare_clocks(message, now)
            return list(self._taken(message, now))
        except WireError as error:
            return self._refusal(topic, error)

    def wanted(self, now: Now) -> list[Action]:
        """Somebody at a gate waits for the newest rows."""
        if not self.answered:
            return []
        return list(self._granted(self._rows.wanted(now.monotonic_ms)))

    def tick(self, now: Now) -> list[Action]:
        """Something may be due, or the journal may have grown."""
        if not self._connected:
            return []
        if not self.answered:
            return self._birth(now) if now.monotonic_ms >= self._birth_due else []
        if self._outbox.resend(now.monotonic_ms):
            # The hub is silent: hold the entries back until it says that it is there.
            return [*self._silent(), *self._birth(now)]
        wishes = self._rows.tick(now.monotonic_ms)
        actions = [*self._granted(wishes), *self._outgoing(now)]
        if self._health.is_news(self._cache.standing().version, now):
            actions.append(self._online(now))
        return actions

    @property
    def due_ms(self) -> int | None:
        """When `tick` is due on the monotonic clock; None while only a connection would help."""
        if not self._connected:
            return None
        if not self.answered:
            return self._birth_due
        resend = self._outbox.due_ms
        due = min(self._rows.due_ms, self._health.due_ms)
        return due if resend is None else min(resend, due)

    @property
    def waiting(self) -> int:
        """How many entries the hub has not acknowledged, as far as is known."""
        return self._outbox.waiting

    def _opened(self, topic: str, payload: bytes) -> tuple[Down, Downward]:
        address, channel = parse(topic)
        if address != self._identity.address or not isinstance(channel, Down):
            raise ForgedError("topic", topic, f"send to {self._identity.address.base}/dn/")
        body = open_keyed(self._identity.mac_key, topic, payload)
        return channel, decode(_MESSAGES[channel], body)

    def _taken(self, message: Downward, now: Now) -> Iterator[Action]:
        match message:
            case Ack():
                yield from self._acknowledged(message, now)
            case Rows():
                yield from self._granted(self._rows.rows(message, now.monotonic_ms))
            case Chunk():
                yield from self._granted(self._rows.chunk(message, now.monotonic_ms))
            case Command():
                yield TellAgent(command=message)
            case _:
                self._births, self.answered = 0, False
                yield from self._birth(now)

    def _acknowledged(self, message: Ack, now: Now) -> Iterator[Action]:
        for rejected in message.rejected:
            fields: dict[str, str | int] = {
                "epoch": rejected.epoch,
                "seq": rejected.seq,
                "code": rejected.code,
            }
            yield Noted(event="entry_rejected", fields=fields)
        marks = {EpochId(epoch): seq for epoch, seq in message.marks.items()}
        if self.answered:
            moved = self._outbox.acknowledge(marks, now.monotonic_ms)
            if moved:
                self._cache.put_marks(moved)
        elif message.echo_ms in self._echoes:
            # A hub restored from a backup may not know an epoch: it then has nothing of it.
            named = {EpochId(span.epoch): marks.get(EpochId(span.epoch), 0) for span in self._born}
            self._cache.put_marks(named)
            self._cache.keep_marks(named)
            self._outbox.begin(self._born, named, now.monotonic_ms)
            self.answered = True
            yield TellAgent(connected=True)
            yield Noted(event="hub_answered", fields={"entries_waiting": self._outbox.waiting})

    def _silent(self) -> list[Action]:
        """Nobody answers any more."""
        was, self.answered = self.answered, False
        return [TellAgent(connected=False)] if was else []

    def _birth(self, now: Now) -> list[Action]:
        self._born = self._offered()
        wait = again_after_ms(BIRTH_AGAIN_MS, BIRTH_AGAIN_CAP_MS, self._births, self._random)
        self._birth_due = now.monotonic_ms + wait
        self._births += 1
        self._echoes.append(now.monotonic_ms)
        self._rows.begin(now.monotonic_ms)
        standing = self._cache.standing()
        birth = Birth(
            session=self._session,
            software=self._identity.software,
            boot_id=self._identity.boot_id,
            epochs=self._born,
            cache_version=standing.version,
            set_hash=set_hash_text(standing.set_hash),
            clock=now.clock.value,
            uncertainty_ms=now.uncertainty_ms,
            sent_ms=now.monotonic_ms,
        )
        # Also when a birth is repeated: the broker may have lost the subscription, or we this list.
        subscription = Subscribe(topic_filter=self._identity.address.down_filter)
        return [subscription, self._sealed(Up.BIRTH, birth)]

    def _online(self, now: Now) -> Publish:
        health = self._health.told(self._cache.standing().version, now)
        return self._sealed(Up.STATE, EdgeState(session=self._session, online=True, health=health))

    def _offered(self) -> list[EpochSpan]:
        """What is kept; if there are too many epochs, those that wait come first."""
        spans = list(self._journal.spans())
        if len(spans) <= EPOCHS_PER_MESSAGE_MAX:
            return spans
        marks = self._cache.marks()
        spans.sort(key=lambda s: (marks.get(EpochId(s.epoch), 0) >= s.last, s.epoch))
        return sorted(spans[:EPOCHS_PER_MESSAGE_MAX], key=lambda s: s.epoch)

    def _outgoing(self, now: Now) -> Iterator[Action]:
        """Batches as far as the window has room, then a preview of what has to wait."""
        if not self.answered:
            return
        for batch in self._outbox.batches(now.monotonic_ms):
            self._echoes.append(batch.sent_ms)
            yield self._sealed(Up.ENTRIES, batch)
        preview = self._outbox.preview(now.monotonic_ms)
        if preview is not None:
            yield self._sealed(Up.PREVIEW, preview)

    def _granted(self, wishes: Iterable[Wish]) -> Iterator[Action]:
        for wish in wishes:
            if isinstance(wish, Request):
                self._echoes.append(wish.sent_ms)
                yield self._sealed(Up.REQUEST, wish)
            else:
                yield wish

    def _compare_clocks(self, message: Downward, now: Now) -> None:
        if message.echo_ms is None or message.echo_ms not in self._echoes:
            return
        clock = compared(message.hub_at, message.echo_ms, now, self._identity.boot_id)
        if is_better(clock, self._cache.clock()):
            self._cache.put_clock(clock)

    def _sealed(self, channel: Up, message: Message) -> Publish:
        topic = self._identity.address.up(channel)
        payload = sign(self._identity.private_key, topic, encode(message))
        # A preview is a hint: it must not take a place among what has to arrive.
        return Publish(topic=topic, payload=payload, qos=0 if channel is Up.PREVIEW else 1)

    def _refusal(self, topic: str, error: WireError) -> list[Action]:
        self.refused += 1
        if self.refused > REFUSALS_NOTED_MAX:
            return []
        fields: dict[str, str | int] = {
            "topic": topic,
            "field": error.field,
            "problem": error.problem,
            "remedy": error.remedy,
        }
        return [Noted(event="message_refused", fields=fields)]
