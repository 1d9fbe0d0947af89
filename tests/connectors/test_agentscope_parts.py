"""What users build into their AgentScope agents keeps working: MCP servers, skills, middlewares."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from ag_ui.core import RunAgentInput
from agentscope.agent import Agent
from agentscope.mcp import MCPClient, StdioMCPConfig
from agentscope.middleware import MiddlewareBase
from agentscope.state import AgentState
from agentscope.tool import Toolkit

from agui_runtime.connectors.agentscope import AgentScopeAgent
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.clerk import clerk, free, messages_to, model_of
from tests.connectors.page import Page, results, resume
from tests.connectors.talk import text
from tests.fakes.model import ModelServer

SERVER = """
from mcp.server import MCPServer

server = MCPServer("clock")


@server.tool()
def time_in(city: str) -> str:
    return f"noon in {city}"


server.run()
"""

SKILL = """---
name: filing
description: How to file papers.
---
Use the red folder.
"""


async def test_a_tool_of_an_mcp_server_asks_and_answers(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    config = StdioMCPConfig(command=sys.executable, args=[str(script)])
    server = MCPClient(name="clock", is_stateful=True, mcp_config=config)
    await server.connect()
    try:
        async with ModelServer() as model:
            agent = clerk(model, toolkit=Toolkit(mcps=[server]))
            page = Page(CopilotRuntime(agents={"default": agent}))
            question = await page.say('[tool:mcp__clock__time_in {"city":"Oslo"}]')
            events = await page.go(resume=resume(question, {"approved": True}))
    finally:
        await server.close()

    assert "noon in Oslo" in str(results(events))
    assert "noon in Oslo" in text(events)


async def test_skills_are_offered_to_the_model(tmp_path: Path) -> None:
    folder = tmp_path / "filing"
    folder.mkdir()
    (folder / "SKILL.md").write_text(SKILL)
    async with ModelServer() as model:
        agent = clerk(model, toolkit=Toolkit(skills_or_loaders=[str(folder)]))
        await Page(CopilotRuntime(agents={"default": agent})).say("hi")

    assert "How to file papers." in str(messages_to(model)[0]["content"])


class Shouting(MiddlewareBase):  # type: ignore[misc]  # its types are not read, see pyproject.toml
    """Speaks of a tool's work in the stream of the reply."""

    async def on_acting(
        self,
        agent: Agent,
        input_kwargs: dict[str, Any],
        next_handler: Callable[..., AsyncIterator[Any]],
    ) -> AsyncIterator[Any]:
        self.acted = input_kwargs["tool_call"].name
        async for chunk in next_handler(**input_kwargs):
            yield chunk


async def test_middlewares_are_called() -> None:
    shouting = Shouting()

    def look() -> str:
        """Look."""
        return "seen"

    async with ModelServer() as model:
        shared = model_of(model)

        def build(state: AgentState, request: RunAgentInput) -> Agent:
            kit = Toolkit(tools=[free(look)])
            return Agent("a", "", shared, toolkit=kit, middlewares=[shouting], state=state)

        page = Page(CopilotRuntime(agents={"default": AgentScopeAgent(build)}))
        events = await page.say("[tool:look {}]")

    assert shouting.acted == "look"
    assert list(results(events).values()) == ["seen"]
