"""What edges are told: rows at once, snapshots when nothing else helps, commands until answered."""

from datetime import timedelta

import pytest

from core.entries import Commanded
from core.ids import AccessPointId, AccountId
from hub.acts import Act
from hub.edges import commands, service
from hub.edges.store import StoredCommand
from hub.rows import service as rows
from hub.rows.store import Standing
from tests.hub.edge_half import Chain, EdgeHalf, epoch_named
from tests.hub.rows.test_rows import Held, applied, hash_of
from tests.hub.taps.hub_half import ANA, IN, SITE, START, HubHalf, passed, tapped
from wire.messages import Chunk, Command, HolderRow, RowKind, Rows, Wanted
from wire.topics import Up

UNKNOWN_HASH = "f" * 32


def rows_told(half: HubHalf, edge: EdgeHalf) -> Rows:
    message = half.told(edge, Rows)
    assert isinstance(message, Rows)
    return message


def chunk_told(half: HubHalf, edge: EdgeHalf) -> Chunk:
    message = half.told(edge, Chunk)
    assert isinstance(message, Chunk)
    return message


def standing(half: HubHalf) -> Standing:
    with half.database.read() as connection:
        return rows.standing(connection, SITE)


def birth_with(half: HubHalf, edge: EdgeHalf, version: int, set_hash: str) -> None:
    half.hear(edge.says(Up.BIRTH, edge.birth(version=version, set_hash=set_hash), half.at))


