"""What happened at this edge: a durable, chained record with one writer and any readers."""

from edge_agent.journal.effects import OpenGrant, OwnPresence, Usage
from edge_agent.journal.errors import (
    JournalDamagedError,
    JournalError,
    JournalFromFutureError,
    JournalUnwritableError,
)
from edge_agent.journal.reader import JournalReader
from edge_agent.journal.verify import Broken, first_broken
from edge_agent.journal.writer import Journal

__all__ = [
    "Broken",
    "Journal",
    "JournalDamagedError",
    "JournalError",
    "JournalFromFutureError",
    "JournalReader",
    "JournalUnwritableError",
    "OpenGrant",
    "OwnPresence",
    "Usage",
    "first_broken",
]
