"""Puts an app together: the runtime, its wires, the gate in front of them, CORS, health."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple, TypeAlias, Unpack, cast

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.telemetry import TelemetryConfig

from agui_runtime.arguments import AppArguments, known, options_of, wires_of
from agui_runtime.authentication.requests import ambient_headers, opened
from agui_runtime.core.demands import Demand, check, optional, takes
from agui_runtime.core.errors import AguiError, Misconfigured, MissingExtra
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.observation import note_refusal
from agui_runtime.doorbell import advice, check_shared, work_in_queues
from agui_runtime.hooks.telemetry.access_lines import hide_secrets_of_requests
from agui_runtime.hooks.telemetry.json_lines import write_json_lines
from agui_runtime.identity import authenticate_by
from agui_runtime.runtime.allowance import Budget, rules_of
from agui_runtime.runtime.costs import Costs, prices_in
from agui_runtime.runtime.forwarding import check_forwarding
from agui_runtime.runtime.options import limited
from agui_runtime.runtime.preparation import Preparation
from agui_runtime.runtime.runtime import CopilotRuntime, check_runtime
from agui_runtime.runtime.titles import ThreadNamer
from agui_runtime.server_workers import has_siblings
from agui_runtime.setting_readers import LIMITS
from agui_runtime.settings import (
    Settings,
    is_obeyed_by_command,
    log_warnings,
    refuse_serve_only,
    variable,
    variables,
)
from agui_runtime.stores.layers.delegating import undelegated
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.wires.door import DirectRoutes, Entered, enter
from agui_runtime.wires.health import probes
from agui_runtime.wires.shared.admission import AdmissionRules, Hosts, any_origin, listed
from agui_runtime.wires.shared.before_request import Before
from agui_runtime.wires.shared.cross_origin import CrossOrigin
from agui_runtime.wires.shared.exposed import EXPOSED
from agui_runtime.wires.shared.gate import Gate
from agui_runtime.wires.shared.http import headers_for, log_failure
from agui_runtime.wires.shared.limits import ServerLimits
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.own_scope import OwnScope
from agui_runtime.wires.shared.paths import TrailingSlash
from agui_runtime.wires.shared.refusals import Refusals
from agui_runtime.wires.shared.request_ids import RequestIds
from agui_runtime.wires.shared.slow_bodies import TimedBodies
from agui_runtime.wires.shared.startup import OneLineFailures
from agui_runtime.wires.shared.wire import Wire
from agui_runtime.wires.shared.words import Words
from agui_runtime.wires.signpost import Place, Signpost
from agui_runtime.wires.ui.wire import page_of

logger = logger_of(__name__)

Lifespan: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any] | None]]
"""What frameworks call around the life of an app, with that app."""


NO_TELEMETRY = TelemetryConfig(tracing=False, metrics=False, logs=False, auto_configure=False)
"""FastAPI's own would look at every piece of a stream; runs are measured by hooks."""


class Served(NamedTuple):
    """What an app of `create_app` serves, how, with which `page` for people, and below which
    `mount`; it is at `app.state.served`.
    """

    runtime: CopilotRuntime
    options: ServerOptions
    page: str | None = None
    mount: str = ""

    @property
    def path(self) -> str:
        """That of the `runtimeUrl`."""
        return self.mount + self.options.base

    @property
    def ui(self) -> str | None:
        """That of the page for people, where there is one."""
        return None if self.page is None else self.mount + self.page

    def place(self) -> Place:
        """What a signpost says of it."""
        return Place(self.path, self.runtime, self.options, self.ui)


def create_app(
    runtime: CopilotRuntime,
    *,
    wires: Sequence[Wire | str] | None = None,
    options: ServerOptions | None = None,
    lifespan: Lifespan | None = None,
    **arguments: Unpack[AppArguments],
) -> FastAPI:
    """An ASGI app that serves the runtime; serve it alone or mount it in your own app.

    `wires` are the protocols that clients may speak. Names, as in AGUI_WIRES, stand for wires
    beside those of CopilotKit's front ends, which are there when it is left out, too; objects are
    all wires of the app, and the first one answers what none of them claims. What the arguments
    leave open is taken from the environment, see `Settings`; Misconfigured is raised for a variable
    that is unknown, cannot be obeyed here, or contradicts an argument. `lifespan` is yours, entered
    when the runtime is open and left before it closes.
    """
    return app_by(
        Settings.read(), runtime, wires=wires, options=options, lifespan=lifespan, **arguments
    )


