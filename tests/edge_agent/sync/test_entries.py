"""Entries on their way to the hub: the window, marks up and down, previews."""

import pytest

from core.chain import GENESIS
from edge_agent.sync_outbox import STALLS_MAX
from tests.edge_agent.sync.memory_journal import epoch
from tests.edge_agent.sync.scripted_hub import (
    START,
)
from tests.edge_agent.sync.sync_world import World, channels, record, settled
from wire.messages import (
    BATCH_BYTES_MAX,
    BATCHES_IN_FLIGHT_MAX,
    ENTRIES_PER_BATCH_MAX,
    Ack,
    Rejected,
)
from wire.topics import Down, Up


@pytest.mark.must("P-041", "P-042", "P-043")
def test_a_backlog_goes_in_batches_and_a_bounded_window(world: World) -> None:
    record(world, 5_000)
    world.connect()
    world.step()
    assert len(world.up) == BATCHES_IN_FLIGHT_MAX
    world.run(world.settled)
    hub = world.hub
    assert hub.kept[epoch(1)] == world.journal.epochs[epoch(1)]
    hashes = world.journal.hashes[epoch(1)]
    for batch in hub.batches:
        assert len(batch.entries) <= ENTRIES_PER_BATCH_MAX
        assert bytes.fromhex(batch.previous) == hashes[batch.first - 1]


@pytest.mark.must("P-042")
def test_large_entries_close_a_batch_by_bytes(world: World) -> None:
    record(world, 100, "x" * 3_000)
    settled(world)
    sizes = [sum(len(bytes(entry)) for entry in batch.entries) for batch in world.hub.batches]
    assert max(sizes) <= BATCH_BYTES_MAX
    assert len(sizes) > 4


@pytest.mark.must("P-008", "P-044")
def test_only_a_mark_acknowledges(world: World) -> None:
    record(world, 10)
    world.connect()
    world.step()
    world.up.clear()  # the broker has said PUBACK, the hub has not seen them
    assert world.cache.marks()[epoch(1)] == 0
    assert world.engine.waiting == 11
    world.run(world.all_acknowledged)
    assert world.engine.waiting == 0


@pytest.mark.must("P-045")
def test_a_mark_that_the_hub_lowers_is_sent_again_from_there(world: World) -> None:
    record(world, 300)
    settled(world)
    world.hub.restore_from_backup(keep=100)
    world.deliver(world.hub.ack({epoch(1): 100}, None))
    assert world.cache.marks()[epoch(1)] == 100
    world.run(world.all_acknowledged)
    assert world.hub.kept[epoch(1)] == world.journal.epochs[epoch(1)]


@pytest.mark.must("P-045")
def test_a_hub_that_lost_everything_gets_everything_that_is_kept(world: World) -> None:
    record(world, 300)
    settled(world)
    world.hub.restore_from_backup(keep=0)
    world.journal.trim(epoch(1), 50)
    world.connect()
    world.run(lambda: world.engine.answered and world.all_acknowledged())
    assert world.hub.lost[epoch(1)] == 50
    assert world.hub.kept[epoch(1)] == world.journal.epochs[epoch(1)][50:]
    again = [batch for batch in world.hub.batches if batch.first == 51]
    assert bytes.fromhex(again[-1].previous) == GENESIS


@pytest.mark.must("P-046")
def test_a_lost_batch_is_sent_again_after_a_time(world: World) -> None:
    settled(world)
    record(world, 1)
    world.do(world.engine.tick(world.now))
    assert len(world.up) == 1
    world.up.clear()
    sent_at = world.now_ms
    world.run(world.all_acknowledged)
    assert 2_500 <= world.now_ms - sent_at <= 5_100


@pytest.mark.must("P-046")
def test_a_hub_that_stays_silent_is_asked_whether_it_is_there(world: World) -> None:
    settled(world)
    record(world, 1)
    world.hub_is_up = False
    births = channels(world).count(Up.BIRTH)
    world.run(lambda: channels(world).count(Up.BIRTH) > births)
    assert channels(world).count(Up.ENTRIES) == STALLS_MAX + 1  # one was before the silence
    assert not world.engine.answered
    world.hub_is_up = True
    world.run(world.settled)


@pytest.mark.must("P-047")
def test_a_new_epoch_is_sent_after_the_rest_of_the_one_before(world: World) -> None:
    settled(world)
    record(world, 3)
    world.journal.open(2)
    record(world, 2)
    world.run(world.settled)
    assert [batch.epoch for batch in world.hub.batches[-2:]] == [epoch(1), epoch(2)]
    assert len(world.hub.kept[epoch(1)]) == 4
    assert len(world.hub.kept[epoch(2)]) == 3


@pytest.mark.must("P-055")
def test_a_live_entry_is_shown_while_older_ones_wait(world: World) -> None:
    record(world, 10_000)
    world.connect()
    world.step()
    record(world, 1, "live")
    world.do(world.engine.tick(world.now))
    world.step()
    assert [bytes(entry) for entry in world.hub.previews[0].entries][-1].find(b"live") > 0
    world.run(world.settled)
    shown = len(world.hub.previews)
    record(world, 1, "later")
    world.run(world.settled)
    assert len(world.hub.previews) == shown, "nothing waits, so nothing goes ahead"


def test_entries_that_the_hub_keeps_aside_are_told(world: World) -> None:
    settled(world)
    rejected = Rejected(epoch=epoch(1), seq=1, code="malformed")
    ack = Ack(counter=0, hub_at=START, marks={}, rejected=[rejected])
    world.deliver(world.hub.say(Down.ACK, ack))
    assert world.noted[-1].fields == {"epoch": epoch(1), "seq": 1, "code": "malformed"}


@pytest.mark.must("P-045")
def test_an_epoch_that_the_hub_does_not_name_is_sent_from_its_beginning(world: World) -> None:
    record(world, 5)
    world.connect()
    birth_at = world.now_ms
    world.up.clear()
    world.deliver(world.hub.ack({}, birth_at))
    world.step()
    assert world.hub.batches[0].first == 1
    assert world.all_acknowledged()


@pytest.mark.must("P-045")
def test_below_what_is_kept_nothing_is_sent(world: World) -> None:
    record(world, 100)
    settled(world)
    world.journal.trim(epoch(1), 50)
    world.hub.restore_from_backup(keep=0)
    world.connect()
    world.run(lambda: world.engine.answered and world.all_acknowledged())
    world.deliver(world.hub.ack({epoch(1): 20}, None))
    world.step()
    assert world.hub.batches[-1].first == 51


def test_marks_of_epochs_that_are_no_longer_kept_are_forgotten(world: World) -> None:
    world.cache.put_marks({epoch(7): 3})
    settled(world)
    assert set(world.cache.marks()) == {epoch(1)}
