"""The hub's rows on their way into the cache: deltas, gaps, snapshots, confirmations."""

from datetime import timedelta
from pathlib import Path

import pytest

from core.access import SiteMode
from edge_agent.cache import CacheReader
from edge_agent.sync_actions import TellAgent
from edge_agent.sync_rows import CONFIRM_MS
from tests.edge_agent.sync.memory_journal import epoch
from tests.edge_agent.sync.scripted_hub import (
    START,
    entitlement,
    site,
)
from tests.edge_agent.sync.sync_world import World, settled
from wire.codec import row, set_hash_change, set_hash_text
from wire.messages import (
    HolderRow,
    Request,
    RowKind,
    Rows,
    Wanted,
)
from wire.topics import Down


def test_an_empty_edge_is_filled_by_a_delta_and_the_agent_is_told(world: World) -> None:
    settled(world)
    assert TellAgent(cache_version=world.hub.version) in world.told
    assert world.cache.standing().as_of is not None


def test_a_pushed_change_takes_effect_at_once(world: World) -> None:
    settled(world)
    since = world.hub.version
    world.hub.put(RowKind.HOLDER, "h-1", HolderRow(blocked=True))
    world.deliver(world.hub.push(since))
    assert world.settled()
    assert world.told[-1] == TellAgent(cache_version=world.hub.version)


@pytest.mark.must("P-070")
def test_a_confirmation_raises_included_and_age_without_a_change(world: World) -> None:
    settled(world)
    before = world.cache.standing()
    world.hub.included = {epoch(1): 1}
    world.hub.now = START + timedelta(hours=1)
    told = len(world.told)
    world.deliver(world.hub.push(world.hub.version))
    after = world.cache.standing()
    assert after.included == {epoch(1): 1}
    assert after.as_of == START + timedelta(hours=1)
    assert (after.version, after.set_hash) == (before.version, before.set_hash)
    assert len(world.told) == told


@pytest.mark.must("P-071")
def test_a_gap_is_refused_and_what_is_missing_is_requested(world: World) -> None:
    settled(world)
    held = world.hub.version
    world.hub.put(RowKind.HOLDER, "h-1", HolderRow(blocked=True))
    lost = world.hub.version
    world.hub.put(RowKind.HOLDER, "h-2", HolderRow(blocked=True))
    world.deliver(world.hub.push(lost))
    assert world.cache.standing().version == held
    world.step()
    assert world.hub.requests[-1].wanted is Wanted.DELTA
    assert world.hub.requests[-1].version == held
    world.run(world.settled)


@pytest.mark.must("P-072")
def test_rows_that_would_not_be_the_hubs_are_refused_and_a_snapshot_is_fetched(
    world: World,
) -> None:
    settled(world)
    before = world.cache.standing()
    world.hub.rows[RowKind.HOLDER, "h-9"] = b'{"blocked":false}'  # a change that no delta has
    since = world.hub.version
    world.hub.put(RowKind.HOLDER, "h-1", HolderRow(blocked=True))
    world.deliver(world.hub.push(since))
    assert world.cache.standing() == before
    world.run(world.settled)
    assert Wanted.SNAPSHOT in {request.wanted for request in world.hub.requests}


@pytest.mark.must("P-072")
def test_a_hub_whose_hash_never_fits_is_not_asked_in_a_loop(world: World) -> None:
    settled(world)

    def wrong(_: object) -> int:
        return 1

    world.hub.__class__ = type("WrongHub", (type(world.hub),), {"set_hash": property(wrong)})
    world.deliver(world.hub.push(world.hub.version))
    requests = len(world.hub.requests)
    for _ in range(600):
        world.step(100)
    assert len(world.hub.requests) - requests < 40


def test_a_hub_restored_to_an_older_version_is_followed(world: World) -> None:
    settled(world)
    for _ in range(3):
        world.hub.log.pop()
    for key in list(world.hub.rows)[-3:]:
        del world.hub.rows[key]
    world.deliver(world.hub.push(world.hub.version))
    world.run(world.settled)


@pytest.mark.must("P-075", "P-076")
def test_a_snapshot_counts_only_when_it_is_whole(world: World, tmp_path: Path) -> None:
    world.hub.forget_log()
    world.connect()
    reader = CacheReader(tmp_path)
    seen = set()
    for _ in range(100):
        world.step()
        seen.add(reader.version())
        if world.settled():
            break
    assert seen == {0, world.hub.version}
    assert world.settled()
    reader.close()


@pytest.mark.must("P-080")
def test_a_snapshot_that_the_hub_no_longer_has_is_begun_anew(world: World) -> None:
    world.hub.forget_log()
    world.connect()
    world.run(lambda: len(world.hub.requests) >= 2)
    world.hub.put(RowKind.SITE, "bazen", site(SiteMode.LOCKDOWN))
    world.hub.forget_log()
    world.hub._snapshot = []
    world.run(world.settled)


