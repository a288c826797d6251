"""The simulator page: a small server on loopback that shows the stage and lets a viewer act."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict
from starlette.staticfiles import StaticFiles

from firmware_sim.world.network import CableState
from firmware_sim.world.stage import LineTooLongError, Stage, UnknownThingError

PAGE = Path(__file__).parent / "page"
_LOOK_S = 0.04
_REPEAT_S = 10.0
"""So often something is sent even if nothing changes, or a closed page would stay unnoticed."""
_LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost"})
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

Next = Callable[[Request], Awaitable[Response]]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Tap(_Body):
    """Somebody comes with their card."""

    access_point: str
    part: str


class Force(_Body):
    """Somebody tears the arm past its lock."""

    access_point: str


class Willing(_Body):
    """Whether people walk on once they are let in."""

    access_point: str
    willing: bool


class Cable(_Body):
    """The network cable of an edge."""

    edge: str
    state: CableState


class Power(_Body):
    """The power of an edge; its readers and gates keep theirs."""

    edge: str
    on: bool


def application(stage: Stage, scene: Mapping[str, object], stop: threading.Event) -> FastAPI:
    """The page and its calls; `scene` is what never changes: names, people, addresses.

    Streams end when `stop` is set, or a server would wait for its viewers.
    """
    app = FastAPI(title="Vratar simulator", docs_url=None, redoc_url=None, openapi_url=None)
    app.middleware("http")(_guarded)
    _add_pictures(app, stage, scene, stop)
    _add_acts(app, stage)
    app.exception_handler(UnknownThingError)(_unknown)
    app.exception_handler(LineTooLongError)(_too_many)
    app.mount("/page", StaticFiles(directory=PAGE), name="page")
    return app


def _add_pictures(
    app: FastAPI, stage: Stage, scene: Mapping[str, object], stop: threading.Event
) -> None:
    @app.get("/")
    async def page() -> FileResponse:
        return FileResponse(PAGE / "index.html")

    @app.get("/scene")
    async def unchanging() -> Mapping[str, object]:
        return scene

    @app.get("/pictures")
    async def pictures() -> StreamingResponse:
        return StreamingResponse(_changes(stage, stop), media_type="text/event-stream")


def _add_acts(app: FastAPI, stage: Stage) -> None:
    @app.post("/tap", status_code=202)
    def tap(body: Tap) -> None:
        stage.tap(body.access_point, body.part)

    @app.post("/force", status_code=202)
    def force(body: Force) -> None:
        stage.force(body.access_point)

    @app.post("/willing", status_code=202)
    def willing(body: Willing) -> None:
        stage.set_willing(body.access_point, willing=body.willing)

    @app.post("/cable", status_code=202)
    def cable(body: Cable) -> None:
        stage.edge(body.edge).set_cable(body.state)

    @app.post("/power", status_code=202)
    def power(body: Power) -> None:
        stage.edge(body.edge).set_power(on=body.on)


async def _changes(stage: Stage, stop: threading.Event) -> AsyncIterator[str]:
    """The picture as a server-sent event whenever it differs from the one before."""
    loop = asyncio.get_running_loop()
    before, sent_at = "", 0.0
    while not stop.is_set():
        picture = json.dumps(stage.picture(), ensure_ascii=False)
        if picture != before or loop.time() - sent_at >= _REPEAT_S:
            yield f"data: {picture}\n\n"
            before, sent_at = picture, loop.time()
        await asyncio.sleep(_LOOK_S)


async def _guarded(request: Request, proceed: Next) -> Response:
    """Only from this machine's own pages: a name that was bent to 127.0.0.1 is refused."""
    if request.url.hostname not in _LOCAL_HOSTS:
        return Response("Open this page as 127.0.0.1 or localhost.", status_code=421)
    is_json = request.headers.get("content-type", "").startswith("application/json")
    # A page of another origin cannot send JSON without asking first, and we do not answer that.
    if request.method == "POST" and not is_json:
        return Response("Send JSON.", status_code=415)
    response = await proceed(request)
    response.headers.update(_HEADERS)
    return response


async def _unknown(_: Request, error: Exception) -> Response:
    return Response(f"There is no {error} here.", status_code=404)


async def _too_many(_: Request, error: Exception) -> Response:
    return Response(f"Too many stand in line at {error}.", status_code=409)
