"""What the agent reads of the cache for one tap."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access import IssuedCredential, SiteMode, Tap, decide
from core.credential import CredentialKey, CredentialKind
from core.entries import Verdict
from core.ids import AccessPointId, EntitlementId, EpochId, HolderId
from core.instants import ClockState, Moment
from core.ledger import State, facts_of
from core.presence import Presence
from core.reasons import Reason
from edge_agent.cache import CacheReader, HubClock, Picture
from edge_agent.cache_file import CACHE_LINK
from edge_agent.cache_rows import Applied
from edge_agent.cache_writer import CacheWriter
from tests.edge_agent.cache.build import (
    AT,
    CARD,
    CREDENTIAL,
    EPOCH,
    GATE,
    HOLDER,
    MEMBER,
    PRESENCE,
    SITE,
    chunks,
    delta,
    entitlement,
    figure,
)
from wire.codec import row
from wire.messages import HolderRow, Row, RowKind, SiteRow

GATE_IN = AccessPointId("gate-in")
CARD_KEY = CredentialKey(CARD)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[CacheWriter]:
    writer = CacheWriter.opened(tmp_path)
    yield writer
    writer.close()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[CacheReader]:
    reader = CacheReader(tmp_path)
    yield reader
    reader.close()


def filled(writer: CacheWriter, rows: list[Row]) -> None:
    assert writer.apply(delta((0, 1), rows, rows, {EPOCH: 5})) is Applied.APPLIED


def picture(reader: CacheReader) -> Picture:
    found = reader.rows_for(CARD_KEY, GATE_IN)
    assert found is not None
    return found


def test_a_tap_sees_everything_that_the_hub_says_of_it(
    writer: CacheWriter, reader: CacheReader
) -> None:
    filled(writer, [*MEMBER, entitlement(2), entitlement(3, "h-2"), figure(3, 9)])
    seen = picture(reader)
    assert seen.version == 1
    assert seen.included == {EpochId(EPOCH): 5}
    assert seen.taken == {EntitlementId("e-1"): 3}
    assert seen.presence == Presence(zone=None, since=AT)
    assert [each.id for each in seen.rows.entitlements] == ["e-1", "e-2"]
    assert seen.rows.access_point.id == GATE_IN
    assert seen.rows.mode is SiteMode.NORMAL
    assert seen.rows.calendar.zone.key == "Europe/Ljubljana"
    assert not seen.rows.holder_blocked
    assert seen.rows.cache_as_of == AT


def test_a_tap_is_decided_on_it(writer: CacheWriter, reader: CacheReader) -> None:
    filled(writer, MEMBER)
    seen = picture(reader)
    facts = facts_of(seen.rows, State(taken=seen.taken))
    moment = Moment(at=AT, clock=ClockState.TRUSTED, uncertainty=AT - AT)
    tap = Tap(
        access_point=GATE_IN,
        credential=CARD_KEY,
        credential_kind=CredentialKind.NFC_UID,
        moment=moment,
    )
    decision = decide(tap, facts)
    assert (decision.verdict, decision.units_left) == (Verdict.ALLOW, 6)


def test_an_unknown_credential_has_a_picture_without_a_person(
    writer: CacheWriter, reader: CacheReader
) -> None:
    filled(writer, [SITE, GATE])
    seen = picture(reader)
    assert seen.rows.credential is None
    assert seen.rows.entitlements == ()


def test_a_credential_whose_holder_is_missing_is_blocked(
    writer: CacheWriter, reader: CacheReader
) -> None:
    filled(writer, [SITE, GATE, CREDENTIAL, entitlement(1)])
    assert picture(reader).rows.holder_blocked
    blocked = row(RowKind.HOLDER, "h-1", HolderRow(blocked=True))
    held = [SITE, GATE, CREDENTIAL, entitlement(1), blocked]
    writer.apply(delta((1, 2), [blocked], held))
    assert picture(reader).rows.holder_blocked
    held[-1] = HOLDER
    writer.apply(delta((2, 3), [HOLDER], held))
    assert not picture(reader).rows.holder_blocked


@pytest.mark.parametrize("rows", [[], [SITE], [GATE]])
def test_without_site_or_access_point_there_is_no_picture(
    writer: CacheWriter, reader: CacheReader, rows: list[Row]
) -> None:
    filled(writer, rows)
    assert reader.rows_for(CARD_KEY, GATE_IN) is None


def test_a_cache_that_was_never_filled_has_no_picture(tmp_path: Path) -> None:
    reader = CacheReader(tmp_path)
    assert reader.rows_for(CARD_KEY, GATE_IN) is None
    writer = CacheWriter.opened(tmp_path)
    assert reader.rows_for(CARD_KEY, GATE_IN) is None
    assert (reader.marks(), reader.clock(), reader.version()) == ({}, None, 0)
    assert reader.problem is None
    writer.close()
    reader.close()


def test_a_change_is_seen_by_the_next_tap(writer: CacheWriter, reader: CacheReader) -> None:
    filled(writer, [SITE, GATE])
    assert picture(reader).rows.mode is SiteMode.NORMAL
    lockdown = row(
        RowKind.SITE,
        "bazen",
        SiteRow(
            name="Bazen", mode=SiteMode.LOCKDOWN, timezone="Europe/Ljubljana", holidays=[AT.date()]
        ),
    )
    writer.apply(delta((1, 2), [lockdown], [lockdown, GATE]))
    seen = picture(reader)
    assert seen.rows.mode is SiteMode.LOCKDOWN
    assert seen.rows.calendar.holidays == {AT.date()}


def test_an_entitlement_that_moves_to_another_holder_leaves_the_first(
    writer: CacheWriter, reader: CacheReader
) -> None:
    filled(writer, MEMBER)
    moved = entitlement(1, "h-2")
    held = [SITE, GATE, HOLDER, CREDENTIAL, PRESENCE, moved, figure(1, 3)]
    assert writer.apply(delta((1, 2), [moved], held)) is Applied.APPLIED
    assert picture(reader).rows.entitlements == ()


def test_a_tombstone_takes_the_right_away(writer: CacheWriter, reader: CacheReader) -> None:
    filled(writer, MEMBER)
    gone = row(RowKind.ENTITLEMENT, "e-1", None)
    held = [each for each in MEMBER if each.kind is not RowKind.ENTITLEMENT]
    assert writer.apply(delta((1, 2), [gone], held)) is Applied.APPLIED
    seen = picture(reader)
    assert seen.rows.entitlements == ()
    assert seen.taken == {}


def test_the_reader_follows_the_link_to_a_new_snapshot(
    writer: CacheWriter, reader: CacheReader
) -> None:
    filled(writer, [SITE, GATE])
    assert picture(reader).version == 1
    adopt(writer, 7, MEMBER)
    seen = picture(reader)
    assert seen.version == 7
    assert [each.id for each in seen.rows.entitlements] == ["e-1"]


def test_a_reader_in_the_middle_of_a_swap_sees_one_of_both(
    writer: CacheWriter, tmp_path: Path
) -> None:
    filled(writer, [SITE, GATE])
    readers = [CacheReader(tmp_path) for _ in range(20)]
    assert {reader.version() for reader in readers} == {1}
    adopt(writer, 7, MEMBER)
    adopt(writer, 8, MEMBER)
    assert {reader.version() for reader in readers} == {8}
    assert not [reader.problem for reader in readers if reader.problem]
    for reader in readers:
        reader.close()


def test_marks_and_the_clock_are_readable_and_outlive_a_snapshot(
    writer: CacheWriter, reader: CacheReader
) -> None:
    clock = HubClock(
        hub_at=AT, offset_ms=-40, uncertainty_ms=3, boot_id="boot-1", monotonic_ms=1_000
    )
    writer.put_marks({EpochId(EPOCH): 41})
    writer.put_clock(clock)
    assert writer.grew("ack", 9)
    adopt(writer, 7, MEMBER)
    assert reader.marks() == {EPOCH: 41}
    assert reader.clock() == clock
    assert not writer.grew("ack", 9)
    assert writer.counter("ack") == 9


@pytest.mark.parametrize(
    "content", [b"", b"no database" * 1000, b"SQLite format 3\0" + b"x" * 5000]
)
def test_a_broken_file_is_a_cache_that_is_not_there_and_the_problem_is_told(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "cache-1-1.db").write_bytes(content)
    (tmp_path / CACHE_LINK).symlink_to("cache-1-1.db")
    reader = CacheReader(tmp_path)
    for _ in range(2):
        assert reader.rows_for(CARD_KEY, GATE_IN) is None
        assert reader.problem is not None
        assert "cache-1-1.db" in reader.problem
    reader.close()


def test_a_link_to_nothing_is_a_cache_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / CACHE_LINK).symlink_to("cache-1-1.db")
    reader = CacheReader(tmp_path)
    assert reader.rows_for(CARD_KEY, GATE_IN) is None
    assert reader.problem is not None


def test_a_page_that_breaks_while_it_is_read_denies_instead_of_raising(
    writer: CacheWriter, tmp_path: Path
) -> None:
    rows = [*MEMBER, *(entitlement(n) for n in range(2, 200))]
    adopt(writer, 1, rows)
    path = tmp_path / (tmp_path / CACHE_LINK).readlink()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    reader = CacheReader(tmp_path)
    assert reader.rows_for(CARD_KEY, GATE_IN) is None
    assert reader.problem is not None
    reader.close()


_numbers = st.integers(0, 5)


@settings(max_examples=30, deadline=None)
@given(steps=st.lists(st.tuples(_numbers, st.none() | _numbers), max_size=25))
def test_after_any_deltas_each_holder_has_exactly_the_rights_of_the_rows(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int | None]]
) -> None:
    directory = tmp_path_factory.mktemp("cache")
    writer, reader = CacheWriter.opened(directory), CacheReader(directory)
    held: dict[str, Row] = {}
    card = {n: f"{n:032x}" for n in range(6)}
    base = [
        SITE,
        GATE,
        *(
            row(RowKind.CREDENTIAL, card[n], IssuedCredential(holder=HolderId(f"h-{n}")))
            for n in range(6)
        ),
    ]
    writer.apply(delta((0, 1), base, base))
    for version, (number, holder) in enumerate(steps, start=1):
        change = entitlement(number, f"h-{holder}")
        if holder is None:
            change = row(RowKind.ENTITLEMENT, f"e-{number}", None)
            held.pop(change.id, None)
        else:
            held[change.id] = change
        message = delta((version, version + 1), [change], [*base, *held.values()])
        assert writer.apply(message) is Applied.APPLIED
    for n in range(6):
        seen = reader.rows_for(CredentialKey(card[n]), GATE_IN)
        assert seen is not None
        expected = {each for each in held if f'"h-{n}"'.encode() in bytes(held[each].body)}
        assert {each.id for each in seen.rows.entitlements} == expected
    writer.close()
    reader.close()


def adopt(writer: CacheWriter, version: int, rows: list[Row]) -> None:
    snapshot = writer.snapshot()
    parts = chunks(version, rows)
    for part in parts:
        snapshot.add(part)
    assert snapshot.close_with(parts[-1])
    writer.adopt(snapshot)


def test_no_reason_is_lost_on_the_way(writer: CacheWriter, reader: CacheReader) -> None:
    filled(writer, [SITE, GATE])
    seen = picture(reader)
    moment = Moment(at=AT, clock=ClockState.TRUSTED, uncertainty=AT - AT)
    tap = Tap(
        access_point=GATE_IN,
        credential=CARD_KEY,
        credential_kind=CredentialKind.NFC_UID,
        moment=moment,
    )
    assert decide(tap, facts_of(seen.rows, State())).reason is Reason.UNKNOWN_CREDENTIAL
