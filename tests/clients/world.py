"""What the pages of these tests talk to: a runtime on a real server, and the model behind it.

`start_world` is the one seam between the browser tests and what they judge.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from agui_runtime.app import create_app
from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.runtime import CopilotRuntime
from tests.fakes.actions import server_actions
from tests.fakes.agents import scripted_agents
from tests.fakes.model import ModelServer
from tests.support import served

NOBODY = "http://127.0.0.1:9/v1"  # the discard port: nothing listens there
EYE = 0.05  # seconds; a person, or a page that samples its frames, sees both sides of such a pause


@dataclass(frozen=True)
class World:
    """The `runtimeUrl` for pages, and the model server behind the agent `default`."""

    runtime: str
    model: ModelServer


@asynccontextmanager
async def start_world() -> AsyncIterator[World]:
    """`default` and `deaf` speak to a model, the latter to one that is not there; the other agents
    are scripted. Every agent is offered the server's actions.
    """
    async with ModelServer(delay=0.005) as model:
        runtime = CopilotRuntime(
            agents={
                **scripted_agents(pause=EYE),
                "default": OpenAIAgent("gpt-4o", base_url=model.url, api_key="sk-test"),
                "deaf": OpenAIAgent("gpt-4o", base_url=NOBODY, api_key="sk-test"),
            },
            actions=server_actions(),
        )
        async with served(create_app(runtime)) as origin:
            yield World(f"{origin}/copilotkit", model)
