"""Births, refusals, commands and clocks of the sync engine, message by message."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.edge_agent.sync.memory_journal import epoch
from tests.edge_agent.sync.scripted_hub import (
    ADDRESS,
    MAC_KEY,
    PRIVATE_KEY,
    START,
)
from tests.edge_agent.sync.sync_world import World, channels, record, settled
from wire.codec import decode, encode
from wire.envelope import authenticate, open_signed
from wire.messages import (
    EdgeState,
    Hello,
)
from wire.topics import Down, Up


@pytest.mark.must("P-006", "P-022")
def test_a_connection_begins_with_the_own_subscription_and_a_birth(world: World) -> None:
    world.connect()
    assert world.subscribed == [ADDRESS.down_filter]
    assert channels(world) == [Up.BIRTH, Up.STATE]
    assert all(action.topic.startswith(f"{ADDRESS.base}/up/") for action in world.published)


@pytest.mark.must("P-020")
def test_the_will_is_a_signed_state_offline_of_this_session(world: World) -> None:
    world.connect()
    body = open_signed(PRIVATE_KEY.public_key(), world.will.topic, world.will.payload)
    will = decode(EdgeState, body)
    world.step()
    assert not will.online
    assert will.session == world.hub.births[0].session


@pytest.mark.must("P-021")
def test_sessions_grow_over_connections_restarts_and_a_lost_cache(
    world: World, tmp_path: Path
) -> None:
    for _ in range(2):
        world.connect()
        world.step()
    world.kill()
    world.connect()
    world.step()
    world.cache.close()
    for path in tmp_path.iterdir():
        path.unlink()
    world.start()
    world.connect()
    world.step()
    assert len(world.hub.births) == 4
    assert all(a.session < b.session for a, b in pairwise(world.hub.births))


@pytest.mark.must("P-002", "P-003", "P-023")
def test_entries_wait_for_the_answer_to_the_birth(world: World) -> None:
    record(world, 10)
    world.hub_is_up = False
    world.connect()
    for _ in range(20):
        world.step(500)
    assert Up.ENTRIES not in channels(world)
    world.hub_is_up = True
    world.run(world.settled)
    assert Up.ENTRIES in channels(world)
    assert all(action.qos == 1 for action in world.published)
    assert not any(hasattr(action, "retain") for action in world.published)


@pytest.mark.must("P-026")
def test_an_unanswered_birth_is_repeated_ever_more_slowly(world: World) -> None:
    world.hub_is_up = False
    world.connect()
    times = []
    for _ in range(12):
        due = world.engine.due_ms
        assert due is not None
        world.now_ms = due
        world.do(world.engine.tick(world.now))
        times.append(due)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert 1_000 <= gaps[0] <= 4_000
    assert all(30_000 <= gap <= 60_000 for gap in gaps[-4:])


@pytest.mark.must("P-028")
def test_a_hello_is_answered_by_a_birth(world: World) -> None:
    settled(world)
    before = len(world.hub.births)
    world.deliver(world.hub.hello())
    world.run(world.settled)
    world.step()
    assert len(world.hub.births) == before + 1


@pytest.mark.must("P-061", "P-062", "P-016")
def test_a_repeated_message_is_counted_and_ignored_also_after_a_restart(world: World) -> None:
    settled(world)
    command = world.hub.command("open-1")
    world.deliver(command)
    world.deliver(command)
    commands = [told for told in world.told if told.command]
    assert len(commands) == 1
    assert world.engine.repeated == 1
    world.kill()
    settled(world)
    world.deliver(command)
    assert world.engine.repeated == 1
    assert len([told for told in world.told if told.command]) == 1


@pytest.mark.must("P-090", "P-011", "P-016")
def test_a_forged_command_never_reaches_the_agent(world: World) -> None:
    settled(world)
    topic, payload = world.hub.command("open-1")
    body = payload[36:]
    world.deliver((topic, authenticate(bytes(32), topic, body)))
    world.deliver((ADDRESS.down(Down.HELLO), payload))
    assert not [told for told in world.told if told.command]
    assert [note.event for note in world.noted[-2:]] == ["message_refused"] * 2
    assert world.noted[-1].fields["field"] == "authenticator"
    world.deliver((topic, payload))
    assert [told.command.id for told in world.told if told.command] == ["open-1"]


def test_a_flood_of_forged_messages_does_not_flood_the_log(world: World) -> None:
    settled(world)
    for _ in range(500):
        world.deliver((ADDRESS.down(Down.ACK), b"nonsense"))
    assert world.engine.refused == 500
    assert len([note for note in world.noted if note.event == "message_refused"]) == 50


@pytest.mark.must("P-010", "P-012", "P-014", "P-017", "P-016")
@pytest.mark.parametrize(
    ("topic", "payload", "field"),
    [
        ("v2/hisa/bazen/edge-1/dn/ack", b"", "topic"),
        ("v1/hisa/bazen/edge-2/dn/ack", b"", "topic"),
        (ADDRESS.up(Up.BIRTH), b"", "topic"),
        (f"{ADDRESS.base}/dn/other", b"", "topic"),
        (ADDRESS.down(Down.ACK), b"", "envelope"),
        (ADDRESS.down(Down.ACK), b"V\x02\x02\x00" + bytes(32), "version"),
        (ADDRESS.down(Down.ACK), b"V\x01\x01\x00" + bytes(64), "method"),
        (ADDRESS.down(Down.ACK), b'{"v":2}', "v"),
        (ADDRESS.down(Down.ACK), b'{"v":1,"counter":9}', "hub_at"),
        (ADDRESS.down(Down.ACK), b'{"v":1,"counter":-9}', "counter"),
        (ADDRESS.down(Down.ROWS), b'{"v":1,"counter":9', "message"),
    ],
)
def test_a_message_of_the_wrong_kind_is_refused_with_one_clear_line(
    world: World, topic: str, payload: bytes, field: str
) -> None:
    settled(world)
    if payload.startswith(b"{"):
        payload = authenticate(MAC_KEY, topic, payload)
    standing, marks = world.cache.standing(), world.cache.marks()
    count = len(world.noted)
    world.deliver((topic, payload))
    assert len(world.noted) == count + 1
    told = world.noted[-1].fields
    assert field == told["field"] or f"`{field}`" in f"{told['problem']}"
    assert told["remedy"]
    assert (world.cache.standing(), world.cache.marks()) == (standing, marks)


@pytest.mark.must("P-064")
def test_clocks_are_compared_by_an_echo_with_half_the_way_as_doubt(world: World) -> None:
    world.connect()
    birth_at = world.now_ms
    world.up.clear()
    world.now_ms += 80
    world.hub.now = START + timedelta(hours=2)
    world.deliver(world.hub.ack({epoch(1): 0}, birth_at))
    clock = world.cache.clock()
    assert clock is not None
    assert clock.hub_at == START + timedelta(hours=2, milliseconds=40)
    assert 40 <= clock.uncertainty_ms <= 43
    assert clock.offset_ms == 2 * 3_600_000 + 40 - world.now_ms
    assert (clock.boot_id, clock.monotonic_ms) == ("boot-1", world.now_ms)


@pytest.mark.must("P-064")
def test_an_echo_of_nothing_that_was_sent_sets_no_clock(world: World) -> None:
    world.connect()
    world.deliver(world.hub.ack({}, world.now_ms - 1))
    world.deliver(world.hub.ack({}, None))
    assert world.cache.clock() is None


@pytest.mark.must("P-015")
def test_fields_that_are_not_known_are_ignored(world: World) -> None:
    settled(world)
    births = len(world.hub.births)
    world.hub.counter += 1
    body = encode(Hello(counter=world.hub.counter, hub_at=START))
    topic = ADDRESS.down(Down.HELLO)
    grown = body.replace(b'"v":1', b'"news":[1],"v":1')
    world.deliver((topic, authenticate(MAC_KEY, topic, grown)))
    world.step()
    assert len(world.hub.births) == births + 1


def test_a_goodbye_is_said_before_the_connection_is_closed(world: World) -> None:
    assert world.engine.closing() == []
    world.connect()
    world.do(world.engine.closing())
    world.step()
    assert [state.online for state in world.hub.states] == [True, False]


def test_nothing_is_due_while_there_is_no_connection(world: World) -> None:
    settled(world)
    world.engine.disconnected()
    assert world.engine.due_ms is None
    assert world.engine.tick(replace(world.now, monotonic_ms=world.now_ms + 10**9)) == []


def test_the_agent_is_told_when_the_hub_answers_and_when_it_falls_silent(world: World) -> None:
    settled(world)
    world.do(world.engine.disconnected())
    world.do(world.engine.disconnected())
    told = [hint.connected for hint in world.told if hint.connected is not None]
    assert told == [True, False]


@pytest.mark.must("P-021")
def test_a_session_grows_also_when_the_clock_was_set_back(world: World) -> None:
    world.connect()
    world.step()
    world.now_ms -= 500
    world.connect()
    world.step()
    first, second = world.hub.births
    assert second.session == first.session + 1


@pytest.mark.must("P-023")
def test_an_acknowledgement_that_answers_no_birth_lets_nothing_out(world: World) -> None:
    record(world, 3)
    world.connect()
    world.up.clear()
    world.deliver(world.hub.ack({epoch(1): 2}, None))
    world.deliver(world.hub.ack({epoch(1): 2}, 7))
    assert not world.engine.answered
    assert Up.ENTRIES not in channels(world)
    assert world.cache.marks() == {}


def test_a_broker_is_asked_for_the_subscription_again_with_every_birth(world: World) -> None:
    settled(world)
    world.deliver(world.hub.hello())
    assert world.subscribed == [ADDRESS.down_filter] * 2
