"""The sync process as a whole: real sockets, real files, a hub behind a small broker."""

import json
import logging
import queue
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from core.entries import Alarmed
from core.ids import EdgeId
from core.instants import ClockState, Moment, whole_ms
from edge_agent.cache import CacheReader
from edge_agent.clock import Instant
from edge_agent.hints import AGENT_SOCKET, SYNC_SOCKET, HintSender
from edge_agent.identity import Identity
from edge_agent.journal import Journal, JournalReader, JournalUnwritableError
from edge_agent.mqtt import PlaintextRefusedError
from edge_agent.sync_process import Surroundings, run
from tests.edge_agent.sync.scripted_hub import (
    ADDRESS,
    MAC_KEY,
    PRIVATE_KEY,
    ScriptedHub,
    Sent,
    fill,
)
from tests.edge_agent.sync.tiny_broker import TinyBroker
from wire.enrolment import Broker, Enrolment
from wire.messages import EpochSpan, HolderRow, RowKind
from wire.topics import Up, parse

JOURNAL_FILE = "journal.db"


class _Stubborn(JournalReader):
    """A journal whose file cannot be read the first times."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.refusals = 3

    def spans(self) -> list[EpochSpan]:
        if self.refusals:
            self.refusals -= 1
            raise JournalUnwritableError("it is busy")
        return super().spans()


class _Edge:
    """A sync process on a thread, beside a real journal; the hub is behind a real socket."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.hub = ScriptedHub()
        fill(self.hub)
        self.cabled = True
        self.sent: list[Sent] = []
        self.broker = TinyBroker(self._answer)
        self.stop = threading.Event()
        self.journal = Journal.opened(
            directory / JOURNAL_FILE,
            edge=EdgeId("edge-1"),
            random_bytes=Random(1).randbytes,  # noqa: S311 - a seed, no secret
            moment=_moment(),
            monotonic_ms=1,
            software="vratar 0.1.0",
        )
        self.agent = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.agent.bind(str(directory / AGENT_SOCKET))
        self.agent.settimeout(10)
        self.hints = HintSender(directory / SYNC_SOCKET)
        self.reader = CacheReader(directory)
        self.errors: queue.Queue[BaseException] = queue.Queue()
        self.journal_source = JournalReader(directory / JOURNAL_FILE)
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self.thread.start()

    def record(self) -> None:
        self.journal.record(Alarmed(part="gate", alarm="test", detail=""), _moment(), 2)

    def wait(self, until: Callable[[], bool]) -> None:
        """Until it is so; every message of the edge wakes the question."""
        self.broker.wait(until)

    def told(self, name: str) -> object:
        """The next hint to the agent that has this name."""
        for _ in range(100):
            hint = json.loads(self.agent.recv(65_536))
            if name in hint:
                return hint[name]
        raise AssertionError(name)

    def told_until(self, name: str, value: object) -> None:
        for _ in range(100):
            if self.told(name) == value:
                return
        raise AssertionError(name)

    def mark(self) -> int:
        return self.hub.mark(self.journal.epoch)

    def sent_births(self) -> int:
        return len([topic for topic, _ in self.sent if topic == ADDRESS.up(Up.BIRTH)])

    def close(self) -> None:
        self.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()
        self.broker.close()
        self.journal.close()
        self.agent.close()
        self.hints.close()
        self.reader.close()

    def _answer(self, topic: str, payload: bytes) -> list[Sent]:
        self.sent.append((topic, payload))
        self.hub.now = whole_ms(datetime.now(UTC))
        return self.hub.handle(topic, payload) if self.cabled else []

    def _run(self) -> None:
        try:
            run(
                Surroundings(
                    directory=self.directory,
                    identity=_identity(self.broker.port),
                    journal=self.journal_source,
                    clocks=_clocks,
                    has_battery=False,
                    random=Random(2).random,  # noqa: S311 - a seed, no secret
                    software="vratar 0.1.0",
                ),
                self.stop,
            )
        except BaseException as error:
            self.errors.put(error)
            raise
        finally:
            self.journal_source.close()


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[_Edge]:
    edge = _Edge(tmp_path)
    edge.start()
    yield edge
    edge.close()
    assert edge.errors.empty()


