"""The messages of v1 as they were: still written the same, still read the same."""

from datetime import UTC, datetime

import msgspec
import pytest

from core.entries import content_of
from tests.wire.examples import ADDRESS, ENTRIES, HEALTHY, MAC_KEY, MESSAGES, PRIVATE_KEY, ROWS
from tests.wire.fixtures import FIXTURES, PAGE, files, page
from wire.codec import decode, decode_entry, encode, row_body
from wire.enrolment import CODE_CHARACTERS, Broker, Enrolment, EnrolmentRequest
from wire.envelope import open_keyed, open_signed
from wire.messages import EdgeState, RowKind
from wire.schema import MESSAGES as CHANNELS
from wire.schema import schema, schema_text
from wire.topics import Down, Up


def test_every_fixture_is_written_as_it_was() -> None:
    assert {path.name: path.read_bytes() for path in FIXTURES.iterdir()} == files()


def test_the_page_shows_what_the_code_does() -> None:
    text = PAGE.read_text("utf-8")
    assert page(text) == text, "run python -m tests.wire.fixtures"


@pytest.mark.parametrize("channel", list(MESSAGES))
def test_an_envelope_of_v1_is_read_as_it_was(channel: Up | Down) -> None:
    direction = "up" if isinstance(channel, Up) else "dn"
    envelope = bytes.fromhex((FIXTURES / f"{direction}-{channel}.hex").read_text())
    if isinstance(channel, Up):
        body = open_signed(PRIVATE_KEY.public_key(), ADDRESS.up(channel), envelope)
    else:
        body = open_keyed(MAC_KEY, ADDRESS.down(channel), envelope)
    message = decode(type(MESSAGES[channel]), body)
    assert encode(message) == encode(MESSAGES[channel])


def test_a_state_with_health_is_read_as_it_was() -> None:
    envelope = bytes.fromhex((FIXTURES / "up-state-health.hex").read_text())
    body = open_signed(PRIVATE_KEY.public_key(), ADDRESS.up(Up.STATE), envelope)
    assert decode(EdgeState, body) == HEALTHY


@pytest.mark.parametrize("kind", sorted(ENTRIES))
def test_an_entry_of_v1_is_read_as_it_was(kind: str) -> None:
    content = (FIXTURES / f"entry-{kind}.json").read_bytes()
    assert decode_entry(content) == ENTRIES[kind]
    assert content_of(ENTRIES[kind]) == content


@pytest.mark.parametrize("kind", list(RowKind))
def test_a_row_of_v1_is_read_as_it_was(kind: RowKind) -> None:
    assert row_body(kind, (FIXTURES / f"row-{kind}.json").read_bytes()) == ROWS[kind][1]


def test_the_schema_names_every_channel_entry_and_row_and_is_the_same_each_time() -> None:
    described = schema()
    assert set(CHANNELS) == {*Up, *Down}
    assert len(described["channels"]) == len(CHANNELS)
    assert set(described["entries"]) == set(ENTRIES)
    assert set(described["rows"]) == {kind.value for kind in RowKind}
    for reference in (*described["channels"].values(), described["entry"]):
        assert reference["$ref"].removeprefix("#/$defs/") in described["$defs"]
    assert schema_text() == schema_text()


def test_an_enrolment_comes_back_the_same_and_refuses_short_keys() -> None:
    enrolment = Enrolment(
        environment="test",
        tenant="sport",
        site="bazen",
        edge="edge-1",
        broker=Broker(host="127.0.0.1", port=1883, username="edge-1", password="geslo"),
        mac_key="ab" * 32,
        site_key="cd" * 32,
        hub_at=datetime(2026, 11, 23, tzinfo=UTC),
    )
    assert msgspec.json.decode(msgspec.json.encode(enrolment), type=Enrolment) == enrolment
    with pytest.raises(msgspec.ValidationError, match="mac_key"):
        msgspec.json.decode(
            msgspec.json.encode(enrolment).replace(b"ab" * 32, b"ab" * 31), type=Enrolment
        )
    short = b'{"code":"A","public_key":"%s","software":"x"}' % (b"ab" * 32)
    with pytest.raises(msgspec.ValidationError, match=f"{CODE_CHARACTERS}"):
        msgspec.json.decode(short, type=EnrolmentRequest)
