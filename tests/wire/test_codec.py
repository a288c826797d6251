"""Bodies: what is allowed comes back the same, everything else is refused by name."""

import json
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from core.entries import content_of
from tests.wire import strategies
from tests.wire.examples import ENTRIES, EPOCH, MESSAGES, ROWS
from wire.codec import (
    ROW_BODIES,
    SET_HASH_EMPTY,
    decode,
    decode_entry,
    encode,
    row,
    row_body,
    set_hash,
    set_hash_change,
    set_hash_text,
)
from wire.errors import MalformedError, TooLargeError, UnknownVersionError, WireError
from wire.messages import (
    BATCH_BYTES_MAX,
    ENTRIES_PER_BATCH_MAX,
    ENTRY_BYTES_MAX,
    EPOCHS_PER_MESSAGE_MAX,
    ROW_BYTES_MAX,
    ROWS_PER_MESSAGE_MAX,
    Ack,
    Batch,
    Birth,
    Chunk,
    Hello,
    HolderRow,
    Message,
    Request,
    Row,
    RowKind,
    Rows,
    SiteRow,
)
from wire.topics import Down, Up

# What a fuzzer puts in place of any value of a message.
_odd: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 70), 1 << 70)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "x\n"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(message=strategies.messages)
def test_every_message_comes_back_the_same(message: Message) -> None:
    again = decode(type(message), encode(message))
    assert encode(again) == encode(message)
    assert _plain(again) == _plain(message)


@given(entry=strategies.entries)
def test_every_entry_comes_back_the_same(entry: Any) -> None:
    assert decode_entry(content_of(entry)) == entry


@given(data=st.data())
@pytest.mark.parametrize("kind", list(RowKind))
def test_every_row_comes_back_the_same(kind: RowKind, data: st.DataObject) -> None:
    body = data.draw(strategies.row_bodies[kind])
    assert row_body(kind, bytes(row(kind, "x", body).body)) == body


@pytest.mark.must("P-014")
@given(junk=st.binary(max_size=200))
def test_junk_never_raises_anything_but_a_wire_error(junk: bytes) -> None:
    for kind in {type(message) for message in MESSAGES.values()}:
        with pytest.raises(WireError):
            decode(kind, junk)
    with pytest.raises(WireError):
        decode_entry(junk)
    for row_kind in ROW_BODIES:
        with pytest.raises(WireError):
            row_body(row_kind, junk)


@pytest.mark.must("P-014")
@given(data=st.data(), channel=st.sampled_from([*Up, *Down]), odd=_odd)
def test_odd_values_anywhere_never_raise_anything_but_a_wire_error(
    data: st.DataObject, channel: Up | Down, odd: Any
) -> None:
    message = MESSAGES[channel]
    plain = json.loads(encode(message))
    _spoil(data, plain, odd)
    _decoded_or_refused(type(message), json.dumps(plain).encode())


@pytest.mark.must("P-014")
@given(data=st.data(), kind=st.sampled_from(sorted(ENTRIES)), odd=_odd)
def test_odd_entries_never_raise_anything_but_a_wire_error(
    data: st.DataObject, kind: str, odd: Any
) -> None:
    plain = json.loads(content_of(ENTRIES[kind]))
    _spoil(data, plain, odd)
    try:
        entry = decode_entry(json.dumps(plain).encode())
    except WireError:
        return
    assert content_of(entry)
    assert entry.moment.earliest <= entry.moment.latest


@pytest.mark.must("P-014")
@given(data=st.data(), kind=st.sampled_from(list(ROWS)), odd=_odd)
def test_odd_rows_never_raise_anything_but_a_wire_error(
    data: st.DataObject, kind: RowKind, odd: Any
) -> None:
    plain = json.loads(bytes(row(kind, *ROWS[kind]).body))
    _spoil(data, plain, odd)
    try:
        row_body(kind, json.dumps(plain).encode())
    except WireError:
        return