def test_an_edge_comes_up_is_filled_and_delivers_what_it_has(edge: _Edge) -> None:
    assert edge.told("cache") == edge.hub.version
    edge.wait(lambda: edge.mark() == 1)
    assert edge.reader.version() == edge.hub.version
    assert edge.hub.births[0].boot_id == "boot-1"
    assert edge.hub.states[0].online


@pytest.mark.must("P-040")
def test_an_entry_goes_out_when_it_is_committed_and_not_before(edge: _Edge) -> None:
    edge.wait(lambda: edge.mark() == 1)
    beside = sqlite3.connect(edge.directory / JOURNAL_FILE, isolation_level=None)
    beside.execute("BEGIN IMMEDIATE")
    beside.execute(
        "INSERT INTO entries SELECT epoch, 2, at_ms, content, hash FROM entries WHERE seq = 1"
    )
    edge.hints.send({"recorded": 2})
    edge.hints.send({"wanted": 0})
    edge.wait(lambda: bool(edge.hub.requests))
    assert len(edge.hub.batches) == 1
    beside.execute("ROLLBACK")
    beside.close()
    edge.record()
    edge.hints.send({"recorded": 2})
    edge.wait(lambda: edge.mark() == 2)


def test_an_entry_whose_hint_is_lost_goes_out_within_a_second(edge: _Edge) -> None:
    edge.wait(lambda: edge.mark() == 1)
    started = time.monotonic()
    edge.record()
    edge.wait(lambda: edge.mark() == 2)
    assert time.monotonic() - started < 3


