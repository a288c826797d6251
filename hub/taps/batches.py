"""One batch into the journal of its edge: kept as received, chained on, or put aside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from core.entries import Opened
from core.ids import EdgeId, EpochId
from core.instants import to_ms
from hub.edges import service as edges
from hub.edges.store import Edge
from hub.taps.intake import START, Aside, Intake, Link, Mark, Tie, examine, opened_by, tie_of
from hub.taps.letters import Letter
from hub.taps.news import alarm
from hub.taps.store import journal
from wire.messages import Batch, Birth, EpochSpan, Rejected

JOURNAL = "journal"
_TELLING = {
    Tie.MISSING: ("missing-epoch", "entries before epoch {epoch} never came and are not offered"),
    Tie.FORKED: ("forked-journal", "epoch {epoch} continues an earlier state of the journal"),
    Tie.LOST: ("lost-journal", "epoch {epoch} begins a new journal, though there was one"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What to acknowledge for one batch: the mark of its epoch, and what was put aside."""

    epoch: EpochId
    seq: int
    rejected: tuple[Rejected, ...] = ()


def take(connection: Connection, letter: Letter, batch: Batch) -> Taken:
    """Commit what is new of a batch, once; a gap changes nothing and tells the mark again."""
    edge, epoch = letter.edge, EpochId(batch.epoch)
    known = journal.epoch(connection, edge.id, epoch)
    mark = known.mark if known else START
    intake = examine(edge.id, batch, mark)
    if intake.gap:
        return Taken(epoch=epoch, seq=mark.seq)
    foreign = _foreign(connection, edge.id, epoch, intake.repeated)
    if intake.fresh or foreign:
        mark = _keep(connection, letter, epoch, intake, foreign) or mark
    _anchor(connection, letter, epoch, batch.sent_ms)
    return Taken(epoch=epoch, seq=mark.seq, rejected=_rejected(epoch, intake, foreign))


def marks_for(connection: Connection, edge: Edge, birth: Birth, at: datetime) -> dict[EpochId, int]:
    """The mark of every epoch of a birth, moved past what the edge no longer has."""
    spans = {EpochId(span.epoch): span for span in birth.epochs}
    marks = {
        epoch: _mark_for(connection, edge.id, epoch, span, at) for epoch, span in spans.items()
    }
    _settle_ties(connection, edge.id, spans, at)
    if birth.epochs:
        newest = max(spans)
        anchor_ms = to_ms(at) - birth.sent_ms
        journal.lower_anchor(connection, edge.id, newest, anchor_ms)
    return marks


def _foreign(
    connection: Connection, edge: EdgeId, epoch: EpochId, repeated: Sequence[Link]
) -> list[Link]:
    """Those of the repeated entries whose key the hub has with another hash."""
    if not repeated:
        return []
    stored = journal.hashes(connection, edge, epoch, repeated[0].seq, repeated[-1].seq)
    return [each for each in repeated if stored.get(each.seq, each.hash) != each.hash]


def _keep(
    connection: Connection, letter: Letter, epoch: EpochId, intake: Intake, foreign: Sequence[Link]
) -> Mark | None:
    edge, at = letter.edge.id, letter.received.at
    number = journal.add_batch(
        connection,
        edge=edge,
        topic=letter.received.topic,
        envelope=letter.received.payload,
        at=at,
    )
    new = [
        each.seq
        for each in foreign
        if journal.add_to_quarantine(connection, edge, epoch, each, number)
    ]
    if new:
        detail = f"epoch {epoch}, entries {new[0]} to {new[-1]} came again with other content"
        alarm(connection, edge=edge, part=JOURNAL, alarm="other-hash", detail=detail, at=at)
    return _append(connection, letter, epoch, intake.fresh, number) if intake.fresh else None


def _append(
    connection: Connection, letter: Letter, epoch: EpochId, fresh: Sequence[Link], number: int
) -> Mark:
    edge, at, last = letter.edge.id, letter.received.at, fresh[-1]
    journal.add_entries(connection, edge, epoch, fresh, number)
    mark = Mark(seq=last.seq, hash=last.hash)
    journal.set_mark(connection, edge, epoch, mark)
    for aside in (Aside.UNREADABLE, Aside.WRONG_KEY, Aside.BROKEN_CHAIN):
        seqs = [each.seq for each in fresh if each.aside is aside]
        if seqs:
            detail = f"epoch {epoch}, entries {seqs[0]} to {seqs[-1]}: {len(seqs)} put aside"
            alarm(connection, edge=edge, part=JOURNAL, alarm=aside.value, detail=detail, at=at)
    opening = opened_by(fresh)
    if opening is not None:
        _tie(connection, letter.edge, epoch, opening, at)
    _retie(connection, edge, epoch, at)
    return mark


