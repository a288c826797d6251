"""An act: one change that a person or program makes, in one transaction of the tenant."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from core.ids import AccountId, RandomBytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """By whom, when, with which chance, in which write transaction."""

    connection: Connection
    account: AccountId
    at: datetime
    random_bytes: RandomBytes