def app_by(
    settings: Settings,
    runtime: CopilotRuntime,
    *,
    wires: Sequence[Wire | str] | None = None,
    options: ServerOptions | None = None,
    lifespan: Lifespan | None = None,
    **arguments: Unpack[AppArguments],
) -> FastAPI:
    """The same with settings that were read before; raises Misconfigured."""
    check_runtime(runtime)
    refuse_serve_only(settings)
    check("lifespan", lifespan, optional(_LIFESPAN))
    given = known(arguments)
    chosen = options_of(settings, options, given)
    spoken = wires_of(settings, wires, given)
    authenticate_by(settings, runtime, given.get("authenticate"))
    check_forwarding(runtime.agents, runtime.remotes, chosen.forwarded)
    served = Served(runtime, chosen, page_of(spoken, chosen))
    entered = enter(spoken, runtime, chosen)
    _obey(settings, runtime)
    return _app(served, entered, _lifespan(settings, served, spoken, lifespan))


_LIFESPAN = Demand("a function of the app", lambda value: callable(value) and takes(value, None))


def _obey(settings: Settings, runtime: CopilotRuntime) -> None:
    """What settings ask of the runtime itself; raises Misconfigured."""
    _store(settings, runtime)
    work_in_queues(settings, runtime)
    if settings.prices is not None:
        if runtime.options.prices is not None:
            raise Misconfigured(
                "AGUI_PRICES cannot be obeyed: the runtime was given prices; leave out one of them"
            )
        runtime.costs = Costs(prices_in(settings.prices))
    _limit(settings, runtime)
    if settings.name_threads and runtime.hook_of(ThreadNamer) is None:
        runtime.add_hook(ThreadNamer(runtime))
    if "log_level" in settings.present:
        logging.getLogger("agui_runtime").setLevel(settings.log_level.upper())
    hide_secrets_of_requests()
    if settings.log_format == "json":
        write_json_lines()


def _store(settings: Settings, runtime: CopilotRuntime) -> None:
    """Where threads are; raises Misconfigured."""
    if settings.store is None:
        return
    if runtime.is_given_a_store:
        raise Misconfigured(
            "AGUI_STORE cannot be obeyed: the runtime was given a store; leave out one of them"
        )
    try:
        runtime.store_in(settings.store)
    except MissingExtra:
        raise
    except Misconfigured as error:
        raise Misconfigured(f"AGUI_STORE: {error.message}") from None


def _open_limits(settings: Settings) -> Mapping[str, float | None]:
    return {
        "caller_runs": settings.caller_runs,
        "runs": settings.runs,
        "caller_schedules": settings.caller_schedules,
        "schedule_seconds": settings.schedule_seconds,
        "caller_streams": settings.caller_streams,
        "streams": settings.streams,
        "run_events": settings.run_events,
        "run_bytes": settings.run_bytes,
        "run_seconds": settings.run_seconds,
        "run_first_event_seconds": settings.run_first_event_seconds,
        "run_idle_seconds": settings.run_idle_seconds,
        "run_stop_seconds": settings.run_stop_seconds,
        "run_save_seconds": settings.run_save_seconds,
        "authorize_every": settings.authorize_every,
    }


def _limit(settings: Settings, runtime: CopilotRuntime) -> None:
    """What may be open and started, and budgets; raises Misconfigured."""
    runtime.options = chosen = limited(runtime.options, _open_limits(settings), variable)
    if settings.authorize_every is not None and not runtime.permissions.are_limited:
        name = variable("authorize_every")
        raise Misconfigured(f"{name} cannot be obeyed: the runtime was given no `authorize`")
    runtime.permissions.every = chosen.authorize_every
    runtime.runs.limit(chosen.caller_runs, chosen.runs)
    runtime.streams.limit(chosen.caller_streams, chosen.streams)
    each = settings.caller_usd_per_day, settings.caller_tokens_per_day
    all_ = settings.usd_per_day, settings.tokens_per_day
    try:
        budgets = [
            Budget(usd, tokens, per_owner=per_owner)
            for (usd, tokens), per_owner in ((each, True), (all_, False))
            if usd is not None or tokens is not None
        ]
        runtime.allowance.limit(rules_of(settings.caller_starts, settings.starts, budgets))
    except Misconfigured as error:
        names = variables(sorted(settings.present & LIMITS))
        raise Misconfigured(f"{names} cannot be obeyed: {error.message}") from None


