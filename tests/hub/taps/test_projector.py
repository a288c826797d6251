"""Folding: from entries to taps, passages, figures; once, and the same however often it is done."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.credential import CredentialKind
from core.entries import Alarmed, ClockJumped, Punched, Verdict
from core.instants import ClockState
from core.punch import PunchKind
from core.reasons import Reason
from hub.rows import service as rows
from hub.taps.store import feed
from tests.hub.edge_half import Chain, EdgeHalf, epoch_named
from tests.hub.taps.hub_half import (
    ANA,
    CARD,
    IN,
    SITE,
    START,
    VISITS,
    HubHalf,
    passed,
    tapped,
)
from wire.messages import HolderRow, RowKind
from wire.topics import Up

SECOND = timedelta(seconds=1)


def opened_chain(half: HubHalf, edge: EdgeHalf, epoch: int = 1) -> Chain:
    chain = Chain(edge.id, epoch_named(epoch))
    chain.open(None, half.at)
    return chain


def all_in(half: HubHalf, edge: EdgeHalf, *chains: Chain) -> None:
    for chain in chains:
        half.send(edge, chain)
    half.project()


def tables(half: HubHalf) -> dict[str, list[tuple[object, ...]]]:
    """Everything that follows from entries."""
    with half.database.read() as connection:
        return {
            name: [
                tuple(row)
                for row in connection.exec_driver_sql(
                    f"SELECT {columns} FROM {name} ORDER BY position, {columns.split(',')[0]}"  # noqa: S608 - our own names
                )
            ]
            for name, columns in (
                ("taps", "position, hub_verdict, hub_reason, hub_facts, opinion, at"),
                ("passages", "position, movement, holder, at"),
                ("punches", "position, kind, holder, at"),
                ("effects", "position, holder, entitlement, units, moves, zone, opens"),
                ("alarms", "position, alarm, detail"),
            )
        }


def figure(half: HubHalf) -> bytes | None:
    with half.database.read() as connection:
        found = {(kind, id_): body for kind, id_, body in rows.current(connection, SITE)}
    return found.get((RowKind.FIGURE, VISITS))


def opinions(half: HubHalf) -> list[str]:
    """Of all taps, oldest first."""
    return [getattr(row, "opinion", "") for row in reversed(half.listed("taps"))]


def test_a_visit_is_taken_at_the_grant_and_given_back_for_a_no_show(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    chain = opened_chain(half, edge)
    chain.add(tapped(), START)
    all_in(half, edge, chain)
    assert figure(half) == b'{"taken":1}'
    chain.add(passed(chain, 2, "no-show"), START + SECOND)
    all_in(half, edge, chain)
    assert figure(half) == b'{"taken":0}'


def test_each_kind_of_entry_has_its_row(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    chain = opened_chain(half, edge)
    chain.add(tapped(), START)
    chain.add(passed(chain, 2), START + SECOND)
    chain.add(
        Punched(
            access_point=IN,
            credential=CARD,
            credential_kind=CredentialKind.NFC_UID,
            holder=None,
            kind=PunchKind.IN,
            cache_version=6,
        ),
        START + 2 * SECOND,
    )
    chain.add(Alarmed(part="door", alarm="forced", detail="p-in"), START + 3 * SECOND)
    chain.add(ClockJumped(expected=START, actual=START + SECOND), START + 4 * SECOND)
    all_in(half, edge, chain)
    assert [len(half.listed(kind)) for kind in ("taps", "passages", "punches")] == [1, 1, 1]
    assert half.alarms() == ["forced", "clock-jumped"]
    with half.database.read() as connection:
        told = [each.kind for each in feed.after(connection, 0, 99)]
    assert told == ["tap", "passage", "punch", "alarm", "alarm"]


def test_the_projector_goes_on_where_it_stopped(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    chain = opened_chain(half, edge)
    for number in range(3):
        chain.add(tapped(), START + number * SECOND)
        chain.add(passed(chain, len(chain.contents)), START + number * SECOND)
        all_in(half, edge, chain)
        half.close()
        half.start()
    assert half.projector.step() == 0
    assert figure(half) == b'{"taken":3}'
    assert len(half.listed("taps")) == 3


moves = st.lists(
    st.tuples(st.sampled_from(["passed", "no-show", "none"]), st.integers(0, 5)),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(steps=moves, cuts=st.sets(st.integers(1, 25), max_size=4))
def test_folding_again_from_the_beginning_gives_the_same_and_tells_nobody(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], cuts: set[int]
) -> None:
    half = HubHalf(tmp_path_factory.mktemp("hub") / "tenant.db")
    half.furnish(units=3)
    edge = half.enrolled()
    chain = opened_chain(half, edge)
    at = START
    for movement, pause_s in steps:
        at += timedelta(seconds=pause_s)
        chain.add(tapped(), at)
        if movement != "none":
            chain.add(passed(chain, len(chain.contents), movement), at)
    first = 1
    for cut in sorted(cuts | {len(chain.contents)}):
        if first <= cut <= len(chain.contents):
            half.send(edge, chain, first, cut)
            half.project()
            first = cut + 1
    before, told = tables(half), standing(half)
    count = half.projector.rebuild()
    assert count == len(chain.contents)
    assert tables(half) == before
    assert standing(half) == told
    half.close()


def standing(half: HubHalf) -> tuple[object, int]:
    with half.database.read() as connection:
        return rows.standing(connection, SITE), feed.last_id(connection)


def test_a_tap_on_equal_facts_and_rules_agrees(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    chain = opened_chain(half, edge)
    for _ in range(2):
        at = half.turn(minutes=1)
        chain.add(tapped(facts=half.digest_at(edge, chain, at)), at)
        chain.add(passed(chain, len(chain.contents)), at)
        at = half.turn(minutes=1)
        chain.add(passed(chain, 1, out=True), at)
        all_in(half, edge, chain)
    assert opinions(half) == ["agree", "agree"]
    tap = half.listed("taps")[0]
    assert getattr(tap, "hub_facts", "") == getattr(tap, "facts", None)


def test_another_verdict_on_equal_facts_is_a_defect_and_an_alarm(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    chain = opened_chain(half, edge)
    facts = half.digest_at(edge, chain, half.at)
    chain.add(tapped(Verdict.DENY, Reason.EXPIRED, facts=facts), half.at)
    all_in(half, edge, chain)
    assert opinions(half) == ["defect"]
    assert half.alarms() == ["defect"]


def test_another_reason_on_equal_facts_is_a_defect_too(half: HubHalf) -> None:
    half.furnish(units=0)
    edge = half.enrolled()
    chain = opened_chain(half, edge)
    facts = half.digest_at(edge, chain, half.at)
    chain.add(tapped(Verdict.DENY, Reason.EXPIRED, facts=facts), half.at)
    all_in(half, edge, chain)
    assert opinions(half) == ["defect"]


def test_an_edge_that_opened_by_older_rows_is_a_note(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    chain = opened_chain(half, edge)
    facts = half.digest_at(edge, chain, half.at)
    half.turn(minutes=1)
    half.put((RowKind.HOLDER, ANA, HolderRow(blocked=True)))
    chain.add(tapped(facts=facts, version=6), half.turn(minutes=1))
    all_in(half, edge, chain)
    assert opinions(half) == ["cache-older"]
    assert half.alarms() == []


def test_a_tap_is_judged_by_the_rows_valid_then_however_late_it_comes(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    chain = opened_chain(half, edge)
    tapped_at = half.turn(minutes=1)
    chain.add(tapped(facts=half.digest_at(edge, chain, tapped_at)), tapped_at)
    half.turn(days=2)
    half.put((RowKind.HOLDER, ANA, HolderRow(blocked=True)))
    all_in(half, edge, chain)
    assert opinions(half) == ["agree"]


def test_the_last_visit_used_at_two_cut_off_edges_is_a_conflict(half: HubHalf) -> None:
    half.furnish(units=1)
    north, south = half.enrolled("north"), half.enrolled("south")
    first, second = opened_chain(half, north), opened_chain(half, south)
    facts = half.digest_at(north, first, half.at)
    first.add(tapped(facts=facts), half.turn(minutes=1))
    second.add(tapped(facts=facts), half.turn(minutes=1))
    all_in(half, north, first)
    all_in(half, south, second)
    assert opinions(half) == ["agree", "double-use"]


def test_a_late_arrival_judges_later_taps_of_the_same_right_again(half: HubHalf) -> None:
    half.furnish(units=1)
    north, south = half.enrolled("north"), half.enrolled("south")
    first, second = opened_chain(half, north), opened_chain(half, south)
    facts = half.digest_at(north, first, half.at)
    first.add(tapped(facts=facts), half.turn(minutes=1))
    second.add(tapped(facts=facts), half.turn(minutes=1))
    all_in(half, south, second)
    assert opinions(half) == ["agree"]
    all_in(half, north, first)
    by_edge = {getattr(row, "edge", ""): getattr(row, "opinion", "") for row in half.listed("taps")}
    assert by_edge == {north.id: "agree", south.id: "double-use"}
    assert figure(half) == b'{"taken":2}'


def test_a_refusal_that_the_hub_would_not_have_given_is_a_service_note(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    chain = opened_chain(half, edge)
    denied = tapped(Verdict.DENY, Reason.UNKNOWN_CREDENTIAL, version=1, holder=None)
    chain.add(denied, half.turn(minutes=1))
    all_in(half, edge, chain)
    assert opinions(half) == ["service-note"]


def test_an_edge_too_long_without_the_hub_is_a_service_note_and_no_defect(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    chain = opened_chain(half, edge)
    at = half.turn(days=8)
    denied = tapped(Verdict.DENY, Reason.CACHE_TOO_OLD, facts=half.digest_at(edge, chain, at))
    chain.add(denied, at)
    all_in(half, edge, chain)
    assert opinions(half) == ["service-note"]
    assert half.alarms() == []


def test_a_tap_where_the_hub_knew_no_access_point_is_not_judged(half: HubHalf) -> None:
    edge = half.enrolled()
    chain = opened_chain(half, edge)
    chain.add(tapped(), half.at)
    all_in(half, edge, chain)
    assert opinions(half) == ["unjudged"]


def test_a_second_grant_before_the_passage_is_judged_as_pending(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    chain = opened_chain(half, edge)
    chain.add(tapped(facts=half.digest_at(edge, chain, half.at)), half.at)
    all_in(half, edge, chain)
    pending = half.digest_at(edge, chain, half.turn(seconds=1))
    chain.add(tapped(Verdict.DENY, Reason.PASSAGE_PENDING, facts=pending), half.at)
    all_in(half, edge, chain)
    assert opinions(half) == ["agree", "agree"]
    assert half.alarms() == []


def test_an_edge_without_a_clock_is_placed_in_time_by_its_count_since_boot(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    chain = opened_chain(half, edge)
    wrong = START - timedelta(days=900)
    chain.add(tapped(), wrong, monotonic_ms=10_000, clock=ClockState.UNKNOWN)
    half.turn(minutes=1)
    birth = edge.birth([chain.span()], sent_ms=40_000)
    half.hear(edge.says(Up.BIRTH, birth, half.at))
    half.hear(edge.says(Up.ENTRIES, chain.batch(sent_ms=40_000), half.at))
    half.turn(seconds=20)
    half.hear(edge.says(Up.ENTRIES, chain.batch(sent_ms=50_000), half.at))
    half.project()
    tap = half.listed("taps")[0]
    assert getattr(tap, "raw_at", None) == wrong
    expected = half.at - timedelta(seconds=50)
    assert abs(getattr(tap, "at", START) - expected) < 2 * SECOND


def test_units_are_never_taken_twice_by_the_same_entry(half: HubHalf) -> None:
    half.furnish()
    edge = half.enrolled()
    chain = opened_chain(half, edge)
    chain.add(tapped(), START)
    for _ in range(3):
        all_in(half, edge, chain)
    assert figure(half) == b'{"taken":1}'