@pytest.mark.must("P-017")
@pytest.mark.parametrize("version", [0, 2, 255, 10**30])
def test_another_version_is_told_before_anything_else(version: int) -> None:
    with pytest.raises(UnknownVersionError, match="1 is spoken here") as caught:
        decode(Birth, b'{"v":%d,"session":"no number"}' % version)
    assert caught.value.field == "v"


@pytest.mark.must("P-014")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"session": -1}, "session"),
        ({"session": 1 << 63}, "session"),
        ({"session": 1.5}, "session"),
        ({"set_hash": "AB" * 16}, "set_hash"),
        ({"set_hash": "ab" * 16 + "\n"}, "set_hash"),
        ({"software": "x" * 201}, "software"),
        ({"epochs": [{"epoch": "1-2", "first": 1, "last": 1, "last_hash": ""}]}, "epochs[0].epoch"),
        ({"sent_ms": None}, "sent_ms"),
    ],
)
def test_the_field_that_is_wrong_is_named(change: dict[str, Any], field: str) -> None:
    plain = json.loads(encode(MESSAGES[Up.BIRTH])) | change
    with pytest.raises(MalformedError) as caught:
        decode(Birth, json.dumps(plain).encode())
    assert caught.value.field.replace("...", "0") == field


def test_a_missing_field_is_named() -> None:
    plain = json.loads(encode(MESSAGES[Up.REQUEST]))
    del plain["sent_ms"]
    with pytest.raises(MalformedError, match="sent_ms"):
        decode(Request, json.dumps(plain).encode())


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"v":1,"x":' + b"[" * 100_000])
def test_deeply_nested_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError):
        decode(Hello, body)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_an_instant_at_the_end_of_the_calendar_is_malformed(at: str) -> None:
    with pytest.raises(MalformedError, match="hub_at"):
        decode(Hello, b'{"v":1,"counter":1,"hub_at":"%s"}' % at.encode())


def test_an_instant_without_an_offset_is_malformed() -> None:
    with pytest.raises(MalformedError, match="hub_at"):
        decode(Hello, b'{"v":1,"counter":1,"hub_at":"2026-11-23T05:58:00"}')


