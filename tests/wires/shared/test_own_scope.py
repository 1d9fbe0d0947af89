"""An answer that grows, as middlewares in front of an app see it, and as those in it do not."""

from __future__ import annotations

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agui_runtime import CopilotRuntime, create_app
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


async def test_an_applications_own_middlewares_take_part_in_every_part_of_an_answer() -> None:
    gate = Gate()
    gate.opened.set()
    app = create_app(CopilotRuntime(scripted_agents(gate)))
    app.add_middleware(Shouting)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client,
    ):
        answer = await client.post(RUN, json=run_body("slow"))
    assert "w0 W1 w2 " in text(events(answer.text))
    assert answer.headers["x-request-id"]
