"""Rows: versions, deltas, hashes and snapshots that always say the same."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from core.access import IssuedCredential
from core.ids import EdgeId, EpochId, HolderId, SiteId
from core.presence import Presence
from hub.rows import service as rows
from hub.rows import snapshots
from hub.rows.service import RowChange
from hub.rows.snapshots import Snapshots
from tests.hub.taps.hub_half import ANA, POOL, SITE, START, VISITS, HubHalf, visits
from wire.codec import TOMBSTONE, set_hash, set_hash_text
from wire.messages import HolderRow, Row, RowKind

ELSEWHERE = SiteId("s-else")
EDGE = EdgeId("e-one")
EPOCH = EpochId("00000001-aaaaaaaaaaaaaaaa")
Held = dict[tuple[RowKind, str], bytes]


def holders(*blocked: tuple[str, bool | None]) -> list[RowChange]:
    return [
        RowChange(
            kind=RowKind.HOLDER,
            id=id_,
            body=None if is_blocked is None else HolderRow(blocked=is_blocked),
        )
        for id_, is_blocked in blocked
    ]


def applied(held: Held, changes: "tuple[Row, ...] | list[Row]") -> None:
    """What an edge does with rows."""
    for each in changes:
        content = bytes(each.body)
        if content == TOMBSTONE:
            held.pop((each.kind, each.id), None)
        else:
            held[each.kind, each.id] = content


def hash_of(held: Held) -> str:
    return set_hash_text(set_hash((kind, id_, body) for (kind, id_), body in held.items()))


def followed(connection: Connection, held: Held, version: int) -> int:
    """Catch up by deltas, checking the hash after each."""
    for _ in range(100):
        delta = rows.delta(connection, SITE, version)
        assert delta is not None
        applied(held, delta.rows)
        assert hash_of(held) == delta.set_hash
        version = delta.to_version
        if not delta.more:
            return version
    pytest.fail("the deltas do not end")


def test_a_change_counts_the_version_up_and_no_change_does_not(half: HubHalf) -> None:
    assert half.put((RowKind.HOLDER, ANA, HolderRow(blocked=False))) == 1
    assert half.put((RowKind.HOLDER, ANA, HolderRow(blocked=False))) == 1
    assert half.put((RowKind.HOLDER, ANA, HolderRow(blocked=True))) == 2
    assert half.put((RowKind.HOLDER, ANA, None)) == 3
    assert half.put((RowKind.HOLDER, ANA, None)) == 3


def test_a_change_that_is_rolled_back_is_not_told(half: HubHalf) -> None:
    with pytest.raises(ZeroDivisionError):
        put_and_fail(half)
    with half.database.read() as connection:
        assert rows.standing(connection, SITE).version == 0


def test_sites_count_for_themselves(half: HubHalf) -> None:
    half.put((RowKind.HOLDER, ANA, HolderRow(blocked=False)), site=ELSEWHERE)
    with half.database.read() as connection:
        assert rows.standing(connection, SITE).version == 0
        assert rows.standing(connection, ELSEWHERE).version == 1


def test_a_delta_carries_only_the_last_body_of_each_row(half: HubHalf) -> None:
    for is_blocked in (False, True, False):
        half.put((RowKind.HOLDER, ANA, HolderRow(blocked=is_blocked)))
    with half.database.read() as connection:
        delta = rows.delta(connection, SITE, 0)
    assert delta is not None
    assert [bytes(each.body) for each in delta.rows] == [b'{"blocked":false}']
    assert (delta.from_version, delta.to_version, delta.more) == (0, 3, False)


ids = st.sampled_from(["h-a", "h-b", "h-c", "h-d"])
changes = st.lists(st.tuples(ids, st.sampled_from([True, False, None])), max_size=30)


@settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(steps=changes, pauses=st.sets(st.integers(0, 30), max_size=5))
def test_whoever_follows_by_deltas_holds_exactly_the_rows(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[str, bool | None]],
    pauses: set[int],
) -> None:
    half = HubHalf(tmp_path_factory.mktemp("hub") / "tenant.db")
    held: Held = {}
    version = 0
    for number, (id_, is_blocked) in enumerate(steps):
        half.put(
            (RowKind.HOLDER, id_, None if is_blocked is None else HolderRow(blocked=is_blocked))
        )
        if number in pauses:
            with half.database.read() as connection:
                version = followed(connection, held, version)
    with half.database.read() as connection:
        followed(connection, held, version)
        assert held == {(kind, id_): body for kind, id_, body in rows.current(connection, SITE)}
        assert hash_of(held) == rows.standing(connection, SITE).set_hash
    half.close()


def test_a_large_change_is_told_in_parts_that_fit_a_message(half: HubHalf) -> None:
    with half.database.write() as connection:
        changes = holders(*((f"h-{number}", False) for number in range(2_500)))
        rows.put_all(connection, SITE, changes, half.at)
    held: Held = {}
    with half.database.read() as connection:
        first = rows.delta(connection, SITE, 0)
        assert first is not None
        assert len(first.rows) == rows.CHANGES_PER_DELTA_MAX
        assert first.more
        followed(connection, held, 0)
    assert len(held) == 2_500


@pytest.mark.must("P-078")
def test_figures_of_one_step_are_told_whole_or_not_at_all(half: HubHalf) -> None:
    """A part would show figures that contain entries beyond `included`."""
    with half.database.write() as connection:
        rows.put_all(
            connection, SITE, holders(*((f"h-{number}", False) for number in range(999))), half.at
        )
        presences = {
            HolderId(f"h-{number}"): Presence(zone=POOL, since=START) for number in range(5)
        }
        rows.put_figures(
            connection,
            taken={},
            presences=presences,
            included={SITE: {(EDGE, EPOCH): 7}},
            at=half.at,
        )
    with half.database.read() as connection:
        first = rows.delta(connection, SITE, 0)
        assert first is not None
        assert first.to_version == 999
        assert rows.included(connection, SITE, EDGE, first.to_version) == {}
        second = rows.delta(connection, SITE, 999)
        assert second is not None
        assert len(second.rows) == 5
        assert rows.included(connection, SITE, EDGE, second.to_version) == {EPOCH: 7}


def test_a_figure_goes_to_every_site_that_knows_the_right(half: HubHalf) -> None:
    for site in (SITE, ELSEWHERE):
        half.put((RowKind.ENTITLEMENT, VISITS, visits()), site=site)
    figures(half, taken=3)
    assert figure_at(half, SITE) == figure_at(half, ELSEWHERE) == b'{"taken":3}'


def test_a_right_that_comes_to_a_site_later_brings_its_figure_along(half: HubHalf) -> None:
    half.put((RowKind.ENTITLEMENT, VISITS, visits()))
    figures(half, taken=3)
    half.put((RowKind.ENTITLEMENT, VISITS, visits()), site=ELSEWHERE)
    assert figure_at(half, ELSEWHERE) == b'{"taken":3}'


def test_a_figure_leaves_with_its_right_and_comes_back_with_it(half: HubHalf) -> None:
    half.put((RowKind.ENTITLEMENT, VISITS, visits()))
    figures(half, taken=3)
    half.put((RowKind.ENTITLEMENT, VISITS, None))
    assert figure_at(half, SITE) is None
    half.put((RowKind.ENTITLEMENT, VISITS, visits()))
    assert figure_at(half, SITE) == b'{"taken":3}'


def test_rows_can_be_read_as_of_an_earlier_time(half: HubHalf) -> None:
    half.put((RowKind.ENTITLEMENT, VISITS, visits(10)))
    before = half.at
    half.turn(hours=1)
    half.put((RowKind.ENTITLEMENT, VISITS, visits(5)))
    later = half.turn(hours=1)
    half.put((RowKind.ENTITLEMENT, VISITS, None))
    with half.database.read() as connection:

        def units(at: "object") -> list[int | None]:
            version = rows.version_at(connection, SITE, at)  # type: ignore[arg-type] # instants
            found = rows.entitlements_at(connection, SITE, ANA, version)
            return [each.units for each in found]

        assert units(before - timedelta(seconds=1)) == []
        assert units(before) == [10]
        assert units(later - timedelta(seconds=1)) == [5]
        assert units(later) == []


def test_trimming_forces_a_snapshot_only_on_those_who_are_further_behind(half: HubHalf) -> None:
    half.put((RowKind.HOLDER, "h-a", HolderRow(blocked=False)))
    half.put((RowKind.HOLDER, "h-a", None))
    half.put((RowKind.HOLDER, "h-b", HolderRow(blocked=False)))
    half.turn(days=50)
    half.put((RowKind.HOLDER, "h-b", HolderRow(blocked=True)))
    with half.database.write() as connection:
        rows.trim(connection, SITE, half.at - timedelta(days=40))
    with half.database.read() as connection:
        assert rows.delta(connection, SITE, 1) is None
        behind = rows.delta(connection, SITE, 2)
        assert behind is not None
        assert [each.id for each in behind.rows] == ["h-b"]
        version = rows.version_at(connection, SITE, half.at - timedelta(days=1))
        old = rows.body_at(connection, SITE, RowKind.HOLDER, "h-b", version)
    assert old == HolderRow(blocked=False)


def test_a_version_from_the_future_cannot_be_followed_by_a_delta(half: HubHalf) -> None:
    half.put((RowKind.HOLDER, "h-a", HolderRow(blocked=False)))
    with half.database.read() as connection:
        assert rows.delta(connection, SITE, 9) is None


def test_a_raised_version_says_the_same_rows_under_a_higher_number(half: HubHalf) -> None:
    half.put((RowKind.HOLDER, "h-a", HolderRow(blocked=False)))
    with half.database.write() as connection:
        before = rows.standing(connection, SITE)
        rows.raise_version(connection, SITE, 50)
        rows.raise_version(connection, SITE, 20)
        after = rows.standing(connection, SITE)
    assert (after.version, after.set_hash) == (50, before.set_hash)


@pytest.mark.must("P-080")
def test_all_chunks_of_a_snapshot_are_of_one_version_while_rows_change(half: HubHalf) -> None:
    with half.database.write() as connection:
        changes = holders(*((f"h-{number}", False) for number in range(2_300)))
        rows.put_all(connection, SITE, changes, half.at)
        wanted = rows.standing(connection, SITE)
    kept = Snapshots()
    held: Held = {}
    with half.database.read() as connection:
        first = kept.part(connection, SITE, version=0, index=0, now=half.at)
    assert first is not None
    parts = [first]
    for index in range(1, first.count):
        half.put((RowKind.HOLDER, f"h-{index}", HolderRow(blocked=True)))
        with half.database.read() as connection:
            part = kept.part(connection, SITE, version=first.version, index=index, now=half.at)
        assert part is not None
        parts.append(part)
    for part in parts:
        applied(held, part.rows)
    assert {(part.version, part.count, part.set_hash, part.as_of) for part in parts} == {
        (wanted.version, 3, wanted.set_hash, half.at)
    }
    assert hash_of(held) == wanted.set_hash
    kept.close()


def test_a_site_without_rows_has_a_snapshot_of_one_empty_chunk(half: HubHalf) -> None:
    kept = Snapshots()
    with half.database.read() as connection:
        part = kept.part(connection, SITE, version=0, index=0, now=half.at)
    assert part is not None
    assert (part.count, part.rows) == (1, [])
    kept.close()


def test_a_snapshot_that_is_no_longer_kept_has_no_chunks(half: HubHalf) -> None:
    half.put((RowKind.HOLDER, "h-a", HolderRow(blocked=False)))
    kept = Snapshots()
    with half.database.read() as connection:
        first = kept.part(connection, SITE, version=0, index=0, now=half.at)
        assert first is not None
    for number in range(snapshots.KEPT_MAX + 1):
        half.put((RowKind.CREDENTIAL, f"{number:032x}", IssuedCredential(holder=ANA)))
        half.turn(minutes=10)
        with half.database.read() as connection:
            kept.part(connection, SITE, version=0, index=0, now=half.at)
    with half.database.read() as connection:
        gone = kept.part(connection, SITE, version=first.version, index=0, now=half.at)
        beyond = kept.part(connection, SITE, version=10, index=7, now=half.at)
    assert gone is None
    assert beyond is None
    kept.close()


def put_and_fail(half: HubHalf) -> None:
    with half.database.write() as connection:
        rows.put(connection, SITE, RowKind.HOLDER, ANA, HolderRow(blocked=False), half.at)
        raise ZeroDivisionError


def figures(half: HubHalf, *, taken: int) -> None:
    with half.database.write() as connection:
        rows.put_figures(connection, taken={VISITS: taken}, presences={}, included={}, at=half.at)


def figure_at(half: HubHalf, site: SiteId) -> bytes | None:
    with half.database.read() as connection:
        found = {(kind, id_): body for kind, id_, body in rows.current(connection, site)}
    return found.get((RowKind.FIGURE, VISITS))