@pytest.mark.must("P-013", "P-042")
def test_a_batch_over_its_limits_is_refused() -> None:
    entry = Raw(b"1")
    many = _batch([entry] * (ENTRIES_PER_BATCH_MAX + 1))
    with pytest.raises(MalformedError, match="entries"):
        decode(Batch, encode(many))
    half = b'"' + b"x" * (BATCH_BYTES_MAX // 2) + b'"'
    large = encode(_batch([Raw(half)])).replace(half, half + b"," + half)
    with pytest.raises(MalformedError, match="bytes"):
        decode(Batch, large)


@pytest.mark.must("P-013")
def test_rows_and_epochs_over_their_limits_are_refused() -> None:
    rows = MESSAGES[Down.ROWS]
    assert isinstance(rows, Rows)
    plain = json.loads(encode(rows))
    plain["rows"] = [plain["rows"][0]] * (ROWS_PER_MESSAGE_MAX + 1)
    with pytest.raises(MalformedError, match="rows"):
        decode(Rows, json.dumps(plain).encode())
    plain = json.loads(encode(MESSAGES[Down.ACK]))
    plain["marks"] = {f"{n:08d}-0123456789abcdef": 1 for n in range(EPOCHS_PER_MESSAGE_MAX + 1)}
    with pytest.raises(MalformedError, match="marks"):
        decode(Ack, json.dumps(plain).encode())


@pytest.mark.must("P-013")
def test_an_entry_or_row_over_its_limit_is_refused_on_both_sides() -> None:
    with pytest.raises(TooLargeError, match=f"at most {ENTRY_BYTES_MAX}"):
        decode_entry(b"x" * (ENTRY_BYTES_MAX + 1))
    with pytest.raises(TooLargeError, match=f"at most {ROW_BYTES_MAX}"):
        row_body(RowKind.HOLDER, b"x" * (ROW_BYTES_MAX + 1))
    site = ROWS[RowKind.SITE][1]
    assert isinstance(site, SiteRow)
    large = SiteRow(
        name=site.name, mode=site.mode, timezone=site.timezone, holidays=site.holidays * 2_000
    )
    with pytest.raises(TooLargeError, match="site bazen"):
        row(RowKind.SITE, "bazen", large)


def test_a_delta_backwards_and_a_chunk_beyond_its_count_are_refused() -> None:
    rows = json.loads(encode(MESSAGES[Down.ROWS])) | {"from_version": 8}
    with pytest.raises(MalformedError, match="before"):
        decode(Rows, json.dumps(rows).encode())
    chunk = json.loads(encode(MESSAGES[Down.CHUNK])) | {"index": 4}
    with pytest.raises(MalformedError, match="index 4 of 4"):
        decode(Chunk, json.dumps(chunk).encode())


def test_an_entry_of_an_unknown_kind_is_refused_with_those_that_are_known() -> None:
    content = content_of(ENTRIES["tap"]).replace(b'"kind":"tap"', b'"kind":"dance"')
    with pytest.raises(MalformedError, match="epoch, tap, passage"):
        decode_entry(content)


_sets = st.dictionaries(
    st.tuples(st.sampled_from(RowKind), st.text(max_size=4)), st.binary(max_size=6), max_size=8
)


@given(before=_sets, after=_sets)
def test_the_set_hash_by_changes_is_the_set_hash_of_the_result(
    before: dict[tuple[RowKind, str], bytes], after: dict[tuple[RowKind, str], bytes]
) -> None:
    value = _hash_of(before)
    for kind, row_id in {*before, *after}:
        key = (kind, row_id)
        value = set_hash_change(value, kind, row_id, old=before.get(key), new=after.get(key))
    assert value == _hash_of(after)
    assert len(set_hash_text(value)) == 32
    assert (before == after) == (_hash_of(before) == _hash_of(after))


def test_no_rows_hash_to_zero_and_order_does_not_matter() -> None:
    rows = [(RowKind.HOLDER, "a", b"1"), (RowKind.HOLDER, "b", b"2")]
    assert set_hash([]) == SET_HASH_EMPTY
    assert set_hash(rows) == set_hash(reversed(rows))
    assert set_hash(rows) != set_hash([(RowKind.HOLDER, "a", b"2"), (RowKind.HOLDER, "b", b"1")])


def test_a_row_without_a_body_is_a_tombstone() -> None:
    assert bytes(row(RowKind.HOLDER, "h-1", None).body) == b"null"
    assert bytes(row(RowKind.HOLDER, "h-1", HolderRow(blocked=True)).body) == b'{"blocked":true}'


def _hash_of(rows: dict[tuple[RowKind, str], bytes]) -> int:
    return set_hash((kind, row_id, body) for (kind, row_id), body in rows.items())


def _batch(entries: list[Raw]) -> Batch:
    return Batch(epoch=EPOCH, first=1, previous="0" * 64, entries=entries, sent_ms=0)


def _decoded_or_refused(kind: type[Message], body: bytes) -> None:
    try:
        message = decode(kind, body)
    except WireError:
        return
    assert decode(kind, encode(message)) is not None


def _spoil(data: st.DataObject, plain: dict[str, Any], odd: Any) -> None:
    """Replace one value somewhere inside."""
    place: Any = plain
    for _ in range(4):
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else [0]))
        inner = place[key]
        if not inner or not isinstance(inner, dict | list) or data.draw(st.booleans()):
            place[key] = odd
            return
        place = inner


def _plain(value: Any) -> Any:
    """Raw bytes compare by identity; everything else as it is."""
    if isinstance(value, Raw):
        return bytes(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, Message | Row):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return value
