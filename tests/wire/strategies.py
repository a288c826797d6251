"""Any message, entry or row that the protocol allows."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from msgspec import UNSET, Raw

from core.access import IssuedCredential, SiteMode
from core.entitlement import Entitlement
from core.entries import (
    Alarmed,
    Body,
    ClockJumped,
    Commanded,
    Entry,
    Grant,
    Opened,
    Passed,
    Punched,
    Tapped,
    content_of,
)
from core.ids import EntryKey
from core.instants import Moment, whole_ms
from core.presence import AccessPoint, Presence
from core.schedule import Weekly, Window
from wire.codec import RowBody, row
from wire.messages import (
    COUNT_MAX,
    Ack,
    Batch,
    Birth,
    Chunk,
    Command,
    EdgeState,
    EpochSpan,
    FigureRow,
    Health,
    Hello,
    HolderRow,
    Message,
    Preview,
    Rejected,
    Request,
    RowKind,
    Rows,
    SiteRow,
)

ids = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
counts = st.integers(0, COUNT_MAX)
epochs = st.from_regex(r"[0-9]{8}-[0-9a-f]{16}", fullmatch=True)
hashes = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
set_hashes = st.from_regex(r"[0-9a-f]{32}", fullmatch=True)
instants = st.datetimes(
    min_value=datetime(1971, 1, 2),  # noqa: DTZ001 - hypothesis takes naive bounds
    max_value=datetime(9000, 12, 30),  # noqa: DTZ001 - hypothesis takes naive bounds
    timezones=st.just(UTC),
).map(whole_ms)
marks = st.dictionaries(epochs, counts, max_size=5)
_maybe_id = st.none() | ids
_maybe_instant = st.none() | instants


grants = st.builds(Grant, epoch=epochs, seq=counts)
bodies: st.SearchStrategy[Body] = st.one_of(
    st.builds(
        Opened,
        previous=st.none() | epochs,
        last_seq=counts,
        last_hash=hashes,
        software=texts,
    ),
    st.builds(
        Tapped,
        access_point=ids,
        credential=ids,
        holder=_maybe_id,
        entitlement=_maybe_id,
        units=counts,
        zone_to=_maybe_id,
        retry_at=_maybe_instant,
        cache_version=counts,
        facts=texts,
    ),
    st.builds(
        Passed,
        door=ids,
        access_point=_maybe_id,
        movement=texts,
        grant=st.none() | grants,
        holder=_maybe_id,
        entitlement=_maybe_id,
        units=counts,
        zone_to=_maybe_id,
    ),
    st.builds(Punched, access_point=ids, credential=ids, holder=_maybe_id, cache_version=counts),
    st.builds(Alarmed, part=texts, alarm=texts, detail=texts),
    st.builds(
        Commanded,
        command=ids,
        action=texts,
        access_point=_maybe_id,
        outcome=texts,
        detail=texts,
    ),
    st.builds(ClockJumped, expected=instants, actual=instants),
)
entries = st.builds(
    Entry,
    key=st.builds(EntryKey, edge=ids, epoch=epochs, seq=st.integers(1, COUNT_MAX)),
    moment=st.builds(
        Moment,
        at=instants,
        uncertainty=st.integers(0, 10**13).map(lambda ms: timedelta(milliseconds=ms)),
    ),
    monotonic_ms=counts,
    body=bodies,
)

_windows = st.builds(
    Window,
    days=st.lists(st.integers(1, 7), min_size=1, max_size=7).map(tuple),
    start_minute=st.integers(0, 1439),
    end_minute=st.integers(0, 1440),
)
_entitlements = st.builds(
    Entitlement,
    id=ids,
    holder=ids,
    product=ids,
    name=texts,
    zones=st.lists(ids, max_size=3).map(tuple),
    weekly=st.builds(Weekly, windows=st.lists(_windows, max_size=2).map(tuple)),
    valid_from=st.none() | instants,
    valid_until=st.none(),
    units=st.none() | st.integers(0, 1_000_000),
    staleness_bound=st.none() | st.timedeltas(timedelta(0), timedelta(days=400)),
)
row_bodies: dict[RowKind, st.SearchStrategy[RowBody]] = {
    RowKind.SITE: st.builds(
        SiteRow,
        name=texts,
        mode=st.sampled_from(SiteMode),
        timezone=st.just("Europe/Ljubljana"),
        holidays=st.lists(st.dates(), max_size=3),
    ),
    RowKind.ACCESS_POINT: st.builds(
        AccessPoint, id=ids, name=texts, door=_maybe_id, zone_from=_maybe_id, zone_to=_maybe_id
    ),
    RowKind.HOLDER: st.builds(HolderRow, blocked=st.booleans()),
    RowKind.CREDENTIAL: st.builds(IssuedCredential, holder=ids, blocked=st.booleans()),
    RowKind.ENTITLEMENT: _entitlements,
    RowKind.FIGURE: st.builds(FigureRow, taken=st.integers(-1000, 1000)),
    RowKind.PRESENCE: st.builds(Presence, zone=_maybe_id, since=instants),
}
rows = st.one_of(
    *(st.builds(row, st.just(kind), ids, st.none() | body) for kind, body in row_bodies.items())
)

_raw_entries = st.lists(entries.map(lambda entry: Raw(content_of(entry))), min_size=1, max_size=5)
_echo = st.none() | counts
_low = st.integers(0, 1000)
messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(
        Birth,
        session=counts,
        software=texts,
        boot_id=texts,
        epochs=st.lists(
            st.builds(EpochSpan, epoch=epochs, first=counts, last=counts, last_hash=hashes),
            max_size=3,
        ),
        cache_version=counts,
        set_hash=set_hashes,
        clock=texts,
        uncertainty_ms=counts,
        sent_ms=counts,
    ),
    st.builds(
        EdgeState,
        session=counts,
        online=st.booleans(),
        health=st.just(UNSET)
        | st.builds(
            Health,
            cache_version=counts,
            clock=texts,
            uncertainty_ms=counts,
            sent_ms=counts,
        ),
    ),
    st.builds(
        Batch,
        epoch=epochs,
        first=st.integers(1, COUNT_MAX),
        previous=hashes,
        entries=_raw_entries,
        sent_ms=counts,
    ),
    st.builds(Preview, entries=_raw_entries),
    st.builds(Request, version=counts, index=counts, sent_ms=counts),
    st.builds(
        Ack,
        counter=counts,
        hub_at=instants,
        echo_ms=_echo,
        marks=marks,
        rejected=st.lists(st.builds(Rejected, epoch=epochs, seq=counts, code=texts), max_size=3),
    ),
    st.builds(
        Rows,
        counter=counts,
        hub_at=instants,
        echo_ms=_echo,
        from_version=_low,
        to_version=_low.map(lambda version: version + 1000),
        rows=st.lists(rows, max_size=4),
        included=marks,
        set_hash=set_hashes,
    ),
    st.builds(
        Chunk,
        counter=counts,
        hub_at=instants,
        echo_ms=_echo,
        version=counts,
        index=_low,
        count=_low.map(lambda count: count + 1001),
        rows=st.lists(rows, max_size=4),
        included=marks,
        set_hash=set_hashes,
        as_of=instants,
    ),
    st.builds(
        Command,
        counter=counts,
        hub_at=instants,
        echo_ms=_echo,
        id=ids,
        action=texts,
        access_point=_maybe_id,
        expires_at=instants,
        signer=ids,
    ),
    st.builds(Hello, counter=counts, hub_at=instants, echo_ms=_echo),
)
