"""The hub's store makes the same facts of a history as the ledger's own fold."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.access import Tap
from core.credential import CredentialKind
from core.instants import ClockState, Moment
from core.ledger import State, facts_of, fold
from hub.rows import service as rows
from hub.taps.facts import facts_at, now_at, rows_at
from tests.hub.edge_half import Chain, epoch_named
from tests.hub.taps.hub_half import CARD, IN, SITE, START, HubHalf, passed, tapped

steps = st.lists(
    st.tuples(st.sampled_from(["tap", "passed", "no-show", "out", "restart"]), st.integers(0, 90)),
    max_size=25,
)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(steps=steps)
def test_any_history_of_an_edge_gives_the_facts_of_the_fold(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    half = HubHalf(tmp_path_factory.mktemp("hub") / "tenant.db")
    half.furnish()
    edge = half.enrolled()
    chain = Chain(edge.id, epoch_named(1))
    chain.open(None, START)
    chains, state, at, last_tap = [chain], State(), START, 1
    for step, pause_s in steps:
        at += timedelta(seconds=pause_s)
        if step == "restart":
            chain = Chain(edge.id, epoch_named(len(chains) + 1))
            chain.open(chains[-1], at)
            chains.append(chain)
            last_tap = 1
            continue
        if step == "tap":
            last_tap = len(chain.contents) + 1
            entry = chain.add(tapped(), at)
        elif step == "out":
            entry = chain.add(passed(chain, last_tap, out=True), at)
        else:
            entry = chain.add(passed(chain, last_tap, step), at)
        state = fold(state, entry)
    half.born(edge, *chains)
    for each in chains:
        half.send(edge, each)
    half.project()
    tap = Tap(
        access_point=IN,
        credential=CARD,
        credential_kind=CredentialKind.NFC_UID,
        moment=Moment(at=at, clock=ClockState.TRUSTED, uncertainty=timedelta(0)),
    )
    with half.database.read() as connection:
        version = rows.version_at(connection, SITE, at)
        known = rows_at(connection, SITE, tap, version=version, as_of=at)
        assert known is not None
        assert facts_at(connection, tap, now_at(edge.id, at)) == facts_of(known, state)
    half.close()
