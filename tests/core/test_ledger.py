"""What entries do: a grant reserves, a passage moves, a no-show gives back; facts follow."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.access import IssuedCredential, SiteMode
from core.credential import CredentialKind
from core.entries import Alarmed, Body, Entry, Grant, Passed, Tapped, Verdict
from core.ids import DoorId, EntitlementId, HolderId, ZoneId
from core.ledger import NOTHING, Rows, State, digest, effect_of, facts_of, fold, plain
from core.presence import Presence
from core.reasons import Reason
from tests.core.build import (
    ANA,
    CALENDAR,
    CARD,
    ENTRY,
    EPOCH,
    HALL,
    NOW,
    entitlement,
    entry,
    facts,
    holding,
)

PASS = EntitlementId("t-ten")


def tapped(verdict: Verdict = Verdict.ALLOW, units: int = 1) -> Tapped:
    return Tapped(
        access_point=ENTRY.id,
        credential=CARD,
        credential_kind=CredentialKind.NFC_UID,
        holder=ANA,
        verdict=verdict,
        reason=Reason.GRANTED,
        entitlement=PASS,
        units=units,
        zone_to=HALL,
        retry_at=None,
        cache_version=1,
        facts="00",
    )


def passed(movement: str, seq: int = 1, holder: HolderId | None = ANA, units: int = 1) -> Passed:
    return Passed(
        door=DoorId("gate"),
        access_point=ENTRY.id,
        movement=movement,
        grant=Grant(epoch=EPOCH, seq=seq),
        holder=holder,
        entitlement=PASS,
        units=units,
        zone_to=HALL,
    )


def _after(*bodies: Body) -> State:
    state = State()
    for seq, body in enumerate(bodies, 1):
        state = fold(state, entry(body, seq))
    return state


def test_a_grant_reserves_its_units_until_the_passage() -> None:
    state = _after(tapped())
    assert state.taken == {PASS: 1}
    assert state.pending == {Grant(epoch=EPOCH, seq=1): ANA}
    assert state.presence == {}


def test_a_passage_moves_the_holder_and_keeps_the_unit() -> None:
    state = _after(tapped(), passed("passed"))
    assert state.taken == {PASS: 1}
    assert state.pending == {}
    assert state.presence[ANA].zone == HALL


def test_a_no_show_gives_the_unit_back_and_moves_nobody() -> None:
    state = _after(tapped(), passed("no-show"))
    assert state.taken == {PASS: 0}
    assert state.pending == {}
    assert state.presence == {}


def test_a_passage_of_nobody_known_settles_its_grant_only() -> None:
    state = _after(tapped(), passed("passed", holder=None))
    assert (state.presence, state.pending) == ({}, {})


def test_denials_alarms_and_forced_passages_change_no_figures() -> None:
    forced = passed("forced")
    alarm = Alarmed(part="gate", alarm="forced", detail="")
    for body in (tapped(Verdict.DENY), forced, alarm):
        assert effect_of(entry(body)) is NOTHING
        assert fold(State(), entry(body)) == State()


@given(st.lists(st.sampled_from(["passed", "no-show", "none"]), max_size=20))
def test_units_taken_are_the_grants_not_given_back(ends: list[str]) -> None:
    state = State()
    for number, end in enumerate(ends):
        seq = 2 * number + 1
        state = fold(state, entry(tapped(), seq))
        if end != "none":
            state = fold(state, entry(passed(end, seq), seq + 1))
    assert state.taken.get(PASS, 0) == sum(end != "no-show" for end in ends)
    assert len(state.pending) == ends.count("none")


def _rows(**changes: object) -> Rows:
    whole: dict[str, object] = {
        "access_point": ENTRY,
        "mode": SiteMode.NORMAL,
        "calendar": CALENDAR,
        "credential": IssuedCredential(holder=ANA),
        "holder_blocked": False,
        "entitlements": (entitlement(id=PASS, units=10), entitlement()),
        "cache_as_of": NOW,
    }
    return Rows(**{**whole, **changes})  # type: ignore[arg-type]  # the class's own names


def test_facts_join_the_rows_with_what_history_made_of_them() -> None:
    made = facts_of(_rows(), _after(tapped(), passed("passed"), tapped()))
    assert [(h.entitlement.id, h.units_left) for h in made.holdings] == [
        (PASS, 8),
        ("t-year", None),
    ]
    assert made.presence == Presence(zone=HALL, since=NOW)
    assert made.passage_pending


def test_the_facts_of_an_unknown_card_tell_nothing_of_anybody() -> None:
    made = facts_of(_rows(credential=None, entitlements=()), _after(tapped()))
    assert (made.credential, made.presence, made.passage_pending) == (None, None, False)


def test_equal_facts_have_equal_digests_and_any_difference_shows() -> None:
    base = facts()
    variants = [
        facts(holder_blocked=True),
        facts(credential=None),
        facts(mode=SiteMode.LOCKDOWN),
        facts(presence=Presence(zone=None, since=NOW)),
        facts(passage_pending=True),
        facts(holdings=(holding(units_left=3),)),
        facts(holdings=(holding(zones=(HALL, ZoneId("pool"))),)),
        facts(holdings=(holding(valid_from=None, valid_until=None, staleness_bound=None),)),
        facts(holdings=(holding(staleness_bound=timedelta(days=1)),)),
    ]
    digests = [digest(each) for each in (base, *variants)]
    assert len(set(digests)) == len(digests)
    assert digest(facts()) == digests[0]


def test_the_age_of_the_rows_is_no_part_of_the_digest() -> None:
    assert plain(facts(cache_as_of=None)) == plain(facts())


def test_folding_leaves_the_earlier_state_as_it_was() -> None:
    before = _after(tapped())
    first: Entry = entry(passed("passed"), 2)
    fold(before, first)
    assert before.presence == {}
