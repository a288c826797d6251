"""Taking in: exactly once, in chain, whatever the wire does to what an edge says."""

from datetime import timedelta
from pathlib import Path
from shutil import copy2

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.entries import Alarmed
from core.ids import EdgeId, SiteId
from hub.edges import service as edges
from hub.taps.ingest import HelloDue, Hint
from hub.taps.letters import Received
from hub.taps.service import verify_chains
from hub.taps.store import feed, journal
from tests.hub.edge_half import Chain, EdgeHalf, epoch_named, spoiled
from tests.hub.taps.hub_half import START, HubHalf, tapped
from wire.codec import encode
from wire.envelope import authenticate, sign
from wire.messages import Ack, EpochSpan, Hello, Rejected
from wire.topics import Up


def note(number: int) -> Alarmed:
    return Alarmed(part="door", alarm=f"alarm-{number}", detail="")


def chain_of(half: EdgeHalf, count: int, *, epoch: int = 1, previous: Chain | None = None) -> Chain:
    """An epoch with its opening and `count` further entries."""
    chain = Chain(half.id, epoch_named(epoch))
    chain.open(previous, START)
    for number in range(count):
        chain.add(note(number), START + timedelta(seconds=number))
    return chain


def mark(half: HubHalf, edge: EdgeHalf, chain: Chain) -> int:
    """The mark that the edge was told last."""
    ack = half.told(edge, Ack)
    assert isinstance(ack, Ack)
    return ack.marks[chain.epoch]


def entries(half: HubHalf) -> int:
    with half.database.read() as connection:
        return journal.count_entries(connection)


@pytest.mark.must("P-048")
def test_a_batch_is_acknowledged_once_it_is_committed(half: HubHalf) -> None:
    edge = half.enrolled()
    chain = chain_of(edge, 3)
    half.born(edge, chain)
    half.send(edge, chain)
    assert mark(half, edge, chain) == 4
    half.close()
    half.start()
    assert entries(half) == 4


def test_the_batch_is_kept_as_it_was_received(half: HubHalf) -> None:
    edge = half.enrolled()
    chain = chain_of(edge, 3)
    said = edge.says(Up.ENTRIES, chain.batch(), half.at)
    half.hear(said)
    with half.database.read() as connection:
        assert list(journal.batches(connection, edge.id)) == [(said.topic, said.payload)]


@pytest.mark.must("P-049")
def test_a_batch_that_comes_again_changes_nothing_and_tells_the_mark_again(half: HubHalf) -> None:
    edge = half.enrolled()
    chain = chain_of(edge, 3)
    said = edge.says(Up.ENTRIES, chain.batch(sent_ms=77), half.at)
    half.hear(said)
    half.hear(said, said)
    assert entries(half) == 4
    assert mark(half, edge, chain) == 4
    with half.database.read() as connection:
        assert len(journal.batches(connection, edge.id)) == 1


@pytest.mark.must("P-051")
def test_a_gap_is_not_acknowledged_so_that_the_edge_sends_again(half: HubHalf) -> None:
    edge = half.enrolled()
    chain = chain_of(edge, 5)
    half.send(edge, chain, 1, 2)
    half.send(edge, chain, 4, 6)
    assert mark(half, edge, chain) == 2
    assert entries(half) == 2
    half.send(edge, chain, 3, 6)
    assert mark(half, edge, chain) == 6
    assert half.alarms() == []


@pytest.mark.must("P-049", "P-051")
@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(order=st.lists(st.tuples(st.integers(1, 8), st.integers(1, 4)), max_size=20))
def test_in_whatever_order_and_overlap_parts_come_each_entry_is_there_once(
    tmp_path_factory: pytest.TempPathFactory, order: list[tuple[int, int]]
) -> None:
    half = HubHalf(tmp_path_factory.mktemp("hub") / "tenant.db")
    edge = half.enrolled()
    chain = chain_of(edge, 7)
    reached = 0
    for first, count in order:
        last = min(first + count - 1, 8)
        half.send(edge, chain, first, last)
        reached = max(reached, last) if first <= reached + 1 else reached
        assert mark(half, edge, chain) == reached
    half.send(edge, chain)
    with half.database.read() as connection:
        stored = list(journal.chains(connection))
        assert verify_chains(connection).whole
    assert [each.content for each in stored] == chain.contents
    half.close()


@pytest.mark.must("P-050")
def test_the_same_key_with_another_hash_is_quarantined_and_alarmed(half: HubHalf) -> None:
    edge = half.enrolled()
    chain, other = chain_of(edge, 3), chain_of(edge, 1)
    other.add(note(99), START)
    half.send(edge, chain)
    half.send(edge, other)
    half.send(edge, other)
    assert half.alarms() == ["other-hash"]
    with half.database.read() as connection:
        assert journal.quarantined(connection) == [(edge.id, chain.epoch, 3)]
        kept = [each.content for each in journal.chains(connection)]
    assert kept == chain.contents
    ack = half.told(edge, Ack)
    assert isinstance(ack, Ack)
    assert ack.rejected == [Rejected(epoch=chain.epoch, seq=3, code="other-hash")]


