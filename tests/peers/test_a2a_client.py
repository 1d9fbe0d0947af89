"""The A2A SDK's client of generation 0.3, unmodified, as a client of this server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime
from agui_runtime.core.errors import AgentFailure
from agui_runtime.core.events import Event
from tests.kits.a2a_agent import question
from tests.peers.environments import HERE, environment
from tests.runtime.worlds import text
from tests.wires.a2a.serving import serving


class Scenes:
    """Does what the user's words say; what is held goes on when somebody says so."""

    name = "scenes"
    description = "Plays scenes"

    def __init__(self) -> None:
        self._released = asyncio.Event()

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        words = str(request.messages[-1].content)
        if words == "ask me" and not request.resume:
            yield question(request, "Which city?")
            return
        if words == "break":
            raise AgentFailure("it fell over")
        if words == "go on":
            self._released.set()
        said = request.resume[0].payload if request.resume else words
        begin, *rest = text("m1", "Hello, ", str(said))
        yield begin
        yield rest.pop(0)
        if words == "hold":
            await self._released.wait()
            self._released.clear()
        for event in rest:
            yield event


async def test_the_client_of_0_3_speaks_both_of_its_bindings() -> None:
    python = await asyncio.to_thread(environment, "a2a-sdk-0.3")
    async with serving(CopilotRuntime({"default": Scenes()})) as origin:
        process = await asyncio.create_subprocess_exec(
            str(python), f"{HERE}/servers/a2a_client_0_3.py", origin, stdout=asyncio.subprocess.PIPE
        )
        report, _ = await process.communicate()
    assert process.returncode == 0
    made = json.loads(report)
    assert made.keys() == {"JSONRPC", "HTTP+JSON"}
    for binding, scenes in made.items():
        refused = scenes.pop("refused")
        assert refused in {"A2AClientJSONRPCError", "A2AClientHTTPError"}, binding
        assert scenes == {
            "streamed": "Hello, world",
            "whole": "Hello, world",
            "question": ["input-required", "Which city?"],
            "answered": [True, "Hello, Rome"],
            "cancelled": "canceled",
            "taken up": "Hello, hold",
            "failed": "failed",
        }, binding
