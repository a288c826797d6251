"""The web application: every noun's routes behind one admission, one rendering of errors."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import ModuleType

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.staticfiles import StaticFiles

from hub import nouns
from hub.caller import admission, check_origin
from hub.context import Background, Hub
from hub.errors import HubError
from hub.guard import Guard
from hub.problems import install
from hub.roles import Roles

API = "/api/v1"
_STATIC = Path(__file__).parent / "dashboard" / "static"


def application(hub: Hub | None) -> FastAPI:
    """The application of a hub; without one (None) it only describes itself."""
    app = FastAPI(
        title="Vratar hub",
        summary="Who may pass where, and who did: the hub's JSON API.",
        version="1",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        generate_unique_id_function=_operation_id,
    )
    app.state.hub = hub
    app.state.matrix = {}
    for module in nouns.modules("api"):
        _mount(app, module, API)
    for module in nouns.modules("pages"):
        _mount(app, module, "")
        app.state.refusal_page = getattr(module, "refusal", None)
    if _STATIC.is_dir():
        app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    install(app)
    app.add_middleware(Guard, encrypted=hub is not None and hub.settings.http.is_encrypted)
    return app


def openapi_text() -> str:
    """The description of every call, the same bytes for the same code."""
    description = application(None).openapi()
    return json.dumps(description, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _mount(app: FastAPI, module: ModuleType, prefix: str) -> None:
    """Add a noun's routes; each must have its row of roles, and each row its route."""
    roles: dict[str, Roles] = dict(module.ROLES)
    checks = [Depends(admission(module.ROLES)), Depends(check_origin)]
    for route in module.router.routes:
        assert isinstance(route, APIRoute), f"{module.__name__}: {route} is not a plain route"
        for method in sorted(route.methods or ()):
            key = f"{method} {route.path}"
            assert key in roles, f"{module.__name__}.ROLES has no row for {key}"
            app.state.matrix[f"{method} {prefix}{route.path}"] = roles.pop(key)
    assert not roles, f"{module.__name__}.ROLES names no route: {', '.join(roles)}"
    app.include_router(module.router, prefix=prefix, dependencies=checks)


def _operation_id(route: APIRoute) -> str:
    """Unique: the function's name, with the noun it belongs to."""
    return f"{route.endpoint.__module__.split('.')[1]}_{route.name}"


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Background services start in order before the first request and stop in reverse."""
    async with AsyncExitStack() as started:
        try:
            for service in _services(app.state.hub):
                await service.start()
                started.push_async_callback(service.stop)
        except HubError as error:
            app.state.refused = error
            raise
        yield


def _services(hub: Hub) -> Sequence[Background]:
    return [service for module in nouns.modules("background") for service in module.services(hub)]
