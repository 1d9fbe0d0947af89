"""Puts everything together: runtime, wires, CORS, health. The only module that knows all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.middleware.cors import CORSMiddleware

from agui_runtime.core.errors import AguiError, Misconfigured
from agui_runtime.core.log_lines import logger_of
from agui_runtime.runtime.forwarding import check_forwarding
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.agui.options import WireOptions
from agui_runtime.wires.agui.routes import Wire
from agui_runtime.wires.copilotkit_remote import routes as remote
from agui_runtime.wires.graphql.engine.limits import OperationLimits
from agui_runtime.wires.graphql.transport import routes as graphql
from agui_runtime.wires.health import probes
from agui_runtime.wires.shared.admission import AdmissionRules, Hosts, listed
from agui_runtime.wires.shared.before_request import Before
from agui_runtime.wires.shared.gate import Gate
from agui_runtime.wires.shared.http import log_failure
from agui_runtime.wires.shared.limits import ServerLimits
from agui_runtime.wires.shared.paths import TrailingSlash, base_of
from agui_runtime.wires.shared.request_ids import RequestIds
from agui_runtime.wires.shared.slow_bodies import TimedBodies

logger = logger_of(__name__)

WIRE_OPTIONS = WireOptions()
LIMITS = ServerLimits()

GRAPHQL_PATH = "/graphql"
"""Where people look for GraphQL; the same as the base path."""


class Served(NamedTuple):
    """What an app of `create_app` serves, and at which path, with that of its `mount`; it is at
    `app.state.served`.
    """

    runtime: CopilotRuntime
    path: str
    mount: str = ""


def create_app(
    runtime: CopilotRuntime,
    *,
    path: str = "/copilotkit",
    cors_origins: Sequence[str] = ("*",),
    allowed_hosts: Sequence[str] | None = None,
    wire_options: WireOptions = WIRE_OPTIONS,
    limits: ServerLimits = LIMITS,
    production: bool = False,
    remote_path: str | None = None,
) -> FastAPI:
    """An ASGI app that serves the runtime at `path`; serve it alone or mount it in your own app.

    `cors_origins`: `*` lets pages of any origin call, without cookies; listed origins may send
    them, and others may not call. Raises Misconfigured for a list that mixes both.
    `allowed_hosts` are the names under which the server may be called, see `Hosts`. `wire_options`
    are those of the routes that today's front ends use, `limits` those of all. In `production`,
    nobody is shown the playground or told the GraphQL schema. At `remote_path`, for example
    `/copilotkit_remote`, the runtime is a remote endpoint for Node runtimes too; it is not so
    unless asked for, because there actions are called directly.
    """
    app = FastAPI(
        title="agui_runtime", lifespan=runtime.lifespan, openapi_url=None, redirect_slashes=False
    )
    path = base_of(path, "path")
    wire = Wire(runtime, path, wire_options, limits.places())
    rules = AdmissionRules(
        any_origin=_is_for_any(cors_origins),
        origins=listed(cors_origins),
        hosts=Hosts(allowed_hosts),
        json_below=[path, GRAPHQL_PATH, *([remote_path] if remote_path else [])],
        forms=[f"{path}/transcribe"],
        probes=["/healthz", "/readyz"],
    )
    check_forwarding(runtime.agents, runtime.remotes, wire_options.forwarded)
    app.add_middleware(wire.in_front_of)
    _guard(app, runtime, rules, limits)
    app.add_exception_handler(AguiError, _of_a_route)
    app.router.routes.extend(probes({path: runtime}))
    app.include_router(_graphql(runtime, path, wire, wire_options, production))
    if remote_path is not None:
        app.include_router(_remote(runtime, remote_path, wire, wire_options))
    app.include_router(wire.routes())  # last: it answers everything below the path
    app.state.served = Served(runtime, path)
    return app


def _graphql(
    runtime: CopilotRuntime,
    path: str,
    wire: Wire,
    options: WireOptions,
    production: bool,
) -> APIRouter:
    """GraphQL on the base path; bodies that are for today's wire go on to that."""
    return graphql.routes(
        runtime,
        path,
        aliases=[GRAPHQL_PATH],
        limits=OperationLimits(body=options.body_limits),
        forward_headers=options.forward_headers,
        places=wire.places,
        envelope=wire.envelope,
        playground=not production,
        introspection=not production,
    )


def _remote(runtime: CopilotRuntime, path: str, wire: Wire, options: WireOptions) -> APIRouter:
    return remote.routes(
        runtime,
        base_of(path, "remote_path"),
        limits=options.body_limits,
        places=wire.places,
        forward_headers=options.forward_headers,
    )


def _guard(
    app: FastAPI, runtime: CopilotRuntime, rules: AdmissionRules, limits: ServerLimits
) -> None:
    """What requests pass before any wire; each is in front of those that are added before it."""
    if runtime.before_request is not None:
        app.add_middleware(Before, runtime.before_request)
    app.add_middleware(Gate, rules)
    app.add_middleware(TimedBodies, limits)
    _answer_other_origins(app, rules)
    app.add_middleware(RequestIds)
    app.add_middleware(TrailingSlash)


def _answer_other_origins(app: FastAPI, rules: AdmissionRules) -> None:
    """CORS. Only pages of listed origins may reach a server in a private network from outside it,
    where browsers ask for that.
    """
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"] if rules.any_origin else list(map(str, rules.origins)),
        allow_credentials=not rules.any_origin,
        allow_private_network=not rules.any_origin,
        allow_methods=["GET", "POST", "PATCH", "DELETE", "OPTIONS"],
        allow_headers=["*"],
        expose_headers=["X-Request-Id", "Retry-After"],
    )


def _is_for_any(origins: Sequence[str]) -> bool:
    """A browser refuses credentials with a wildcard; a list that mixes them is a mistake."""
    if isinstance(origins, str):
        raise Misconfigured(f"cors_origins: give a list, [{origins!r}]")
    if "*" in origins and len(origins) > 1:
        raise Misconfigured("cors_origins: either '*' or a list of origins, not both")
    return "*" in origins


async def _of_a_route(request: Request, error: Exception) -> JSONResponse:
    """What the runtime raised in a route that somebody added to the app; the wires answer theirs
    themselves.
    """
    assert isinstance(error, AguiError)
    if error.status >= 500:
        log_failure(logger, error)
    return JSONResponse({"error": error.code, "message": error.message}, error.status)