@pytest.mark.must("P-051")
def test_entries_that_do_not_continue_the_chain_have_no_effect_and_do_not_block(
    half: HubHalf,
) -> None:
    edge = half.enrolled()
    chain, other = chain_of(edge, 2), chain_of(edge, 1)
    other.add(note(99), START)
    other.add(tapped(), START)
    half.send(edge, chain)
    half.send(edge, other, 4, 4)
    half.project()
    assert "broken-chain" in half.alarms()
    assert half.listed("taps") == []
    assert mark(half, edge, chain) == 4


@pytest.mark.must("P-052")
def test_an_entry_that_cannot_be_read_is_kept_aside_and_the_chain_goes_on(half: HubHalf) -> None:
    edge = half.enrolled()
    chain = chain_of(edge, 1)
    chain.add(note(7), START)
    poison = spoiled(chain.contents.pop())
    chain.hashes.pop()
    chain.add_content(poison)
    chain.add(note(8), START)
    half.send(edge, chain)
    half.project()
    assert mark(half, edge, chain) == 4
    ack = half.told(edge, Ack)
    assert isinstance(ack, Ack)
    assert ack.rejected == [Rejected(epoch=chain.epoch, seq=3, code="unreadable")]
    with half.database.read() as connection:
        assert verify_chains(connection).whole
        assert [each.aside for each in journal.chains(connection)][2] == "unreadable"
    assert half.alarms() == ["unreadable", "alarm-0", "alarm-8"]


@pytest.mark.must("P-056")
def test_entries_that_name_another_edge_have_no_effect(half: HubHalf) -> None:
    north, south = half.enrolled("north"), half.enrolled("south")
    chain = chain_of(north, 1)
    half.hear(south.says(Up.ENTRIES, chain.batch(), half.at))
    half.project()
    assert half.alarms() == ["wrong-key"]


@pytest.mark.must("P-010", "P-011", "P-016")
def test_forged_foreign_and_misplaced_messages_have_no_effect(
    half: HubHalf, caplog: pytest.LogCaptureFixture
) -> None:
    north, south = half.enrolled("north"), half.enrolled("south")
    body = encode(chain_of(north, 1).batch())
    topic, other_topic = north.address.up(Up.ENTRIES), south.address.up(Up.ENTRIES)
    elsewhere = EdgeHalf(north.tenant, SiteId("s-else"), north.id, seed=north.seed)
    nobody = EdgeHalf(north.tenant, north.site, EdgeId("e-nobody"))
    bad = [
        Received(topic=topic, payload=sign(south.key, topic, body), at=half.at),
        Received(topic=topic, payload=sign(north.key, other_topic, body), at=half.at),
        Received(topic=topic, payload=authenticate(north.mac_key, topic, body), at=half.at),
        Received(topic=topic, payload=b"rubbish", at=half.at),
        Received(topic=topic.replace("v1/", "v2/"), payload=b"", at=half.at),
        Received(topic=topic.replace("/up/", "/dn/"), payload=b"", at=half.at),
        elsewhere.says(Up.ENTRIES, chain_of(north, 1).batch(), half.at),
        nobody.says(Up.ENTRIES, chain_of(nobody, 1).batch(), half.at),
    ]
    assert half.hear(*bad) == []
    assert entries(half) == 0
    assert half.ingest.refused == len(bad)
    assert len([each for each in caplog.records if "message_refused" in each.message]) == len(bad)


@pytest.mark.must("P-012", "P-017")
def test_another_version_of_envelope_or_body_is_refused(half: HubHalf) -> None:
    edge = half.enrolled()
    topic = edge.address.up(Up.ENTRIES)
    said = edge.says(Up.ENTRIES, chain_of(edge, 1).batch(), half.at)
    newer = bytes([said.payload[0], 2]) + said.payload[2:]
    body = encode(chain_of(edge, 1).batch()).replace(b'"v":1', b'"v":2')
    assert (
        half.hear(
            Received(topic=topic, payload=newer, at=half.at),
            Received(topic=topic, payload=sign(edge.key, topic, body), at=half.at),
        )
        == []
    )
    assert half.ingest.refused == 2


@pytest.mark.must("P-054")
def test_a_preview_is_a_hint_and_leaves_no_trace(half: HubHalf) -> None:
    edge = half.enrolled()
    chain = chain_of(edge, 2)
    due = half.hear(edge.says(Up.PREVIEW, edge.preview(chain), half.at))
    assert [type(each) for each in due] == [Hint]
    half.project()
    assert entries(half) == 0
    with half.database.read() as connection:
        assert feed.last_id(connection) == 0


