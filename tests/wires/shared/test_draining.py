"""A server that drains: what new requests are answered, and what the log has of it."""

from __future__ import annotations

import asyncio
import logging
from contextvars import Context

import pytest
from starlette.routing import Mount
from starlette.types import ASGIApp

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.commands.hosting import mounted
from tests.runtime.worlds import Scripted, text
from tests.support import client_of
from tests.wires.agui.serving import run_body
from tests.wires.shared.test_open_requests import RUN, Busy


# It drains in a context of its own, as on a signal: no request began that.
async def test_starts_that_are_refused_while_it_drains_are_one_line_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "agui_runtime")
    busy = Busy()
    async with busy.client() as client, busy.open_run(client, "t1"):
        draining = asyncio.create_task(busy.runtime.drain(60), context=Context())
        while (ready := await client.get("/readyz")).status_code == 200:
            pass
        refused = [
            await client.post(RUN, json=run_body(thread="t2")),
            await client.post(RUN, json=run_body(thread="t3")),
            await client.post("/remote/agents/execute", json={"name": "default", "threadId": "t4"}),
        ]
        busy.agent.released.set()
        await draining
    for answer in (ready, *refused):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    lines = [each for each in caplog.records if each.name.startswith("agui_runtime")]
    assert [(each.levelname, each.getMessage()) for each in lines] == [
        ("INFO", "new runs are refused from now on; 1 are live")
    ]


@pytest.mark.parametrize("side_by_side", [False, True])
async def test_readiness_says_when_to_ask_again(side_by_side: bool) -> None:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello"))})
    app: ASGIApp = create_app(runtime)
    async with client_of(mounted([Mount("/a", app)]) if side_by_side else app) as client:
        await runtime.drain(0)
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.headers.get_list("retry-after")) == (503, ["2"])
