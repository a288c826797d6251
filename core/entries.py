"""The records of an edge's journal: what each kind says, and its canonical bytes."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum

from core.chain import Json, canonical
from core.credential import CredentialKey, CredentialKind
from core.ids import (
    AccessPointId,
    CommandId,
    DoorId,
    EntitlementId,
    EntryKey,
    EpochId,
    HolderId,
    ZoneId,
)
from core.instants import Moment, require_aware, to_text
from core.punch import PunchKind
from core.reasons import Reason


class Verdict(StrEnum):
    """What a gate does: open, stay shut, or open and flag."""

    ALLOW = "allow"
    DENY = "deny"
    SOFT = "soft"

    @property
    def opens(self) -> bool:
        return self is not Verdict.DENY


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Which opening decision something belongs to: the tap's (or command's) epoch and seq."""

    epoch: EpochId
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The first entry of an epoch: ties it to the end of the previous one (`last_hash` in hex)."""

    previous: EpochId | None
    last_seq: int
    last_hash: str
    software: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tapped:
    """A credential presented at a gate, what was decided, and what it reserved.

    `facts` is the digest of what the decision saw, `cache_version` the hub's rows it came from.
    """

    access_point: AccessPointId
    credential: CredentialKey
    credential_kind: CredentialKind
    holder: HolderId | None
    verdict: Verdict
    reason: Reason
    entitlement: EntitlementId | None
    units: int
    zone_to: ZoneId | None
    retry_at: datetime | None
    cache_version: int
    facts: str

    def __post_init__(self) -> None:
        require_aware("retry_at", self.retry_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """How a release ended, or a passage without one; carries what its grant had reserved.

    `movement` is one of the barrier's words: passed, no-show, forced, reverse, tailgate.
    """

    door: DoorId
    access_point: AccessPointId | None
    movement: str
    grant: Grant | None
    holder: HolderId | None
    entitlement: EntitlementId | None
    units: int
    zone_to: ZoneId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Punched:
    """A working-time stamp; without a holder it is unassigned until somebody claims it."""

    access_point: AccessPointId
    credential: CredentialKey
    credential_kind: CredentialKind
    holder: HolderId | None
    kind: PunchKind
    cache_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarmed:
    """Something that a person should look at: a lost part, a jam, a forced door, a fire."""

    part: str
    alarm: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commanded:
    """A command of the hub and its outcome: executed, expired, refused."""

    command: CommandId
    action: str
    access_point: AccessPointId | None
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockJumped:
    """The wall clock was set: what it would have said, and what it says."""

    expected: datetime
    actual: datetime

    def __post_init__(self) -> None:
        require_aware("expected", self.expected)
        require_aware("actual", self.actual)


Body = Opened | Tapped | Passed | Punched | Alarmed | Commanded | ClockJumped

BODIES: dict[str, type[Body]] = {
    "epoch": Opened,
    "tap": Tapped,
    "passage": Passed,
    "punch": Punched,
    "alarm": Alarmed,
    "command": Commanded,
    "clock": ClockJumped,
}
"""Each kind of entry by its name on the wire."""

_MILLISECOND = timedelta(milliseconds=1)

_KINDS = {body: kind for kind, body in BODIES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record of a journal; `monotonic_ms` counts since the edge's boot."""

    key: EntryKey
    moment: Moment
    monotonic_ms: int
    body: Body

    @property
    def kind(self) -> str:
        return _KINDS[type(self.body)]


def content_of(entry: Entry) -> bytes:
    """The bytes that are stored, chained, signed and sent."""
    return canonical(
        {
            "at": to_text(entry.moment.at),
            "body": _plain(entry.body),
            "clock": entry.moment.clock.value,
            "edge": entry.key.edge,
            "epoch": entry.key.epoch,
            "kind": entry.kind,
            "monotonic": entry.monotonic_ms,
            "seq": entry.key.seq,
            "uncertainty": entry.moment.uncertainty // _MILLISECOND,
        }
    )


def _plain(body: Body | Grant) -> dict[str, Json]:
    return {field.name: _value(getattr(body, field.name)) for field in fields(body)}


def _value(value: object) -> Json:
    match value:
        case None | bool() | int():
            return value
        case str():
            return str(value)
        case datetime():
            return to_text(value)
        case Grant():
            return _plain(value)
        case _:
            raise AssertionError(f"{value!r} has no place in an entry")