def _lifespan(
    settings: Settings, served: Served, wires: Sequence[Wire], own: Lifespan | None
) -> Lifespan:
    """Opens the runtime, unless another app of it did, and then enters the app's own."""
    preparation = Preparation("wire %r is not prepared for its first request: %r")
    runtime, forwarded = served.runtime, served.options.forward_headers

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[Mapping[str, Any] | None]:
        if not is_obeyed_by_command():
            log_warnings(settings)
        await opened(runtime.authenticate)
        async with AsyncExitStack() as stack:
            if not runtime.is_open:
                _check_alone(runtime)
                check_shared(runtime)
                for sentence in advice(runtime, forwarded):
                    logger.warning("%s", sentence)
                await stack.enter_async_context(runtime.lifespan())
            preparation.begin({wire.name: wire for wire in wires})
            stack.push_async_callback(preparation.end)
            yield await stack.enter_async_context(own(app)) if own else None

    return lifespan


def _check_alone(runtime: CopilotRuntime) -> None:
    """Raises Misconfigured for threads that each of several processes would have for itself."""
    if isinstance(undelegated(runtime.store), MemoryStore) and has_siblings():
        raise Misconfigured(
            "several workers need a store that they share, and threads are in memory: set"
            " AGUI_STORE to sqlite:///threads.db, postgresql://... or redis://..., or start one"
        )


def _app(served: Served, entered: Entered, lifespan: Lifespan) -> FastAPI:
    runtime, options = served.runtime, served.options
    app = FastAPI(
        title="agui_runtime",
        lifespan=cast(Any, lifespan),  # typed as if it knew beforehand whether it has a state
        openapi_url=None,
        telemetry=NO_TELEMETRY,
        redirect_slashes=False,
    )
    rules = AdmissionRules(
        any_origin=any_origin(options.cors_origins),
        origins=listed(options.cors_origins),
        hosts=Hosts(options.allowed_hosts),
        json_below=entered.json_below,
        forms=entered.forms,
        probes=["/healthz", "/readyz"],
        strangers=options.allow_anonymous or runtime.authenticate is not None,
        ambient=ambient_headers(runtime.authenticate),
    )
    app.add_middleware(DirectRoutes, entered.direct)
    _guard(app, runtime, rules, options.limits, Words(entered.refusals))
    app.add_exception_handler(AguiError, _of_a_route)
    app.router.routes.extend([*probes({options.base: runtime}), *entered.routes])
    app.router.default = Signpost([served.place()])
    app.state.served = served
    return app


def _guard(
    app: FastAPI, runtime: CopilotRuntime, rules: AdmissionRules, limits: ServerLimits, words: Words
) -> None:
    """What requests pass before any wire; each is in front of those that are added before it."""
    if runtime.before_request is not None:
        app.add_middleware(Before, runtime.before_request, words)
    app.add_middleware(Gate, rules, words)
    app.add_middleware(TimedBodies, limits, words)
    _answer_other_origins(app, rules)
    app.add_middleware(RequestIds)
    app.add_middleware(Refusals, runtime)
    app.add_middleware(TrailingSlash)
    app.add_middleware(OneLineFailures)
    app.add_middleware(OwnScope)


def _answer_other_origins(app: FastAPI, rules: AdmissionRules) -> None:
    """CORS. Only pages of listed origins may reach a server in a private network from outside it,
    where browsers ask for that.
    """
    app.add_middleware(
        CrossOrigin,
        allow_origins=["*"] if rules.any_origin else list(map(str, rules.origins)),
        allow_credentials=not rules.any_origin,
        allow_private_network=not rules.any_origin,
        allow_methods=["GET", "POST", "PATCH", "DELETE", "OPTIONS"],
        allow_headers=["*"],
        expose_headers=EXPOSED,
    )


async def _of_a_route(request: Request, error: Exception) -> JSONResponse:
    """What the runtime raised in a route that somebody added to the app; the wires answer theirs
    themselves.
    """
    assert isinstance(error, AguiError)
    note_refusal(error)
    if error.status >= 500:
        log_failure(logger, error)
    body = {"error": error.code, "message": error.message}
    headers = {name.decode(): value.decode() for name, value in headers_for(error)}
    return JSONResponse(body, error.status, headers)
