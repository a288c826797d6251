"""What ends every write transaction of a tenant: the rights of changed holders are refreshed."""

from hub.context import Clock
from hub.database import Database
from hub.rights.service import refresh_stale


def add_hooks(database: Database, clock: Clock) -> None:
    """Nothing that changes what edges must know can be committed without the edges' rows."""
    database.before_commit(lambda connection: refresh_stale(connection, clock()))