def test_a_journal_that_cannot_be_read_for_a_while_is_told_and_delays_no_more_than_that(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    edge = _Edge(tmp_path)
    edge.journal_source = _Stubborn(tmp_path / JOURNAL_FILE)
    edge.start()
    edge.wait(lambda: edge.mark() == 1)
    assert "journal_unreadable" in caplog.text
    assert "it is busy" in caplog.text
    edge.close()
    assert edge.errors.empty()


def test_a_command_reaches_the_agent_as_the_hub_said_it(edge: _Edge) -> None:
    edge.wait(lambda: edge.mark() == 1)
    edge.broker.send(edge.hub.command("open-1"))
    command = edge.told("command")
    assert isinstance(command, dict)
    assert (command["id"], command["action"], command["access_point"]) == (
        "open-1",
        "open",
        "gate-in",
    )


def test_a_pushed_block_is_in_the_cache_when_the_agent_hears_of_it(edge: _Edge) -> None:
    edge.told("cache")
    since = edge.hub.version
    edge.hub.put(RowKind.HOLDER, "h-1", HolderRow(blocked=True))
    edge.broker.send(edge.hub.push(since))
    assert edge.told("cache") == edge.hub.version
    assert edge.reader.version() == edge.hub.version


@pytest.mark.must("P-021", "P-029")
def test_after_a_cut_cable_a_new_session_delivers_the_rest(edge: _Edge) -> None:
    edge.told_until("connected", True)
    edge.broker.cut()
    edge.told_until("connected", False)
    edge.record()
    edge.wait(lambda: edge.mark() == 2)
    assert all(a.session < b.session for a, b in pairwise(edge.hub.births))
    assert len(edge.broker.hails) == 2
    assert edge.broker.hails[0].will_payload != edge.broker.hails[1].will_payload


def test_a_hub_that_is_silent_behind_its_broker_costs_no_connection(edge: _Edge) -> None:
    edge.wait(lambda: edge.mark() == 1)
    edge.cabled = False
    edge.broker.cut()
    edge.wait(lambda: len(edge.broker.hails) == 2)
    edge.record()
    before = edge.sent_births()
    edge.wait(lambda: edge.sent_births() >= before + 1)
    edge.cabled = True
    edge.wait(lambda: edge.mark() == 2)
    assert len(edge.broker.hails) == 2


def test_it_says_goodbye_when_it_is_stopped(tmp_path: Path) -> None:
    edge = _Edge(tmp_path)
    edge.start()
    edge.wait(lambda: edge.mark() == 1)
    edge.stop.set()
    edge.thread.join(10)
    edge.wait(lambda: edge.broker.goodbyes == 1)
    assert [state.online for state in edge.hub.states] == [True, False]
    edge.close()


@pytest.mark.must("P-101")
def test_no_key_is_in_anything_that_is_sent_or_logged(
    edge: _Edge, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    edge.record()
    edge.hints.send({"recorded": 2})
    edge.wait(lambda: edge.mark() == 2)
    edge.broker.send(("v1/x/y/z/dn/ack", b"nonsense"))
    edge.broker.send(edge.hub.command("open-1"))
    edge.told("command")  # it came after the nonsense
    private = PRIVATE_KEY.private_bytes_raw()
    assert "message_refused" in caplog.text
    for key in (private, MAC_KEY):
        assert not [p for _, p in edge.sent if key in p or key.hex().encode() in p]
        assert key.hex() not in caplog.text
    assert "geslo" not in caplog.text


def test_a_broker_off_this_machine_ends_the_process_with_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(PlaintextRefusedError, match="without TLS is refused"):
        run(
            Surroundings(
                directory=tmp_path,
                identity=_identity(1883, host="192.0.2.1"),
                journal=JournalReader(tmp_path / JOURNAL_FILE),
                clocks=_clocks,
                has_battery=False,
                random=Random(2).random,  # noqa: S311 - a seed, no secret
                software="vratar 0.1.0",
            ),
            threading.Event(),
        )


def test_only_channels_of_its_own_are_used(edge: _Edge) -> None:
    edge.record()
    edge.hints.send({"recorded": 2})
    edge.wait(lambda: edge.mark() == 2)
    assert {parse(topic)[0] for topic, _ in edge.sent} == {ADDRESS}
    assert {parse(topic)[1] for topic, _ in edge.sent} <= set(Up)


def _moment() -> Moment:
    return Moment(
        at=whole_ms(datetime.now(UTC)), clock=ClockState.UNKNOWN, uncertainty=timedelta(0)
    )


def _clocks() -> Instant:
    return Instant(
        wall=datetime.now(UTC), monotonic_ms=time.monotonic_ns() // 1_000_000, boot_id="boot-1"
    )


def _identity(port: int, host: str = "127.0.0.1") -> Identity:
    return Identity(
        enrolment=Enrolment(
            environment="test",
            tenant=ADDRESS.tenant,
            site=ADDRESS.site,
            edge=ADDRESS.edge,
            broker=Broker(host=host, port=port, username=ADDRESS.edge, password="geslo"),
            mac_key=MAC_KEY.hex(),
            site_key="cd" * 32,
            hub_at=datetime.now(UTC),
        ),
        private_key=PRIVATE_KEY.private_bytes_raw().hex(),
    )


def test_a_broker_that_takes_the_call_and_says_nothing_is_given_up(tmp_path: Path) -> None:
    stop, calls = threading.Event(), 0
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        surroundings = Surroundings(
            directory=tmp_path,
            identity=_identity(silent.getsockname()[1]),
            journal=JournalReader(tmp_path / JOURNAL_FILE),
            clocks=_hurried,
            has_battery=False,
            random=Random(2).random,  # noqa: S311 - a seed, no secret
            software="vratar 0.1.0",
        )
        thread = threading.Thread(target=run, args=(surroundings, stop), daemon=True)
        thread.start()
        kept = []
        for _ in range(2):
            kept.append(silent.accept()[0])
            calls += 1
        stop.set()
        thread.join(10)
        for call in kept:
            call.close()
    assert calls == 2
    assert not thread.is_alive()


def _hurried() -> Instant:
    """Clocks on which ten seconds pass in a fifth of one."""
    now = _clocks()
    return Instant(wall=now.wall, monotonic_ms=50 * now.monotonic_ms, boot_id="boot-1")