@pytest.mark.must("P-024")
def test_a_birth_is_answered_with_the_mark_of_every_epoch_and_its_echo(half: HubHalf) -> None:
    edge = half.enrolled()
    first, second = chain_of(edge, 3), chain_of(edge, 0, epoch=2)
    half.send(edge, first, 1, 2)
    birth = edge.birth([first.span(), second.span()], sent_ms=4711)
    half.hear(edge.says(Up.BIRTH, birth, half.at))
    ack = half.told(edge, Ack)
    assert isinstance(ack, Ack)
    assert ack.marks == {first.epoch: 2, second.epoch: 0}
    assert ack.echo_ms == 4711


@pytest.mark.must("P-063")
def test_an_answer_echoes_the_message_that_it_answers(half: HubHalf) -> None:
    edge = half.enrolled()
    chain = chain_of(edge, 3)
    half.hear(edge.says(Up.ENTRIES, chain.batch(1, 2, sent_ms=11), half.at))
    half.hear(edge.says(Up.ENTRIES, chain.batch(3, 4, sent_ms=12), half.at))
    assert [getattr(ack, "echo_ms", None) for ack in edge.heard(Ack)] == [11, 12]


@pytest.mark.must("P-027")
def test_an_edge_that_speaks_without_a_birth_is_asked_for_one(half: HubHalf) -> None:
    edge = half.enrolled()
    chain = chain_of(edge, 3)
    half.send(edge, chain, 1, 2)
    assert len(edge.heard(Hello)) == 1
    half.born(edge, chain)
    half.turn(seconds=10)
    due = half.hear(edge.says(Up.ENTRIES, chain.batch(3, 4), half.at))
    assert not any(isinstance(each, HelloDue) for each in due)
    half.greet_everyone()
    assert len(edge.heard(Hello)) == 2


@pytest.mark.must("P-030")
def test_the_will_of_an_earlier_connection_does_not_count(half: HubHalf) -> None:
    edge = half.enrolled()
    half.born(edge)
    half.born(edge)
    half.hear(edge.says(Up.STATE, edge.state(online=False, session=1), half.at))
    assert is_online(half, edge)
    half.hear(edge.says(Up.STATE, edge.state(online=False), half.at))
    assert not is_online(half, edge)


def test_a_replayed_birth_is_answered_but_brings_nobody_back(half: HubHalf) -> None:
    edge = half.enrolled()
    old = edge.says(Up.BIRTH, edge.birth(), half.at)
    half.hear(old)
    half.born(edge)
    half.hear(edge.says(Up.STATE, edge.state(online=False), half.at))
    half.hear(old)
    assert not is_online(half, edge)


def test_marks_of_several_messages_go_into_one_ack(half: HubHalf) -> None:
    edge = half.enrolled()
    chain = chain_of(edge, 3)
    half.hear(*(edge.says(Up.ENTRIES, chain.batch(seq, seq), half.at) for seq in (1, 2, 3, 4)))
    assert [getattr(ack, "marks", None) for ack in edge.heard(Ack)] == [{chain.epoch: 4}]


def test_an_epoch_tied_to_the_end_of_the_one_before_raises_no_alarm(half: HubHalf) -> None:
    edge = half.enrolled()
    first = chain_of(edge, 3)
    second = chain_of(edge, 1, epoch=2, previous=first)
    half.born(edge, first, second)
    half.send(edge, first)
    half.send(edge, second)
    assert half.alarms() == []


def test_an_epoch_that_overtakes_the_one_before_waits_for_it(half: HubHalf) -> None:
    edge = half.enrolled()
    first = chain_of(edge, 3)
    second = chain_of(edge, 1, epoch=2, previous=first)
    half.born(edge, first, second)
    half.send(edge, second)
    half.send(edge, first)
    half.born(edge, first, second)
    assert half.alarms() == []


def test_an_epoch_whose_predecessor_never_came_is_accepted_and_alarmed(half: HubHalf) -> None:
    edge = half.enrolled()
    first = chain_of(edge, 3)
    second = chain_of(edge, 1, epoch=2, previous=first)
    half.born(edge, second)
    half.send(edge, second)
    assert half.alarms() == ["missing-epoch"]
    assert mark(half, edge, second) == 2


def test_what_an_epoch_waits_for_is_alarmed_when_it_is_offered_no_longer(half: HubHalf) -> None:
    edge = half.enrolled()
    first = chain_of(edge, 3)
    second = chain_of(edge, 1, epoch=2, previous=first)
    half.born(edge, first, second)
    half.send(edge, second)
    half.born(edge, second)
    assert half.alarms() == ["missing-epoch"]


