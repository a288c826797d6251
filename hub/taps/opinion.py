"""The second opinion: the same tap judged by the hub, and what a difference means. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from core.access import Decision, Facts, Tap, decide
from core.entries import Entry, Tapped
from core.instants import Moment
from core.ledger import digest
from core.reasons import Reason


class Opinion(StrEnum):
    """How the edge's verdict and the hub's go together; the value is stored."""

    AGREE = "agree"
    CACHE_OLDER = "cache-older"  # a note: the edge could not know of the change yet
    DOUBLE_USE = "double-use"  # a conflict: used elsewhere at the same time
    SERVICE_NOTE = "service-note"  # somebody was refused who should have been let in
    DEFECT = "defect"  # an alarm: different verdicts on equal facts
    UNJUDGED = "unjudged"  # the hub had no such access point then


_USED = frozenset({Reason.NO_UNITS_LEFT, Reason.ALREADY_INSIDE, Reason.PASSAGE_PENDING})
# These two the edge decides by its own clock and the age of its rows, which the hub does not share.
_OF_THE_EDGE = frozenset({Reason.CACHE_TOO_OLD, Reason.CLOCK_UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the hub thinks of a tap; `facts` is the digest of what it looked at."""

    opinion: Opinion
    decision: Decision | None = None
    facts: str | None = None


def tap_of(tapped: Tapped, moment: Moment) -> Tap:
    """The tap of an entry, at its own moment or a corrected one."""
    return Tap(
        access_point=tapped.access_point,
        credential=tapped.credential,
        credential_kind=tapped.credential_kind,
        moment=moment,
    )


def judge(
    entry: Entry,
    tapped: Tapped,
    moment: Moment,
    facts: Facts | None,
    facts_of_edge: Callable[[], Facts | None],
) -> Judged:
    """The hub's verdict at the corrected `moment` and how it compares with the edge's.

    `facts_of_edge` are the facts with the rows that the edge held, asked only if it matters.
    """
    if facts is None:
        return Judged(opinion=Opinion.UNJUDGED)
    decision = decide(tap_of(tapped, moment), facts)
    seen = digest(facts)
    if seen == tapped.facts and _is_defect(entry, tapped, facts):
        opinion = Opinion.DEFECT
    elif decision.verdict.opens == tapped.verdict.opens:
        opinion = Opinion.AGREE
    elif decision.verdict.opens:
        opinion = Opinion.SERVICE_NOTE
    else:
        opinion = _too_generous(entry, tapped, decision, facts_of_edge())
    return Judged(opinion=opinion, decision=decision, facts=seen)


def _is_defect(entry: Entry, tapped: Tapped, facts: Facts) -> bool:
    """On the facts that the edge saw, and by its own clock, the rules say something else."""
    if tapped.reason in _OF_THE_EDGE:
        return False
    decision = decide(tap_of(tapped, entry.moment), facts)
    told = (tapped.verdict, tapped.reason, tapped.entitlement, tapped.units)
    return told != (decision.verdict, decision.reason, decision.entitlement, decision.units)


def _too_generous(
    entry: Entry, tapped: Tapped, decision: Decision, of_edge: Facts | None
) -> Opinion:
    """The edge opened and the hub would not have: used elsewhere, or changed since."""
    if decision.reason in _USED:
        return Opinion.DOUBLE_USE
    if of_edge is not None:
        then = decide(tap_of(tapped, entry.moment), of_edge)
        if not then.verdict.opens and then.reason in _USED:
            return Opinion.DOUBLE_USE
    return Opinion.CACHE_OLDER
