"""An answer that grows, as middlewares in front of an app see it, and as those in it do not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.applications import Starlette
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agui_runtime import AguiWire, CopilotRuntime, create_app
from agui_runtime.wires.shared.options import ServerOptions
from tests.wires.agui.scripted import Gate, scripted_agents
from tests.wires.agui.serving import events, run_body, text

RUN = "/copilotkit/agent/default/run"


class Shouting:
    """A middleware of an application: it changes every part of an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def loudly(message: Message) -> None:
            body = message.get("body", b"").replace(b"w1 ", b"W1 ")
            await send({**message, "body": body} if body else message)

        await self._app(scope, receive, loudly)


class ShoutedWire(AguiWire):
    """A wire of an application, which has that middleware around each route."""

    def routes(self, runtime: CopilotRuntime, options: ServerOptions) -> Sequence[BaseRoute]:
        return _shouted(super().routes(runtime, options))


def _shouted(routes: Sequence[BaseRoute]) -> Sequence[BaseRoute]:
    for each in routes:
        if isinstance(each, Route):
            each.app = Shouting(each.app)
    return routes


def _in_front(runtime: CopilotRuntime) -> FastAPI:
    app = create_app(runtime)
    app.add_middleware(Shouting)
    return app


def _around_routes(runtime: CopilotRuntime) -> FastAPI:
    app = create_app(runtime)
    _shouted(app.routes)
    return app


def _in_a_wire(runtime: CopilotRuntime) -> FastAPI:
    return create_app(runtime, wires=[ShoutedWire()])


@pytest.mark.parametrize("made", [_in_front, _around_routes, _in_a_wire])
async def test_an_applications_own_middlewares_take_part_in_every_part_of_an_answer(
    made: Callable[[CopilotRuntime], FastAPI],
) -> None:
    gate = Gate()
    gate.opened.set()
    app = made(CopilotRuntime(scripted_agents(gate)))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client,
    ):
        answer = await client.post(RUN, json=run_body("slow"))
    assert "w0 W1 w2 " in text(events(answer.text))
    assert answer.headers["x-request-id"]


def _as_opentelemetry(runtime: CopilotRuntime, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """Its instrumentation wraps what the app builds, where that is as the framework builds it."""
    app = create_app(runtime)
    built = app.build_middleware_stack

    def instrumented() -> ASGIApp:
        stack = built()
        return Shouting(stack) if isinstance(stack, ServerErrorMiddleware) else stack

    monkeypatch.setattr(app, "build_middleware_stack", instrumented)
    return app


def _as_datadog(runtime: CopilotRuntime, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    built = FastAPI.build_middleware_stack
    monkeypatch.setattr(FastAPI, "build_middleware_stack", lambda app: Shouting(built(app)))
    return create_app(runtime)


def _as_sentry(runtime: CopilotRuntime, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    called = Starlette.__call__

    async def instrumented(app: Starlette, scope: Scope, receive: Receive, send: Send) -> None:
        await Shouting(partial(called, app))(scope, receive, send)

    monkeypatch.setattr(Starlette, "__call__", instrumented)
    return create_app(runtime)


@pytest.mark.parametrize("made", [_as_opentelemetry, _as_datadog, _as_sentry])
async def test_tools_that_watch_fastapi_watch_each_request(
    made: Callable[[CopilotRuntime, pytest.MonkeyPatch], FastAPI], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    gate.opened.set()
    app = made(CopilotRuntime(scripted_agents(gate)), monkeypatch)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client,
    ):
        answers = [await client.post(RUN, json=run_body("slow")) for _ in range(2)]
    assert ["w0 W1 w2 " in text(events(each.text)) for each in answers] == [True, True]


class Failing:
    """A middleware of an application that has a fault."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            raise ZeroDivisionError
        await self._app(scope, receive, send)


def _failing_in_front() -> FastAPI:
    app = create_app(CopilotRuntime(scripted_agents(Gate())))
    app.add_middleware(Failing)
    return app


def _failing_around_routes() -> FastAPI:
    app = create_app(CopilotRuntime(scripted_agents(Gate())))
    for each in app.routes:
        if isinstance(each, Route):
            each.app = Failing(each.app)
    return app


def _failing_in_place() -> FastAPI:
    return create_app(
        CopilotRuntime(scripted_agents(Gate()), before_request=lambda request: Failing(request.app))
    )


@pytest.mark.parametrize("made", [_failing_in_front, _failing_around_routes, _failing_in_place])
async def test_what_an_applications_own_code_raises_is_answered_by_its_own_handler(
    made: Callable[[], FastAPI],
) -> None:
    app = made()

    @app.exception_handler(Exception)
    async def answer(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"fault": type(error).__name__}, 500)

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        answered = await client.get("/copilotkit/info")
    assert (answered.status_code, answered.json()) == (500, {"fault": "ZeroDivisionError"})


async def test_an_app_that_is_debugged_shows_what_its_own_code_raised() -> None:
    app = _failing_around_routes()
    app.debug = True
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        answered = await client.get("/copilotkit/info")
    assert "ZeroDivisionError" in answered.text