@pytest.mark.must("P-025")
def test_a_birth_with_the_hubs_own_version_is_confirmed_without_rows(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    now = standing(half)
    birth_with(half, edge, now.version, now.set_hash)
    told = rows_told(half, edge)
    assert (told.from_version, told.to_version, told.rows) == (now.version, now.version, [])
    assert told.set_hash == now.set_hash


@pytest.mark.must("P-025")
def test_a_birth_with_an_older_version_is_answered_by_a_delta(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    birth_with(half, edge, 4, UNKNOWN_HASH)
    told = rows_told(half, edge)
    assert (told.from_version, told.to_version, len(told.rows)) == (4, 6, 2)


@pytest.mark.must("P-025")
def test_a_birth_with_another_hash_is_answered_by_a_snapshot(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    birth_with(half, edge, standing(half).version, UNKNOWN_HASH)
    told = chunk_told(half, edge)
    assert (told.version, told.index, told.count) == (6, 0, 1)
    assert told.set_hash == standing(half).set_hash


def test_an_edge_that_holds_more_than_a_restored_hub_is_brought_back(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    birth_with(half, edge, 900, UNKNOWN_HASH)
    told = chunk_told(half, edge)
    assert told.version == 900
    half.put((RowKind.HOLDER, ANA, HolderRow(blocked=True)))
    half.push()
    assert rows_told(half, edge).from_version == 900


def test_an_edge_that_claims_an_absurd_version_does_not_move_the_sites(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    birth_with(half, edge, (1 << 63) - 1, UNKNOWN_HASH)
    assert standing(half).version == 6
    assert chunk_told(half, edge).version == 6


@pytest.mark.must("P-073")
def test_a_change_is_told_to_connected_edges_of_the_site_only(half: HubHalf) -> None:
    half.furnish()
    north, south = half.enrolled("north"), half.enrolled("south")
    birth_with(half, north, 6, standing(half).set_hash)
    half.put((RowKind.HOLDER, ANA, HolderRow(blocked=True)))
    half.push()
    told = rows_told(half, north)
    assert (told.from_version, told.to_version) == (6, 7)
    assert [bytes(each.body) for each in told.rows] == [b'{"blocked":true}']
    assert south.heard(Rows) == []


def test_two_pushes_without_a_change_tell_once_what_changed(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    birth_with(half, edge, 0, UNKNOWN_HASH)
    half.put((RowKind.HOLDER, ANA, HolderRow(blocked=True)))
    half.push()
    half.push()
    assert [len(getattr(each, "rows", ())) for each in edge.heard(Rows)] == [6, 1, 0]


@pytest.mark.must("P-074", "P-063")
def test_a_request_for_a_delta_is_answered_with_its_echo(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    half.born(edge)
    half.hear(edge.says(Up.REQUEST, edge.wants(Wanted.DELTA, 3, sent_ms=99), half.at))
    told = rows_told(half, edge)
    assert (told.from_version, told.to_version, told.echo_ms) == (3, 6, 99)


@pytest.mark.must("P-074")
def test_a_delta_that_cannot_be_made_becomes_a_snapshot(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    half.put((RowKind.HOLDER, "h-b", HolderRow(blocked=False)))
    half.put((RowKind.HOLDER, "h-b", None))
    half.turn(days=50)
    with half.database.write() as connection:
        rows.trim(connection, SITE, half.at)
    half.hear(edge.says(Up.REQUEST, edge.wants(Wanted.DELTA, 3, sent_ms=99), half.at))
    told = chunk_told(half, edge)
    assert (told.index, told.echo_ms) == (0, 99)


@pytest.mark.must("P-075")
def test_chunks_are_given_as_asked_and_a_forgotten_snapshot_begins_anew(half: HubHalf) -> None:
    edge = half.enrolled()
    half.put(*((RowKind.HOLDER, f"h-{number}", HolderRow(blocked=False)) for number in range(1500)))
    held: Held = {}
    half.hear(edge.says(Up.REQUEST, edge.wants(Wanted.SNAPSHOT, 0), half.at))
    first = chunk_told(half, edge)
    applied(held, first.rows)
    half.hear(edge.says(Up.REQUEST, edge.wants(Wanted.SNAPSHOT, first.version, 1), half.at))
    second = chunk_told(half, edge)
    applied(held, second.rows)
    assert (second.index, second.count) == (1, 2)
    assert hash_of(held) == second.set_hash
    half.hear(edge.says(Up.REQUEST, edge.wants(Wanted.SNAPSHOT, 77, 1), half.at))
    assert chunk_told(half, edge).index == 0


@pytest.mark.must("P-078")
def test_included_says_which_entries_the_figures_contain(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    chain = Chain(edge.id, epoch_named(1))
    chain.open(None, START)
    chain.add(tapped(), START)
    chain.add(passed(chain, 2), START)
    half.born(edge, chain)
    half.send(edge, chain)
    half.project()
    half.push()
    told = rows_told(half, edge)
    assert {(each.kind, bytes(each.body)) for each in told.rows} == {
        (RowKind.FIGURE, b'{"taken":1}'),
        (RowKind.PRESENCE, b'{"since":"2026-11-23T06:00:00Z","zone":"z-pool"}'),
    }
    assert told.included == {chain.epoch: 3}


def test_a_request_says_which_version_the_edge_holds(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    half.hear(edge.says(Up.REQUEST, edge.wants(Wanted.DELTA, 5), half.at))
    with half.database.read() as connection:
        assert service.get(connection, edge.id).cache_version == 5


def test_an_edge_far_behind_is_told_that_there_is_more(half: HubHalf) -> None:
    edge = half.enrolled()
    half.put(*((RowKind.HOLDER, f"h-{number}", HolderRow(blocked=False)) for number in range(2500)))
    held: Held = {}
    version, more = 0, True
    while more:
        half.hear(edge.says(Up.REQUEST, edge.wants(Wanted.DELTA, version), half.at))
        told = rows_told(half, edge)
        applied(held, told.rows)
        assert (told.from_version, hash_of(held)) == (version, told.set_hash)
        version, more = told.to_version, told.more
    assert len(held) == 2500
    assert len(edge.heard(Rows)) == 3


@pytest.mark.must("P-060")
def test_counters_grow_over_restarts_restores_and_many_messages(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    for _ in range(3):
        birth_with(half, edge, 0, UNKNOWN_HASH)
        half.close()
        half.start()
    counters = [getattr(each, "counter", 0) for each in edge.told]
    assert counters == sorted(set(counters))


def order_to_open(half: HubHalf, edge: EdgeHalf) -> StoredCommand:
    with half.database.write() as connection:
        act = Act(
            connection=connection,
            account=AccountId("a-reception"),
            at=half.at,
            random_bytes=half.chance,
        )
        return commands.give(
            act,
            edge=edge.id,
            action=commands.OPEN,
            access_point=AccessPointId(IN),
            valid_for=commands.OPEN_VALID_FOR,
        )


@pytest.mark.must("P-094")
def test_a_command_is_repeated_until_it_expires(half: HubHalf) -> None:
    edge = half.enrolled()
    given = order_to_open(half, edge)
    for _ in range(40):
        half.command()
        half.turn(seconds=0.25)
    heard = [each for each in edge.heard(Command) if isinstance(each, Command)]
    assert [each.id for each in heard] == [given.id] * 5
    assert len({each.counter for each in heard}) == 5
    assert {(each.signer, each.expires_at) for each in heard} == {
        ("a-reception", START + timedelta(seconds=5))
    }


@pytest.mark.must("P-094")
def test_a_command_is_repeated_until_its_outcome_arrives(half: HubHalf) -> None:
    edge = half.enrolled()
    given = order_to_open(half, edge)
    half.command()
    chain = Chain(edge.id, epoch_named(1))
    chain.open(None, half.at)
    chain.add(
        Commanded(
            command=given.id,
            action="open",
            access_point=IN,
            outcome="executed",
            detail="",
        ),
        half.at,
    )
    half.send(edge, chain)
    half.project()
    half.turn(seconds=2)
    half.command()
    assert len(edge.heard(Command)) == 1
    with half.database.read() as connection:
        assert commands.get(connection, given.id).outcome == "executed"


def test_a_birth_is_kept_as_the_edges_health(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    birth_with(half, edge, 4, UNKNOWN_HASH)
    with half.database.read() as connection:
        known = service.get(connection, edge.id)
    assert known.online
    assert (known.software, known.clock, known.uncertainty_ms) == ("1.0", "trusted", 5)
    assert (known.cache_version, known.last_seen_at) == (4, half.at)