def test_a_restored_edge_image_shows_as_a_forked_journal(half: HubHalf) -> None:
    edge = half.enrolled()
    first = chain_of(edge, 5)
    image = Chain(edge.id, first.epoch, first.contents[:3], first.hashes[:3])
    half.send(edge, first)
    restored = chain_of(edge, 1, epoch=2, previous=image)
    half.born(edge, image, restored)
    half.send(edge, restored)
    assert half.alarms() == ["forked-journal"]
    assert mark(half, edge, restored) == 2


def test_two_epochs_after_the_same_one_show_as_a_forked_journal(half: HubHalf) -> None:
    edge = half.enrolled()
    first = chain_of(edge, 2)
    second = chain_of(edge, 1, epoch=2, previous=first)
    twin = Chain(edge.id, epoch_named(2, "b"))
    twin.open(first, START)
    for each in (first, second, twin):
        half.send(edge, each)
    assert half.alarms() == ["forked-journal"]


def test_a_journal_that_begins_anew_is_alarmed(half: HubHalf) -> None:
    edge = half.enrolled()
    half.send(edge, chain_of(edge, 2))
    anew = Chain(edge.id, epoch_named(1, "b"))
    anew.open(None, START)
    half.send(edge, anew)
    assert half.alarms() == ["lost-journal"]


@pytest.mark.must("P-053")
def test_entries_that_nobody_keeps_are_listed_by_number_and_passed(half: HubHalf) -> None:
    edge = half.enrolled()
    chain = chain_of(edge, 9)
    half.send(edge, chain, 1, 3)
    half.hear(edge.says(Up.BIRTH, edge.birth([chain.span(first=8)]), half.at))
    assert mark(half, edge, chain) == 7
    half.send(edge, chain, 8)
    assert mark(half, edge, chain) == 10
    assert half.alarms() == ["lost-entries"]
    with half.database.read() as connection:
        lost = journal.lost(connection, edge.id)
        assert verify_chains(connection).whole
    assert [(each.first, each.last) for each in lost] == [(4, 7)]


def test_an_epoch_of_which_nothing_is_left_is_passed_to_its_end(half: HubHalf) -> None:
    edge = half.enrolled()
    chain = chain_of(edge, 2)
    second = chain_of(edge, 1, epoch=2, previous=chain)
    empty = EpochSpan(epoch=chain.epoch, first=4, last=3, last_hash=chain.hashes[-1].hex())
    half.hear(edge.says(Up.BIRTH, edge.birth([empty, second.span()]), half.at))
    assert mark(half, edge, chain) == 3
    half.send(edge, second)
    assert half.alarms() == ["lost-entries"]


def test_a_hub_restored_from_a_backup_lowers_its_marks_and_catches_up(
    half: HubHalf, tmp_path: Path
) -> None:
    edge = half.enrolled()
    chain = chain_of(edge, 8)
    half.send(edge, chain, 1, 4)
    half.close()
    backup = copy2(half.path, tmp_path / "backup.db")
    half.start()
    half.send(edge, chain, 5, 9)
    counter = last_counter(edge)
    half.close()
    copy2(backup, half.path)
    half.turn(minutes=5)
    half.start()
    half.born(edge, chain)
    assert mark(half, edge, chain) == 4
    assert last_counter(edge) > counter
    half.send(edge, chain, 5, 9)
    assert mark(half, edge, chain) == 9
    assert half.alarms() == []


@pytest.mark.must("P-060")
def test_counters_grow_over_a_restart_of_the_hub(half: HubHalf) -> None:
    edge = half.enrolled()
    half.born(edge)
    before = last_counter(edge)
    half.close()
    half.start()
    half.born(edge)
    assert last_counter(edge) > before


def test_a_changed_entry_in_the_database_is_named(half: HubHalf) -> None:
    edge = half.enrolled()
    chain = chain_of(edge, 4)
    half.send(edge, chain)
    with half.database.write() as connection:
        connection.exec_driver_sql("UPDATE entries SET content = x'00' WHERE seq = 3")
    with half.database.read() as connection:
        report = verify_chains(connection)
    assert [(each.seq, "changed" in each.problem) for each in report.broken] == [(3, True)]


def test_a_removed_end_of_a_chain_is_named(half: HubHalf) -> None:
    edge = half.enrolled()
    half.send(edge, chain_of(edge, 4))
    with half.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM entries WHERE seq = 5")
    with half.database.read() as connection:
        report = verify_chains(connection)
    assert [each.seq for each in report.broken] == [5]


def is_online(half: HubHalf, edge: EdgeHalf) -> bool:
    with half.database.read() as connection:
        return edges.get(connection, edge.id).online


def last_counter(edge: EdgeHalf) -> int:
    return max(getattr(message, "counter", 0) for message in edge.told)
