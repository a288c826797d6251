"""Whether an order of the hub is carried out: known, in time, possible; else why not."""

from dataclasses import dataclass
from enum import StrEnum

from edge_agent.clock import Reading
from wire.messages import Command

OPEN = "open"


class Ending(StrEnum):
    """How a command ended; the value is stable on the wire."""

    EXECUTED = "executed"
    EXPIRED = "expired"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ends, and why if it is not carried out."""

    ending: Ending
    detail: str = ""

    @property
    def executes(self) -> bool:
        return self.ending is Ending.EXECUTED


def judged(command: Command, reading: Reading, *, is_gate: bool, is_working: bool) -> Outcome:
    """What becomes of the command now; in doubt about the time it is not carried out."""
    if command.action != OPEN:
        return _refused(f"unknown action {command.action!r}"[:100])
    if not is_gate:
        return _refused("no such gate at this edge")
    if reading.corrected is None:
        return _refused("clock unknown")
    if reading.corrected + reading.margin >= command.expires_at:
        return Outcome(ending=Ending.EXPIRED)
    return Outcome(ending=Ending.EXECUTED) if is_working else _refused("out of order")


def _refused(detail: str) -> Outcome:
    return Outcome(ending=Ending.REFUSED, detail=detail)
