"""Requests that come at once: who is answered when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from ag_ui.core import RunAgentInput
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.core.events import Event
from agui_runtime.wires.shared.turns import InTurn
from tests.wires.agui.serving import run_body
from tests.wires.graphql.serving import ACCEPT, chat

CROWD = 40


class Noting:
    """A middleware that notes when an answer begins."""

    def __init__(self, app: ASGIApp, noted: list[str]) -> None:
        self._app = app
        self._noted = noted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                assert message["status"] == 200
                self._noted.append("answered")
            await send(message)

        await self._app(scope, receive, noting)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/copilotkit/agent/default/run", lambda number: run_body(thread=f"t{number}")),
        ("/copilotkit", lambda number: chat(threadId=f"t{number}")),
    ],
    ids=["agui", "graphql"],
)
async def test_the_first_of_a_crowd_is_answered_before_the_last_begins(
    path: str, body: Callable[[int], dict[str, Any]]
) -> None:
    noted: list[str] = []

    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        noted.append("begun")
        message = {"messageId": f"m-{request.thread_id}"}
        yield {"type": "TEXT_MESSAGE_START", "role": "assistant", **message}
        yield {"type": "TEXT_MESSAGE_CONTENT", "delta": "hi", **message}
        yield {"type": "TEXT_MESSAGE_END", **message}

    app = create_app(CopilotRuntime({"default": agent}))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(Noting(app, noted)),
            base_url="http://127.0.0.1",
            headers={"accept": ACCEPT},
        ) as client,
    ):
        await client.post(path, json=body(CROWD))  # which loads what the wire needs
        noted.clear()
        await asyncio.gather(*(client.post(path, json=body(each)) for each in range(CROWD)))
    assert noted.count("answered") == noted.count("begun") == CROWD
    assert noted.index("answered") < CROWD / 2
    assert noted[-CROWD // 2 :].count("answered") < CROWD / 2


async def test_a_request_that_begins_in_a_task_of_its_own_has_its_turn() -> None:
    begun: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        begun.append(scope["path"])

    async def nothing(*_: object) -> Any:  # noqa: ANN401  # as ASGI has it
        raise AssertionError

    in_turn = InTurn(app)
    posts = [{"type": "http", "method": "POST", "path": path} for path in "abc"]
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        for each in posts:  # as a middleware in front may do, with a time limit
            tasks.create_task(in_turn(each, nothing, nothing))  # type: ignore[arg-type]
    assert begun == ["a", "b", "c"]