def _tie(connection: Connection, edge: Edge, epoch: EpochId, opening: Opened, at: datetime) -> None:
    """Tie a new epoch to the one it names."""
    others = [each for each in journal.epochs(connection, edge.id) if each.epoch != epoch]
    previous = next((each for each in others if each.epoch == opening.previous), None)
    tie = tie_of(
        opening,
        mark=previous.mark if previous else None,
        offered=_offers(edges.spans(edge), opening.previous, opening.last_seq),
        has_others=_had_another_life(epoch, others),
        has_sibling=any(
            each.previous == opening.previous and each.tie is not None for each in others
        ),
    )
    journal.set_opening(connection, edge.id, epoch, opening, tie)
    _tell(connection, edge.id, epoch, tie, at)


def _had_another_life(epoch: EpochId, others: Sequence[journal.Epoch]) -> bool:
    """True when what is known of the edge is not what came after this epoch."""
    counts_alike = any(each.epoch[:8] <= epoch[:8] for each in others)
    continued = any(each.previous == epoch for each in others)
    return counts_alike or (bool(others) and not continued)


def _retie(connection: Connection, edge: EdgeId, grown: EpochId, at: datetime) -> None:
    """An epoch has grown: those that wait for its end may be tied now."""
    for each in journal.epochs(connection, edge):
        if each.tie is not Tie.WAITING or each.previous != grown:
            continue
        mark = journal.epoch(connection, edge, grown)
        tie = tie_of(
            _opening(each),
            mark=mark.mark if mark else None,
            offered=True,
            has_others=True,
            has_sibling=False,
        )
        if tie is not Tie.WAITING:
            journal.set_tie(connection, edge, each.epoch, tie)
            _tell(connection, edge, each.epoch, tie, at)


def _settle_ties(
    connection: Connection, edge: EdgeId, spans: dict[EpochId, EpochSpan], at: datetime
) -> None:
    """What an epoch waits for and the birth does not offer is missing for good."""
    for each in journal.epochs(connection, edge):
        if each.tie is Tie.WAITING and not _offers(spans, each.previous, each.previous_seq or 0):
            journal.set_tie(connection, edge, each.epoch, Tie.MISSING)
            _tell(connection, edge, each.epoch, Tie.MISSING, at)


def _mark_for(
    connection: Connection, edge: EdgeId, epoch: EpochId, span: EpochSpan, at: datetime
) -> int:
    known = journal.epoch(connection, edge, epoch)
    mark = known.mark if known else START
    if span.first > mark.seq + 1:
        return _pass_lost(connection, edge, epoch, span, mark=mark, at=at)
    if (
        known is not None
        and known.tie is not Tie.FORKED
        and span.last == mark.seq
        and mark.hash is not None
        and mark.hash.hex() != span.last_hash
    ):
        journal.set_tie(connection, edge, epoch, Tie.FORKED)
        _tell(connection, edge, epoch, Tie.FORKED, at)
    return mark.seq


def _pass_lost(
    connection: Connection,
    edge: EdgeId,
    epoch: EpochId,
    span: EpochSpan,
    *,
    mark: Mark,
    at: datetime,
) -> int:
    """List what neither side has any more, and go on after it."""
    last = span.first - 1
    journal.note_lost(
        connection,
        journal.Lost(edge=edge, epoch=epoch, first=mark.seq + 1, last=last, noted_at=at),
    )
    ended = bytes.fromhex(span.last_hash) if last == span.last else None
    journal.set_mark(connection, edge, epoch, Mark(seq=last, hash=ended))
    detail = f"epoch {epoch}, entries {mark.seq + 1} to {last} are kept nowhere any more"
    alarm(connection, edge=edge, part=JOURNAL, alarm="lost-entries", detail=detail, at=at)
    return last


def _offers(spans: object, epoch: EpochId | None, last_seq: int) -> bool:
    span = spans.get(epoch) if isinstance(spans, dict) and epoch is not None else None
    return isinstance(span, EpochSpan) and span.first <= span.last and span.last >= last_seq


def _opening(each: journal.Epoch) -> Opened:
    return Opened(
        previous=each.previous,
        last_seq=each.previous_seq or 0,
        last_hash=each.previous_hash or "",
        software="",
    )


def _tell(connection: Connection, edge: EdgeId, epoch: EpochId, tie: Tie, at: datetime) -> None:
    if tie in _TELLING:
        name, detail = _TELLING[tie]
        text = detail.format(epoch=epoch)
        alarm(connection, edge=edge, part=JOURNAL, alarm=name, detail=text, at=at)


def _anchor(connection: Connection, letter: Letter, epoch: EpochId, sent_ms: int) -> None:
    """Only the newest epoch was recorded in the life of the clock that stamped the batch."""
    spans = edges.spans(letter.edge)
    if spans and epoch == max(spans):
        anchor_ms = to_ms(letter.received.at) - sent_ms
        journal.lower_anchor(connection, letter.edge.id, epoch, anchor_ms)


def _rejected(epoch: EpochId, intake: Intake, foreign: Sequence[Link]) -> tuple[Rejected, ...]:
    aside = [
        Rejected(epoch=epoch, seq=each.seq, code=each.aside)
        for each in (*intake.repeated, *intake.fresh)
        if each.aside is not None
    ]
    other = [Rejected(epoch=epoch, seq=each.seq, code=Aside.OTHER_HASH) for each in foreign]
    return (*other, *aside)
