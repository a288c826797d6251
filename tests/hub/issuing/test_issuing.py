"""Issuing by tapping: only the next unknown card, only there, only for a minute."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from core.credential import CredentialKey, CredentialKind
from core.entries import Body, Entry, Punched, Tapped, Verdict
from core.ids import AccessPointId, EdgeId, EntryKey
from core.instants import ClockState, Moment
from core.punch import PunchKind
from core.reasons import Reason
from hub.credentials import service as credentials
from hub.errors import NotFoundError
from hub.issuing import service
from hub.issuing.store import Issuing
from hub.people.service import Particulars, Person, register
from hub.sites import points
from hub.sites import service as sites
from hub.taps.store import feed
from tests.hub.bench import Bench
from tests.hub.edge_half import epoch_named
from tests.hub.taps.hub_half import tapped

CARD = CredentialKey("9" * 32)
OTHER = CredentialKey("8" * 32)


class Desk:
    """A reception with two readers and a person who waits for a card."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        with bench.database.write() as connection:
            act = bench.act_on(connection)
            site = sites.create(act, name="Bazen", timezone="Europe/Ljubljana")
            self.here = points.create(act, site.id, points.Plan(name="Vhod")).point.id
            self.there = points.create(act, site.id, points.Plan(name="Izhod")).point.id
            self.person = registered(act.connection, bench, "Ana Novak")

    def arm(self, person: Person | None = None) -> Issuing:
        with self.bench.database.write() as connection:
            return service.arm(
                self.bench.act_on(connection),
                access_point=self.here,
                person=(person or self.person).id,
            )

    def tap(self, body: Body, at: datetime | None = None) -> None:
        entry = Entry(
            key=EntryKey(edge=EdgeId("e"), epoch=epoch_named(1), seq=2),
            moment=Moment(
                at=at or self.bench.clock(), clock=ClockState.TRUSTED, uncertainty=timedelta(0)
            ),
            monotonic_ms=0,
            body=body,
        )
        with self.bench.database.write() as connection:
            service.on_entry(
                connection, entry, now=self.bench.clock(), random_bytes=self.bench.random_bytes
            )

    def outcome(self, issuing: Issuing) -> str | None:
        with self.bench.database.read() as connection:
            return service.get(connection, issuing.id).outcome

    def holder_of(self, key: CredentialKey) -> str | None:
        with self.bench.database.read() as connection:
            found = credentials.find_key(connection, key)
        return found.holder if found else None


def registered(connection: Connection, bench: Bench, name: str) -> Person:
    return register(bench.act_on(connection), Particulars(name=name))


def unknown(access_point: AccessPointId, key: CredentialKey = CARD) -> Tapped:
    body = tapped(Verdict.DENY, Reason.UNKNOWN_CREDENTIAL, credential=key, holder=None)
    plain = {name: getattr(body, name) for name in body.__dataclass_fields__}
    return Tapped(**(plain | {"access_point": access_point}))


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return Desk(bench)


def test_the_next_unknown_card_is_issued_to_the_person(desk: Desk) -> None:
    issuing = desk.arm()
    desk.tap(unknown(desk.here))
    assert desk.outcome(issuing) == "issued"
    assert desk.holder_of(CARD) == desk.person.id


def test_only_one_card_is_issued(desk: Desk) -> None:
    desk.arm()
    desk.tap(unknown(desk.here))
    desk.tap(unknown(desk.here, OTHER))
    assert desk.holder_of(OTHER) is None


def test_an_unknown_card_at_a_terminal_counts_too(desk: Desk) -> None:
    issuing = desk.arm()
    desk.tap(
        Punched(
            access_point=desk.here,
            credential=CARD,
            credential_kind=CredentialKind.NFC_UID,
            holder=None,
            kind=PunchKind.IN,
            cache_version=1,
        )
    )
    assert desk.outcome(issuing) == "issued"


def test_a_card_at_another_reader_is_not_issued(desk: Desk) -> None:
    issuing = desk.arm()
    desk.tap(unknown(desk.there))
    assert desk.outcome(issuing) is None


def test_a_known_card_is_not_issued(desk: Desk) -> None:
    issuing = desk.arm()
    plain = unknown(desk.here)
    desk.tap(
        Tapped(
            **{name: getattr(plain, name) for name in plain.__dataclass_fields__}
            | {"reason": Reason.NO_ENTITLEMENT}
        )
    )
    assert desk.outcome(issuing) is None


def test_after_a_minute_nothing_is_issued(desk: Desk) -> None:
    issuing = desk.arm()
    desk.bench.clock.turn(service.VALID_FOR)
    desk.tap(unknown(desk.here))
    assert desk.holder_of(CARD) is None
    assert not service.is_awaited(issuing, desk.bench.clock())


def test_a_card_tapped_before_the_reader_was_armed_does_not_count(desk: Desk) -> None:
    issuing = desk.arm()
    desk.tap(unknown(desk.here), desk.bench.clock() - timedelta(seconds=1))
    assert desk.outcome(issuing) is None


def test_arming_again_replaces_the_wait_before(desk: Desk, bench: Bench) -> None:
    first = desk.arm()
    with bench.database.write() as connection:
        other = registered(connection, bench, "Bor Kos")
    desk.arm(other)
    desk.tap(unknown(desk.here))
    assert desk.outcome(first) == "replaced"
    assert desk.holder_of(CARD) == other.id


def test_a_cancelled_wait_issues_nothing(desk: Desk, bench: Bench) -> None:
    issuing = desk.arm()
    with bench.database.write() as connection:
        service.cancel(bench.act_on(connection), issuing.id)
    desk.tap(unknown(desk.here))
    assert desk.outcome(issuing) == "cancelled"
    assert desk.holder_of(CARD) is None


def test_a_card_that_somebody_else_got_meanwhile_is_refused(desk: Desk, bench: Bench) -> None:
    issuing = desk.arm()
    with bench.database.write() as connection:
        other = registered(connection, bench, "Bor Kos")
        credentials.issue_key(
            bench.act_on(connection),
            other.id,
            kind=CredentialKind.NFC_UID,
            key=CARD,
            label="",
        )
    desk.tap(unknown(desk.here))
    assert desk.outcome(issuing) == "refused"
    assert desk.holder_of(CARD) == other.id


def test_each_step_is_told_to_the_live_page(desk: Desk, bench: Bench) -> None:
    desk.arm()
    desk.tap(unknown(desk.here))
    with bench.database.read() as connection:
        told = [each.body for each in feed.after(connection, 0, 99) if each.kind == "issuing"]
    assert ['"outcome":"armed"' in told[0], '"outcome":"issued"' in told[1]] == [True, True]


def test_nobody_can_arm_for_an_unknown_person_or_reader(desk: Desk, bench: Bench) -> None:
    with bench.database.write() as connection, pytest.raises(NotFoundError):
        service.arm(bench.act_on(connection), access_point=desk.here, person="h-nobody")
    with bench.database.write() as connection, pytest.raises(NotFoundError):
        service.arm(bench.act_on(connection), access_point="p-nowhere", person=desk.person.id)
