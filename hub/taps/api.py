"""Routes of taps, passages, punches and alarms, and the live feed."""

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from core.ids import HolderId
from hub.caller import CallerNow, HubNow
from hub.fields import IdText, InstantBody
from hub.problems import responses
from hub.roles import STAFF, Matrix
from hub.taps import service
from hub.taps.background import running
from hub.taps.live import HINT, Live
from hub.taps.service import Filter
from hub.taps.store.feed import News

router = APIRouter(tags=["taps"])

ROLES: Matrix = {
    "GET /taps": STAFF,
    "GET /passages": STAFF,
    "GET /punches": STAFF,
    "GET /alarms": STAFF,
    "GET /live": STAFF,
}

LIMIT_MAX = 500


class OfEntry(BaseModel):
    """Whose entry it is and when it happened: corrected, and by the edge's own clock."""

    edge: str
    epoch: str
    seq: int
    site: str
    at: datetime
    raw_at: datetime
    clock: str
    uncertainty_ms: int
    holder: str | None
    holder_name: str | None


class TapBody(OfEntry):
    """A tap with the edge's verdict and the hub's second opinion."""

    access_point: str
    credential: str
    credential_kind: str
    verdict: str
    reason: str
    entitlement: str | None
    units: int
    zone_to: str | None
    retry_at: datetime | None
    cache_version: int
    facts: str
    hub_verdict: str | None
    hub_reason: str | None
    opinion: str | None


class PassageBody(OfEntry):
    """How a release ended, or a passage without one."""

    door: str
    access_point: str | None
    movement: str
    grant_epoch: str | None
    grant_seq: int | None
    entitlement: str | None
    units: int
    zone_to: str | None


class PunchBody(OfEntry):
    """A working-time stamp; without a holder it is unassigned."""

    access_point: str
    credential: str
    credential_kind: str
    kind: str


class AlarmBody(BaseModel):
    """Something that a person should look at."""

    id: int
    edge: str
    at: datetime
    part: str
    alarm: str
    detail: str


class TapsPage(BaseModel):
    """Newest first; `next` is the cursor of the following part, null at the end."""

    taps: list[TapBody]
    next: int | None


class PassagesPage(BaseModel):
    """Newest first; `next` is the cursor of the following part, null at the end."""

    passages: list[PassageBody]
    next: int | None


class PunchesPage(BaseModel):
    """Newest first; `next` is the cursor of the following part, null at the end."""

    punches: list[PunchBody]
    next: int | None


class AlarmsPage(BaseModel):
    """Newest first; `next` is the cursor of the following part, null at the end."""

    alarms: list[AlarmBody]
    next: int | None


def wanted(
    edge: IdText | None = None,
    holder: IdText | None = None,
    access_point: IdText | None = None,
    opinion: Annotated[str | None, Query(max_length=50)] = None,
    since: InstantBody | None = None,
    until: InstantBody | None = None,
    cursor: Annotated[int | None, Query(ge=0)] = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 100,
) -> Filter:
    """The filters that all lists share; `since` is included, `until` is not."""
    return Filter(
        edge=edge,
        holder=holder,
        access_point=access_point,
        opinion=opinion,
        since=since,
        until=until,
        cursor=cursor,
        limit=limit,
    )


FilterNow = Annotated[Filter, Depends(wanted)]


@router.get("/taps", summary="List taps", responses=responses())
def list_taps(caller: CallerNow, asked: FilterNow) -> TapsPage:
    rows, following = _listed(caller, "taps", asked)
    return TapsPage(taps=[TapBody(**row) for row in rows], next=following)


@router.get("/passages", summary="List passages", responses=responses())
def list_passages(caller: CallerNow, asked: FilterNow) -> PassagesPage:
    rows, following = _listed(caller, "passages", asked)
    return PassagesPage(passages=[PassageBody(**row) for row in rows], next=following)


@router.get("/punches", summary="List punches", responses=responses())
def list_punches(caller: CallerNow, asked: FilterNow) -> PunchesPage:
    rows, following = _listed(caller, "punches", asked)
    return PunchesPage(punches=[PunchBody(**row) for row in rows], next=following)


@router.get("/alarms", summary="List alarms", responses=responses())
def list_alarms(caller: CallerNow, asked: FilterNow) -> AlarmsPage:
    rows, following = _listed(caller, "alarms", asked)
    return AlarmsPage(alarms=[AlarmBody(**row) for row in rows], next=following)


@router.get(
    "/live",
    summary="Follow what happens, as server-sent events",
    response_class=StreamingResponse,
    responses=responses(503)
    | {200: {"content": {"text/event-stream": {}}, "description": "tap, passage, punch, ..."}},
)
async def live(
    caller: CallerNow,
    hub: HubNow,
    last_event_id: Annotated[int | None, Header(ge=0)] = None,
) -> StreamingResponse:
    """Events tap, passage, punch, command, alarm, edge, issuing; hint for what is not stored yet.

    With Last-Event-ID it goes on after that event.
    """
    feed = running(hub).live(caller.tenant.id)
    return StreamingResponse(
        _events(feed, last_event_id),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(feed: Live, last: int | None) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    async with aclosing(feed.follow(last)) as told:
        async for news in told:
            yield b": quiet\n\n" if news is None else event(news)


def event(news: News) -> bytes:
    """One event in the form of the standard; a hint has no id, so that nobody resumes after it."""
    number = "" if news.kind == HINT else f"id: {news.id}\n"
    return f"{number}event: {news.kind}\ndata: {news.body}\n\n".encode()


def _listed(caller: CallerNow, kind: str, asked: Filter) -> tuple[list[dict[str, Any]], int | None]:
    with caller.tenant.database.read() as connection:
        rows, names = service.listed(connection, kind, asked)
    number = "id" if kind == "alarms" else "position"
    full = len(rows) == asked.limit
    following = getattr(rows[-1], number) if rows and full else None
    return [_plain(row, names) for row in rows], following


def _plain(row: Any, names: Mapping[HolderId, str]) -> dict[str, Any]:
    values = dict(row._mapping)  # noqa: SLF001 - its public name starts with an underscore
    holder = values.get("holder")
    values["holder_name"] = names.get(HolderId(holder)) if holder else None
    return values
