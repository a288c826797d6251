"""The decision: every reason, the order of checks, the choice among rights, and its properties."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import Facts, Holding, IssuedCredential, SiteMode, Tap, decide
from core.credential import CredentialKind
from core.entries import Verdict
from core.ids import EntitlementId, ZoneId
from core.instants import ClockState
from core.presence import AccessPoint, AntiPassback, Presence
from core.reasons import SAYINGS, Reason
from core.schedule import HolidayPolicy, Weekly, Window
from tests.core.build import (
    ANA,
    ENTRY,
    EXIT,
    HALL,
    NOW,
    entitlement,
    facts,
    holding,
    moment,
    tap,
)

MORNINGS = Weekly(windows=(Window(days=(1, 2, 3, 4, 5), start_minute=360, end_minute=600),))
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

# Each row breaks one thing; the rows stand in the documented order of the checks.
HINDRANCES: list[tuple[str, dict[str, Any], dict[str, Any], Reason]] = [
    ("malformed", {"credential_kind": CredentialKind.MALFORMED}, {}, Reason.MALFORMED_CREDENTIAL),
    ("unknown", {}, {"credential": None}, Reason.UNKNOWN_CREDENTIAL),
    (
        "card blocked",
        {},
        {"credential": IssuedCredential(holder=ANA, blocked=True)},
        Reason.CREDENTIAL_BLOCKED,
    ),
    ("holder blocked", {}, {"holder_blocked": True}, Reason.HOLDER_BLOCKED),
    ("lockdown", {}, {"mode": SiteMode.LOCKDOWN}, Reason.LOCKDOWN),
    ("no right at all", {}, {"holdings": ()}, Reason.NO_ENTITLEMENT),
    (
        "clock unknown",
        {"moment": moment(clock=ClockState.UNKNOWN)},
        {},
        Reason.CLOCK_UNKNOWN,
    ),
    ("never synced", {}, {"cache_as_of": None}, Reason.CACHE_TOO_OLD),
    ("synced long ago", {}, {"cache_as_of": NOW - 8 * DAY}, Reason.CACHE_TOO_OLD),
    (
        "not yet valid",
        {},
        {"holdings": (holding(valid_from=NOW + HOUR),)},
        Reason.NOT_YET_VALID,
    ),
    ("expired", {}, {"holdings": (holding(valid_until=NOW),)}, Reason.EXPIRED),
    ("outside", {}, {"holdings": (holding(weekly=MORNINGS),)}, Reason.OUTSIDE_WINDOW),
    ("passage pending", {}, {"passage_pending": True}, Reason.PASSAGE_PENDING),
    ("inside", {}, {"presence": Presence(zone=HALL, since=NOW)}, Reason.ALREADY_INSIDE),
    ("no units", {}, {"holdings": (holding(units_left=0),)}, Reason.NO_UNITS_LEFT),
]


def test_a_valid_membership_opens_the_gate() -> None:
    decision = decide(tap(), facts())
    assert decision.verdict is Verdict.ALLOW
    assert decision.reason is Reason.GRANTED
    assert decision.entitlement == "t-year"
    assert decision.units == 0


@pytest.mark.parametrize(
    ("on_tap", "on_facts", "reason"),
    [row[1:] for row in HINDRANCES],
    ids=[row[0] for row in HINDRANCES],
)
def test_each_hindrance_alone_denies_with_its_reason(
    on_tap: dict[str, Any], on_facts: dict[str, Any], reason: Reason
) -> None:
    decision = decide(tap(**on_tap), facts(**on_facts))
    assert decision.verdict is Verdict.DENY
    assert decision.reason is reason
    assert decision.units == 0


@pytest.mark.parametrize("earlier", range(len(HINDRANCES)))
def test_of_two_hindrances_the_earlier_check_gives_the_reason(earlier: int) -> None:
    _, first_tap, first_facts, reason = HINDRANCES[earlier]
    for _, on_tap, on_facts, _ in HINDRANCES[earlier + 1 :]:
        both = decide(tap(**{**on_tap, **first_tap}), facts(**{**on_facts, **first_facts}))
        assert both.reason is reason


def test_a_multi_entry_pass_reserves_one_unit_and_tells_what_is_left() -> None:
    decision = decide(tap(), facts(holdings=(holding(units_left=3, units=10),)))
    assert (decision.units, decision.units_left) == (1, 2)


def test_a_right_for_another_zone_is_no_right_here() -> None:
    elsewhere = holding(zones=(ZoneId("pool"),))
    assert decide(tap(), facts(holdings=(elsewhere,))).reason is Reason.NO_ENTITLEMENT


@pytest.mark.parametrize(
    "hindrance",
    [
        {"holder_blocked": True},
        {"credential": IssuedCredential(holder=ANA, blocked=True)},
        {"mode": SiteMode.LOCKDOWN},
        {"holdings": ()},
        {"cache_as_of": None},
        {"passage_pending": True},
    ],
)
def test_nobody_known_is_held_inside(hindrance: dict[str, Any]) -> None:
    decision = decide(tap(), facts(access_point=EXIT, **hindrance))
    assert (decision.verdict, decision.reason) == (Verdict.ALLOW, Reason.EXIT)


def test_an_unknown_card_does_not_open_the_exit() -> None:
    decision = decide(tap(), facts(access_point=EXIT, credential=None))
    assert decision.reason is Reason.UNKNOWN_CREDENTIAL


@pytest.mark.parametrize("mode", [SiteMode.FREE, SiteMode.EMERGENCY])
def test_free_passage_lets_every_known_holder_through(mode: SiteMode) -> None:
    decision = decide(tap(), facts(mode=mode, holder_blocked=True, holdings=()))
    assert decision.reason is Reason.FREE_PASSAGE


def test_soft_zones_do_not_refuse_a_second_entry() -> None:
    open_zone = replace(ENTRY, anti_passback=AntiPassback.OFF)
    inside = Presence(zone=HALL, since=NOW)
    assert decide(tap(), facts(access_point=open_zone, presence=inside)).reason is Reason.GRANTED


def test_a_right_without_any_time_needs_no_clock_and_no_fresh_rows() -> None:
    timeless = holding(valid_from=None, valid_until=None, staleness_bound=None)
    unknown = tap(moment=moment(clock=ClockState.UNKNOWN))
    decision = decide(unknown, facts(holdings=(timeless,), cache_as_of=None))
    assert decision.reason is Reason.GRANTED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"valid_until": NOW + timedelta(minutes=1)}, Reason.EXPIRED),
        ({"valid_from": NOW - timedelta(minutes=1)}, Reason.NOT_YET_VALID),
    ],
)
def test_a_drifting_clock_must_pass_at_both_ends_of_its_doubt(
    changes: dict[str, Any], reason: Reason
) -> None:
    doubtful = moment(clock=ClockState.DRIFTING, uncertainty=timedelta(minutes=2))
    with_right = facts(holdings=(holding(**changes),))
    assert decide(tap(), with_right).reason is Reason.GRANTED
    assert decide(tap(moment=doubtful), with_right).reason is reason


def test_a_denial_tells_when_to_come_back() -> None:
    decision = decide(tap(), facts(holdings=(holding(weekly=MORNINGS),)))
    assert decision.retry_at == NOW.replace(day=24, hour=5)  # Tuesday 6.00 in Ljubljana


def test_a_right_that_begins_between_windows_tells_the_first_window() -> None:
    begins = NOW.replace(day=24, hour=12)
    later = holding(weekly=MORNINGS, valid_from=begins)
    decision = decide(tap(), facts(holdings=(later,)))
    assert (decision.reason, decision.retry_at) == (
        Reason.NOT_YET_VALID,
        NOW.replace(day=25, hour=5),
    )


def test_no_coming_back_is_promised_when_validity_ends_before_the_next_window() -> None:
    ending = holding(weekly=MORNINGS, valid_until=NOW + HOUR)
    decision = decide(tap(), facts(holdings=(ending,)))
    assert (decision.reason, decision.retry_at) == (Reason.OUTSIDE_WINDOW, None)


def test_the_right_that_got_furthest_gives_the_reason() -> None:
    expired = holding(id=EntitlementId("t-a"), valid_until=NOW)
    off_peak = holding(id=EntitlementId("t-b"), weekly=MORNINGS)
    decision = decide(tap(), facts(holdings=(expired, off_peak)))
    assert (decision.reason, decision.entitlement) == (Reason.OUTSIDE_WINDOW, "t-b")


def test_the_soonest_to_expire_is_used_first_then_the_fewest_units() -> None:
    later = holding(id=EntitlementId("t-a"), valid_until=NOW + 5 * DAY)
    sooner_many = holding(5, id=EntitlementId("t-b"), valid_until=NOW + DAY, units=10)
    sooner_few = holding(2, id=EntitlementId("t-c"), valid_until=NOW + DAY, units=10)
    empty = holding(0, id=EntitlementId("t-d"), valid_until=NOW + HOUR, units=10)
    holdings = (later, sooner_many, sooner_few, empty)
    assert decide(tap(), facts(holdings=holdings)).entitlement == "t-c"


def test_an_open_ended_right_is_used_last() -> None:
    endless = holding(id=EntitlementId("t-a"), valid_until=None)
    ending = holding(id=EntitlementId("t-b"))
    assert decide(tap(), facts(holdings=(endless, ending))).entitlement == "t-b"


def test_a_closed_holiday_is_outside_the_window() -> None:
    closed = Weekly(holiday_policy=HolidayPolicy.CLOSED)
    calendar = replace(facts().calendar, holidays=frozenset({NOW.date()}))
    decision = decide(tap(), facts(calendar=calendar, holdings=(holding(weekly=closed),)))
    assert decision.reason is Reason.OUTSIDE_WINDOW


# Properties: whatever the facts.

instants = st.timedeltas(min_value=-10 * DAY, max_value=10 * DAY).map(lambda by: NOW + by)
windows = st.builds(
    Window,
    days=st.sets(st.integers(1, 7), min_size=1).map(lambda days: tuple(sorted(days))),
    start_minute=st.integers(0, 1439),
    end_minute=st.integers(0, 1440),
)
weeklies = st.builds(
    Weekly,
    windows=st.lists(windows, max_size=2).map(tuple),
    holiday_policy=st.sampled_from(HolidayPolicy),
)


@st.composite
def holdings_of(draw: st.DrawFn) -> tuple[Holding, ...]:
    rights = []
    for index in range(draw(st.integers(0, 3))):
        start = draw(st.none() | instants)
        right = entitlement(
            id=EntitlementId(f"t-{index}"),
            zones=tuple(draw(st.sets(st.sampled_from([HALL, ZoneId("pool")])))),
            weekly=draw(weeklies),
            valid_from=start,
            valid_until=draw(st.none() | st.just((start or NOW) + HOUR)),
            staleness_bound=draw(st.none() | st.just(7 * DAY)),
        )
        rights.append(Holding(entitlement=right, units_left=draw(st.none() | st.integers(-1, 3))))
    return tuple(rights)


any_facts = st.builds(
    Facts,
    access_point=st.sampled_from([ENTRY, EXIT]),
    mode=st.sampled_from(SiteMode),
    calendar=st.just(facts().calendar),
    credential=st.none() | st.builds(IssuedCredential, holder=st.just(ANA), blocked=st.booleans()),
    holder_blocked=st.booleans(),
    holdings=holdings_of(),
    presence=st.none() | st.builds(Presence, zone=st.sampled_from([None, HALL]), since=instants),
    passage_pending=st.booleans(),
    cache_as_of=st.none() | instants,
)
any_tap = st.builds(
    tap,
    credential_kind=st.sampled_from(CredentialKind),
    moment=st.builds(
        moment,
        instants,
        clock=st.sampled_from(ClockState),
        uncertainty=st.timedeltas(min_value=timedelta(0), max_value=DAY),
    ),
)


@given(any_tap, any_facts)
def test_every_tap_gets_an_answer_that_hangs_together(given_tap: Tap, given_facts: Facts) -> None:
    decision = decide(given_tap, given_facts)
    assert decision.reason in SAYINGS
    assert decision == decide(given_tap, given_facts)
    if decision.verdict is Verdict.DENY:
        assert decision.units == 0
    if decision.units:
        assert decision.entitlement is not None
        assert (decision.units_left or 0) >= 0
    if decision.retry_at is not None:
        assert decision.retry_at >= given_tap.moment.at


@given(any_tap, any_facts)
def test_blocking_never_grants(given_tap: Tap, given_facts: Facts) -> None:
    known = given_facts.credential
    for blocked in (
        replace(given_facts, holder_blocked=True),
        replace(given_facts, credential=replace(known, blocked=True) if known else None),
    ):
        decision = decide(given_tap, blocked)
        if decision.verdict.opens:
            assert decide(given_tap, given_facts).verdict.opens
            assert decision.reason in (Reason.EXIT, Reason.FREE_PASSAGE)


@given(any_tap, any_facts)
def test_a_grant_at_an_entry_rests_on_a_right_for_that_zone(
    given_tap: Tap, given_facts: Facts
) -> None:
    decision = decide(given_tap, given_facts)
    if decision.reason is Reason.GRANTED:
        chosen = {h.entitlement.id: h for h in given_facts.holdings}[decision.entitlement or ""]  # type: ignore[index]
        assert given_facts.access_point.zone_to in chosen.entitlement.zones
        assert chosen.units_left is None or chosen.units_left > 0


@given(any_tap, any_facts, st.randoms(use_true_random=False))
def test_the_order_of_rights_does_not_matter(
    given_tap: Tap, given_facts: Facts, chance: Any
) -> None:
    shuffled = list(given_facts.holdings)
    chance.shuffle(shuffled)
    other = replace(given_facts, holdings=tuple(shuffled))
    assert decide(given_tap, given_facts) == decide(given_tap, other)


@given(any_tap, any_facts)
def test_less_trust_in_the_clock_never_opens_a_gate(given_tap: Tap, given_facts: Facts) -> None:
    trusted = replace(given_tap, moment=moment(given_tap.moment.at, clock=ClockState.TRUSTED))
    if decide(given_tap, given_facts).verdict.opens:
        assert decide(trusted, given_facts).verdict.opens


def test_an_access_point_into_a_zone_is_no_way_out() -> None:
    assert EXIT.leads_out
    assert not AccessPoint(id=ENTRY.id, name="", zone_to=HALL).leads_out


def test_an_entitlement_with_impossible_figures_is_refused() -> None:
    impossible: list[tuple[str, dict[str, Any]]] = [
        ("units", {"units": -1}),
        ("valid_until", {"valid_from": NOW, "valid_until": NOW}),
        ("valid_from", {"valid_from": NOW.replace(tzinfo=None)}),
    ]
    for field, changes in impossible:
        with pytest.raises(ValueError, match=field):
            entitlement(**changes)
