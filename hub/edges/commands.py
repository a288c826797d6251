"""Commands to edges: given with an expiry and a signer, answered through the journal."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from core.ids import AccessPointId, CommandId, EdgeId, new_id
from hub.acts import Act
from hub.database import announce
from hub.edges import store
from hub.edges.store import StoredCommand
from hub.errors import NotFoundError, message

OPEN = "open"
OPEN_VALID_FOR = timedelta(seconds=5)
"""An order to open that comes later than this is a safety incident, not a service."""


def give(
    act: Act, *, edge: EdgeId, action: str, access_point: AccessPointId | None, valid_for: timedelta
) -> StoredCommand:
    """Record a command in the act's transaction; it is sent once that is committed."""
    command = StoredCommand(
        id=CommandId(new_id("c", act.random_bytes)),
        edge=edge,
        action=action,
        access_point=access_point,
        created_at=act.at,
        expires_at=act.at + valid_for,
        signer=act.account,
        outcome=None,
        detail=None,
        outcome_at=None,
    )
    store.add_command(act.connection, command)
    announce(act.connection, "command", command.id)
    return command


def get(connection: Connection, command: CommandId) -> StoredCommand:
    """NotFoundError if there is no such command."""
    found = store.command(connection, command)
    if found is None:
        raise NotFoundError(message("There is no command {id}.", id=command))
    return found


def open_ones(connection: Connection, now: datetime) -> list[StoredCommand]:
    """Those to be sent (again)."""
    return store.open_commands(connection, now)


def answered(
    connection: Connection, command: CommandId, *, outcome: str, detail: str, at: datetime
) -> None:
    """The edge has said what became of it; only its first word counts."""
    store.set_outcome(connection, command, outcome=outcome, detail=detail, at=at)
    announce(connection, "command-outcome", command)
