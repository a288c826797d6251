"""The audit chain: every change by a person, linked to the one before, in its own transaction."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from core.chain import GENESIS, Json, canonical, link
from core.ids import AccountId
from core.instants import to_text
from hub.acts import Act
from hub.audit import store


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One change; `details` hold ids, numbers and words of ours, never a name or a card number."""

    seq: int
    at: str
    account: str
    action: str
    subject: str
    details: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What became of checking a chain: whole, or the first broken entry and what is wrong."""

    entries: int
    head: str
    broken_seq: int | None = None
    problem: str = ""

    @property
    def whole(self) -> bool:
        return self.broken_seq is None


def record_act(
    act: Act, action: str, subject: str, details: Mapping[str, Json] | None = None
) -> None:
    """Chain a change within its transaction."""
    record(act.connection, act.account, action, subject, details or {}, act.at)


def record(
    connection: Connection,
    account: AccountId,
    action: str,
    subject: str,
    details: Mapping[str, Json],
    at: datetime,
) -> None:
    """Chain a change: `action` such as `person.blocked`, `subject` the id of what was changed."""
    seq, previous = store.head(connection) or (0, GENESIS)
    content = canonical(
        {
            "account": account,
            "action": action,
            "at": to_text(at),
            "details": dict(details),
            "seq": seq + 1,
            "subject": subject,
        }
    )
    store.append(connection, seq=seq + 1, content=content, hash_=link(previous, content))


def verify(connection: Connection) -> Verification:
    """The chain recomputed from its first entry to its recorded end."""
    previous, count = GENESIS, 0
    for row in store.entries(connection):
        problem = _problem(row.seq, count + 1, row.content, row.hash, previous)
        if problem:
            return Verification(
                entries=count, head=previous.hex(), broken_seq=count + 1, problem=problem
            )
        previous, count = row.hash, row.seq
    head = store.head(connection) or (0, GENESIS)
    if head != (count, previous):
        problem = f"the chain ends at {count}, but was recorded up to {head[0]}"
        return Verification(
            entries=count, head=previous.hex(), broken_seq=count + 1, problem=problem
        )
    return Verification(entries=count, head=previous.hex())


def newest(connection: Connection, *, before: int | None, limit: int) -> list[AuditEntry]:
    """The latest changes before `before`, newest first."""
    return [_entry(content) for _, content in store.newest(connection, before=before, limit=limit)]


def _problem(seq: int, expected: int, content: bytes, written: bytes, previous: bytes) -> str:
    if seq != expected:
        return f"entry {expected} is missing"
    if link(previous, content) != written:
        return f"entry {seq} does not follow from the one before: it, or that one, was changed"
    return ""


def _entry(content: bytes) -> AuditEntry:
    plain = json.loads(content)
    return AuditEntry(
        seq=plain["seq"],
        at=plain["at"],
        account=plain["account"],
        action=plain["action"],
        subject=plain["subject"],
        details=plain["details"],
    )
