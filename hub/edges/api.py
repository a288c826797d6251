"""Routes of edges: their health, enrolment, and orders to open."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from core.ids import CommandId, EdgeId, SiteId
from hub.audit import service as audit
from hub.caller import CallerNow, HubNow, TenantNow, acting
from hub.edges import commands, enrolment, service
from hub.edges.store import Edge, StoredCommand
from hub.errors import ConflictError, message
from hub.fields import Body, IdText, NameText
from hub.problems import responses
from hub.roles import ADMINISTRATORS, ANYONE, STAFF, Matrix
from hub.rows import service as rows
from hub.sites import points
from hub.sites import service as sites
from wire.enrolment import CODE_CHARACTERS

router = APIRouter(tags=["edges"])

ROLES: Matrix = {
    "GET /edges": STAFF,
    "POST /edges": ADMINISTRATORS,
    "POST /edges/enrol": ANYONE,
    "GET /edges/{edge}": STAFF,
    "POST /edges/{edge}/code": ADMINISTRATORS,
    "DELETE /edges/{edge}": ADMINISTRATORS,
    "POST /access-points/{access_point}/open": STAFF,
    "GET /commands/{command}": STAFF,
}

KeyText = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class NewEdge(Body):
    """An edge to be set up at a site."""

    name: NameText
    site: IdText


class EnrolmentCode(BaseModel):
    """Typed at the edge within 15 minutes; it is shown this once."""

    edge: str
    code: str
    expires_at: datetime


class EdgeBody(BaseModel):
    """An edge and its health; `versions_behind` is how far its rows are behind the site's.

    `clock`, `uncertainty_ms` and `cache_version` are as the edge said at `reported_at`.
    """

    id: str
    site: str
    name: str
    enrolled: bool
    online: bool
    online_changed_at: datetime | None
    last_seen_at: datetime | None
    software: str | None
    clock: str | None
    uncertainty_ms: int | None
    cache_version: int
    versions_behind: int
    reported_at: datetime | None


class EnrolmentRequestBody(Body):
    """What an edge says of itself: its code and the public half of its key."""

    code: Annotated[
        str, StringConstraints(min_length=CODE_CHARACTERS, max_length=2 * CODE_CHARACTERS)
    ]
    public_key: KeyText
    software: Annotated[str, Field(max_length=200)]


class BrokerBody(BaseModel):
    """Where the edge connects, and as whom."""

    host: str
    port: int
    username: str
    password: str


class EnrolmentBody(BaseModel):
    """Identity and keys of an edge, told this once; keys are in hex."""

    environment: str
    tenant: str
    site: str
    edge: str
    broker: BrokerBody
    mac_key: str
    site_key: str
    hub_at: datetime


class CommandBody(BaseModel):
    """A command; `outcome` is null until the edge has answered (executed, expired, refused)."""

    id: str
    edge: str
    action: str
    access_point: str | None
    expires_at: datetime
    outcome: str | None
    detail: str | None


@router.get("/edges", summary="List the edges with their health", responses=responses())
def list_edges(caller: CallerNow) -> list[EdgeBody]:
    with caller.tenant.database.read() as connection:
        versions: dict[SiteId, int] = {}
        found = service.everyone(connection)
        for edge in found:
            if edge.site not in versions:
                versions[edge.site] = rows.standing(connection, edge.site).version
        return [_body(edge, versions[edge.site]) for edge in found]


@router.post("/edges", status_code=201, summary="Set up an edge", responses=responses(404))
def create_edge(body: NewEdge, caller: CallerNow, hub: HubNow) -> EnrolmentCode:
    with acting(hub, caller) as act:
        site = sites.get(act.connection, body.site)
        edge, code = service.create(
            act.connection,
            site=site.id,
            name=body.name,
            at=act.at,
            random_bytes=act.random_bytes,
        )
        audit.record_act(act, "edge.created", edge, {"site": site.id})
        return EnrolmentCode(edge=edge, code=code, expires_at=act.at + service.CODE_VALID_FOR)


@router.post("/edges/enrol", summary="Enrol an edge by its code", responses=responses(503))
def enrol(body: EnrolmentRequestBody, tenant: TenantNow, hub: HubNow) -> EnrolmentBody:
    """The code is the only thing that an edge must show; it is good once."""
    answer = enrolment.enrol(
        hub, tenant, code=body.code, public_key=body.public_key, software=body.software
    )
    return EnrolmentBody(
        environment=answer.environment,
        tenant=answer.tenant,
        site=answer.site,
        edge=answer.edge,
        broker=BrokerBody(
            host=answer.broker.host,
            port=answer.broker.port,
            username=answer.broker.username,
            password=answer.broker.password,
        ),
        mac_key=answer.mac_key,
        site_key=answer.site_key,
        hub_at=answer.hub_at,
    )


@router.get("/edges/{edge}", summary="One edge with its health", responses=responses(404))
def look_at_edge(edge: IdText, caller: CallerNow) -> EdgeBody:
    with caller.tenant.database.read() as connection:
        found = service.get(connection, EdgeId(edge))
        return _body(found, rows.standing(connection, found.site).version)


@router.post(
    "/edges/{edge}/code", status_code=201, summary="A new enrolment code", responses=responses(404)
)
def renew_code(edge: IdText, caller: CallerNow, hub: HubNow) -> EnrolmentCode:
    """For an edge that lost its keys, or was not enrolled in time."""
    with acting(hub, caller) as act:
        code = service.renew_code(
            act.connection, EdgeId(edge), at=act.at, random_bytes=act.random_bytes
        )
        audit.record_act(act, "edge.code-renewed", edge)
        return EnrolmentCode(edge=edge, code=code, expires_at=act.at + service.CODE_VALID_FOR)


@router.delete(
    "/edges/{edge}", status_code=204, summary="Remove an edge", responses=responses(404, 409)
)
def remove_edge(edge: IdText, caller: CallerNow, hub: HubNow) -> None:
    """It can no longer connect; what it recorded stays."""
    with acting(hub, caller) as act:
        service.remove(act.connection, EdgeId(edge))
        audit.record_act(act, "edge.removed", edge)


@router.post(
    "/access-points/{access_point}/open",
    status_code=202,
    summary="Open a gate once",
    responses=responses(404, 409),
)
def open_gate(access_point: IdText, caller: CallerNow, hub: HubNow) -> CommandBody:
    """The order reaches the gate within five seconds or never counts."""
    with acting(hub, caller) as act:
        placed = points.get_point(act.connection, access_point)
        edge = service.find(act.connection, placed.edge) if placed.edge else None
        if edge is None or not edge.online:
            raise ConflictError(message("No connected edge serves {name}.", name=placed.point.name))
        command = commands.give(
            act,
            edge=edge.id,
            action=commands.OPEN,
            access_point=placed.point.id,
            valid_for=commands.OPEN_VALID_FOR,
        )
        audit.record_act(act, "command.open", placed.point.id, {"command": command.id})
        return _command(command)


@router.get("/commands/{command}", summary="What became of a command", responses=responses(404))
def look_at_command(command: IdText, caller: CallerNow) -> CommandBody:
    with caller.tenant.database.read() as connection:
        return _command(commands.get(connection, CommandId(command)))


def _body(edge: Edge, version: int) -> EdgeBody:
    return EdgeBody(
        id=edge.id,
        site=edge.site,
        name=edge.name,
        enrolled=edge.enrolled_at is not None,
        online=edge.online,
        online_changed_at=edge.online_changed_at,
        last_seen_at=edge.last_seen_at,
        software=edge.software,
        clock=edge.clock,
        uncertainty_ms=edge.uncertainty_ms,
        cache_version=edge.cache_version,
        versions_behind=max(0, version - edge.cache_version),
        reported_at=edge.reported_at,
    )


def _command(command: StoredCommand) -> CommandBody:
    return CommandBody(
        id=command.id,
        edge=command.edge,
        action=command.action,
        access_point=command.access_point,
        expires_at=command.expires_at,
        outcome=command.outcome,
        detail=command.detail,
    )
