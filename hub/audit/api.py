"""Routes of the audit chain: read only."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from hub.audit import service
from hub.caller import CallerNow
from hub.problems import responses
from hub.roles import OWNERS, Matrix

router = APIRouter(prefix="/audit", tags=["audit"])

ROLES: Matrix = {
    "GET /audit": OWNERS,
    "GET /audit/verification": OWNERS,
}

PAGE_MAX = 200


class AuditBody(BaseModel):
    """One change: by which account, when, what, of what; ids only."""

    seq: int
    at: str
    account: str
    action: str
    subject: str
    details: dict[str, Any]  # differs by action


class VerificationBody(BaseModel):
    """Whether the chain is whole, up to which hash; or the first entry that is broken."""

    whole: bool
    entries: int
    head: str
    broken_seq: int | None
    problem: str


@router.get("", summary="List changes, newest first", responses=responses())
def list_changes(
    caller: CallerNow,
    before: Annotated[int | None, Query(ge=1)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
) -> list[AuditBody]:
    """`before` is the last page's smallest `seq`."""
    with caller.tenant.database.read() as connection:
        entries = service.newest(connection, before=before, limit=limit)
    return [
        AuditBody(
            seq=entry.seq,
            at=entry.at,
            account=entry.account,
            action=entry.action,
            subject=entry.subject,
            details=dict(entry.details),
        )
        for entry in entries
    ]


@router.get("/verification", summary="Verify the audit chain", responses=responses())
def verify_chain(caller: CallerNow) -> VerificationBody:
    """Recomputes the whole chain."""
    with caller.tenant.database.read() as connection:
        found = service.verify(connection)
    return VerificationBody(
        whole=found.whole,
        entries=found.entries,
        head=found.head,
        broken_seq=found.broken_seq,
        problem=found.problem,
    )
