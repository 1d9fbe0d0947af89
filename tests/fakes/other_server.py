"""An app with numbers and an agent that fails, for servers other than `serve`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput
from prometheus_client import CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.core.events import Event
from agui_runtime.hooks.telemetry.metrics import Metrics
from tests.runtime.worlds import text

registry = CollectorRegistry()


async def echo(request: RunAgentInput) -> AsyncIterator[Event]:
    for event in text(f"a-{request.run_id}", f"You: {request.messages[-1].content}"):
        yield event


async def broken(request: RunAgentInput) -> AsyncIterator[Event]:
    for event in text("m1", "Well"):
        yield event
    raise RuntimeError("out of order")


async def patient(request: RunAgentInput) -> AsyncIterator[Event]:
    yield {"type": "STEP_STARTED", "stepName": "waiting"}
    await asyncio.Event().wait()


async def numbers(request: Request) -> PlainTextResponse:
    return PlainTextResponse(generate_latest(registry))


agents = {"default": echo, "broken": broken, "patient": patient}
app = create_app(CopilotRuntime(agents, hooks=[Metrics(registry)]))
app.add_route("/metrics", numbers)
