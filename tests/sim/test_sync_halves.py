"""The edge's real half of sync against the hub's real half, over a channel that misbehaves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from core.entries import Alarmed
from core.ids import AccessPointId, AccountId, CommandId, EdgeId
from core.instants import ClockState, Moment
from edge_agent.journal import Journal, JournalReader
from edge_agent.sync_actions import SyncIdentity
from hub.acts import Act
from hub.edges import commands
from hub.edges import service as edges
from hub.rows import service as rows
from hub.rows.store import Standing
from hub.taps.letters import Received
from tests.edge_agent.sync.scripted_hub import Sent
from tests.edge_agent.sync.sync_world import Between, Faults
from tests.hub.edge_half import EdgeHalf
from tests.hub.taps.hub_half import ANA, SITE, START, HubHalf
from wire.messages import HolderRow, RowKind

_STEPS_MAX = 600


@dataclass
class _RealHub:
    """The hub's half, handed bytes and giving bytes."""

    half: HubHalf
    edge: EdgeHalf

    @property
    def now(self) -> datetime:
        return self.half.at

    @now.setter
    def now(self, at: datetime) -> None:
        self.half.at = at

    @property
    def version(self) -> int:
        return self._standing().version

    @property
    def set_hash(self) -> int:
        return int(self._standing().set_hash, 16)

    def handle(self, topic: str, payload: bytes) -> list[Sent]:
        for due in self.half.ingest.take([Received(topic=topic, payload=payload, at=self.now)]):
            self.half._say(due)
        self.half.project()
        self.half.postman.push_rows([SITE])
        return self.said()

    def said(self) -> list[Sent]:
        """What the hub has published to this edge since it was last asked."""
        mine = [sent for sent in self.half.published if sent[0].startswith(self.edge.address.base)]
        self.half.published.clear()
        return mine

    def _standing(self) -> Standing:
        with self.half.database.read() as connection:
            return rows.standing(connection, SITE)


class _Site:
    """An edge with a real journal and cache, a hub with a real database."""

    def __init__(self, directory: Path) -> None:
        self.half = HubHalf(directory / "tenant.db")
        edge = self.half.enrolled()
        self.half.furnish()
        self.directory = directory
        self.hub = _RealHub(self.half, edge)
        self.journal = self.opened()
        self.reader = JournalReader(directory / "journal.db")
        self.world = Between(
            directory=directory,
            journal=self.reader,
            hub=self.hub,
            identity=SyncIdentity(
                address=edge.address,
                private_key=edge.key,
                mac_key=edge.mac_key,
                software="vratar 0.1.0",
                boot_id="boot-1",
            ),
        )

    def opened(self) -> Journal:
        """The agent starts: a new epoch."""
        return Journal.opened(
            self.directory / "journal.db",
            edge=EdgeId(self.hub.edge.id),
            random_bytes=Random(1).randbytes,  # noqa: S311 - a seed, no secret
            moment=_moment(0),
            monotonic_ms=0,
            software="vratar 0.1.0",
        )

    def restart_agent(self) -> None:
        self.journal.close()
        self.journal = self.opened()

    def record(self, count: int = 1) -> None:
        for _ in range(count):
            body = Alarmed(part="gate", alarm="test", detail="")
            self.journal.record(body, _moment(self.world.now_ms), self.world.now_ms)

    def block(self, *, blocked: bool) -> None:
        self.half.put((RowKind.HOLDER, ANA, HolderRow(blocked=blocked)))
        self.half.postman.push_rows([SITE])
        self.world.down.extend(self.hub.said())

    def settle(self) -> None:
        self.world.faults = Faults()
        self.world.connect()
        self.world.run(lambda: self.world.engine.answered and self.world.settled(), _STEPS_MAX)

    def close(self) -> None:
        self.journal.close()
        self.reader.close()
        self.world.cache.close()
        self.half.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[_Site]:
    site = _Site(tmp_path)
    yield site
    site.close()


def test_both_halves_agree_on_rows_and_entries(site: _Site) -> None:
    site.record(450)
    site.settle()
    assert site.world.cache.marks() == {site.journal.epoch: 451}
    assert _refused(site) == []
    site.block(blocked=True)
    site.world.run(site.world.settled, _STEPS_MAX)
    assert site.world.cache.standing().version == site.hub.version


def test_the_hub_knows_within_two_seconds_how_the_edge_is(site: _Site) -> None:
    site.settle()
    for turn in range(3):
        site.block(blocked=turn % 2 == 0)
        site.world.clock = (ClockState.TRUSTED, ClockState.DRIFTING)[turn % 2]
        for _ in range(20):
            site.world.step(100)
        with site.half.database.read() as connection:
            edge = edges.get(connection, site.hub.edge.id)
        assert (edge.cache_version, edge.clock) == (site.hub.version, site.world.clock.value)
        assert edge.reported_at is not None
        assert site.half.at - edge.reported_at <= timedelta(seconds=2)


def test_several_epochs_and_a_bad_channel_end_equal(site: _Site) -> None:
    for seed in range(6):
        site.world.chance = Random(seed)  # noqa: S311 - a seed, no secret
        site.world.faults = Faults(lost=0.2, doubled=0.2, late=0.3)
        site.world.connect()
        for turn in range(6):
            site.record(turn)
            site.block(blocked=turn % 2 == 0)
            for _ in range(4):
                site.world.step(700)
        if seed % 2:
            site.restart_agent()
        else:
            site.world.kill()
    site.settle()
    assert _refused(site) == []
    spans = {span.epoch: span.last for span in site.reader.spans()}
    assert site.world.cache.marks() == spans
    assert len(spans) == 4


def test_an_edge_that_lost_its_cache_is_filled_again(site: _Site) -> None:
    site.settle()
    site.world.cache.close()
    for path in site.directory.glob("cache*"):
        path.unlink()
    site.world.start()
    assert not site.world.cache.standing().filled
    site.settle()


def test_a_diverged_cache_is_mended_by_a_snapshot(site: _Site) -> None:
    site.settle()
    site.world.cache._connection.execute("UPDATE standing SET set_hash = ?", ("1" * 32,))
    site.settle()
    events = [note.event for note in site.world.noted]
    assert "snapshot_adopted" in events


def test_a_command_is_told_to_the_agent_and_repeated_until_it_is_answered(site: _Site) -> None:
    site.settle()
    with site.half.database.write() as connection:
        act = Act(
            connection=connection,
            account=AccountId("a-ana"),
            at=site.half.at,
            random_bytes=site.half.chance,
        )
        commands.give(
            act,
            edge=site.hub.edge.id,
            action="open",
            access_point=AccessPointId("p-in"),
            valid_for=timedelta(seconds=30),
        )
    for _ in range(3):
        site.half.turn(seconds=1)
        site.half.postman.send_commands()
        for sent in site.hub.said():
            site.world.deliver(sent)
    told = [hint.command for hint in site.world.told if hint.command is not None]
    assert len(told) >= 2
    assert len({CommandId(command.id) for command in told}) == 1
    assert _refused(site) == []


def _refused(site: _Site) -> list[object]:
    return [note for note in site.world.noted if note.event == "message_refused"]


def _moment(now_ms: int) -> Moment:
    at = START + timedelta(milliseconds=now_ms)
    return Moment(at=at, clock=ClockState.TRUSTED, uncertainty=timedelta(milliseconds=5))