def test_what_was_taken_away_during_a_snapshot_does_not_come_back_with_it(world: World) -> None:
    settled(world)
    since = world.hub.version
    world.hub.rows[RowKind.HOLDER, "h-9"] = b'{"blocked":false}'
    world.hub.put(RowKind.HOLDER, "h-8", HolderRow(blocked=False))
    world.deliver(world.hub.push(since))
    world.step()
    assert len(world.up) == 4, "the first chunk has come, the others are asked for"
    since = world.hub.version
    world.hub.put(RowKind.ENTITLEMENT, "e-1", None)
    world.deliver(world.hub.push(since))
    assert world.cache.standing().version < since
    world.hub.requests.clear()
    world.run(lambda: world.cache.standing().version >= since)
    assert world.cache.standing().version == world.hub.version
    assert not [r for r in world.hub.requests if r.wanted is Wanted.DELTA]
    world.run(world.settled)


def test_a_malformed_row_refuses_the_whole_delta(world: World) -> None:
    settled(world)
    before = world.cache.standing()
    rows = [
        row(RowKind.HOLDER, "h-1", HolderRow(blocked=True)),
        row(RowKind.ENTITLEMENT, "other", entitlement(1, 1)),
    ]
    message = Rows(
        counter=0,
        hub_at=START,
        from_version=before.version,
        to_version=before.version + 1,
        rows=rows,
        included={},
        set_hash=set_hash_text(0),
    )
    world.deliver(world.hub.say(Down.ROWS, message))
    assert world.noted[-1].fields["field"] == "entitlement other"
    assert world.cache.standing() == before


@pytest.mark.must("P-079")
def test_rows_that_nobody_confirms_are_asked_about_within_a_minute(world: World) -> None:
    settled(world)
    start = world.now_ms
    requests = len(world.hub.requests)
    world.run(lambda: len(world.hub.requests) > requests)
    assert CONFIRM_MS / 2 <= world.now_ms - start <= CONFIRM_MS + 100


def test_requests_name_what_is_held(world: World) -> None:
    settled(world)
    world.run(lambda: bool(world.hub.requests))
    request = world.hub.requests[-1]
    assert request == Request(
        wanted=Wanted.DELTA, version=world.hub.version, sent_ms=request.sent_ms
    )


@pytest.mark.must("P-081")
def test_an_edge_far_behind_asks_for_the_rest_and_is_not_current_before(world: World) -> None:
    settled(world)
    before = world.cache.standing()
    world.now_ms += 1_000
    for number in range(3):
        world.hub.put(RowKind.HOLDER, f"h-{number}", HolderRow(blocked=True))
    first = Rows(
        counter=0,
        hub_at=START + timedelta(hours=1),
        from_version=before.version,
        to_version=before.version + 1,
        rows=[row(RowKind.HOLDER, "h-0", HolderRow(blocked=True))],
        included={},
        set_hash=set_hash_text(_with_blocked(world, "h-0")),
        more=True,
    )
    world.deliver(world.hub.say(Down.ROWS, first))
    assert world.cache.standing().version == before.version + 1
    assert world.cache.standing().as_of == before.as_of
    start = world.now_ms
    world.run(world.settled)
    assert world.now_ms - start < 10
    assert world.cache.standing().as_of != before.as_of


def test_somebody_who_waits_makes_the_edge_ask_at_once_but_not_in_a_flood(world: World) -> None:
    settled(world)
    requests = len(world.hub.requests)
    for _ in range(100):
        world.do(world.engine.wanted(world.now))
    world.step()
    assert len(world.hub.requests) == requests + 1


def _with_blocked(world: World, holder: str) -> int:
    """The set hash of what the edge holds, with one holder blocked."""
    key = (RowKind.HOLDER, holder)
    return set_hash_change(
        world.cache.standing().set_hash,
        *key,
        old=b'{"blocked":false}',
        new=b'{"blocked":true}',
    )


def test_after_a_snapshot_the_edge_asks_at_once_what_is_newer(world: World) -> None:
    world.hub.forget_log()
    world.connect()
    world.run(lambda: any(note.event == "snapshot_adopted" for note in world.noted))
    world.step()
    request = world.hub.requests[-1]
    assert (request.wanted, request.version) == (Wanted.DELTA, world.hub.version)


def test_the_late_double_of_a_chunk_does_no_harm(world: World) -> None:
    world.hub.forget_log()
    world.connect()
    world.step()
    assert len(world.up) > 1, "the first chunk has come, the others are asked for"
    for chunk in world.hub._snapshot:
        world.down.append(world.hub.say(Down.CHUNK, chunk))
        world.down.append(world.hub.say(Down.CHUNK, chunk))
    world.run(world.settled)
    world.run(lambda: not world.down and not world.up)
    for chunk in world.hub._snapshot:
        world.deliver(world.hub.say(Down.CHUNK, chunk))
    events = [note.event for note in world.noted]
    assert events.count("snapshot_adopted") == 1
    assert "snapshot_refused" not in events


def test_an_old_snapshot_that_nobody_asked_for_is_not_taken(world: World) -> None:
    world.hub.forget_log()
    settled(world)
    old = world.hub._snapshot
    since = world.hub.version
    world.hub.put(RowKind.HOLDER, "h-1", HolderRow(blocked=True))
    world.deliver(world.hub.push(since))
    world.run(lambda: not world.down and not world.up)
    for chunk in old:
        world.deliver(world.hub.say(Down.CHUNK, chunk))
    assert world.cache.standing().version == world.hub.version
