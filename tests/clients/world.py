"""What the pages of these tests talk to: a runtime on a real server, and the model behind it.

`start_world` is the one seam between the browser tests and what they judge.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from agui_runtime.app import create_app
from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.connectors.transcription import OpenAITranscription
from agui_runtime.core.events import Caller
from agui_runtime.memories.memory import Memory
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.base import Store
from agui_runtime.wires.agui.wire import AguiWire
from agui_runtime.wires.graphql.wire import GraphQLWire
from agui_runtime.wires.websocket.wire import WebSocketWire
from agui_runtime.wrappers import with_memory
from agui_runtime.wrappers.guardrails import Guardrail
from tests.clients.agents import AskingAgent, RoutingAgent, SalesAgent, VisitorAgent, working
from tests.clients.elsewhere import by_workers, shared, worked_for
from tests.clients.gate import Gate
from tests.fakes.actions import server_actions
from tests.fakes.agents import ScriptedAgent, scripted_agents
from tests.fakes.model import ModelServer
from tests.support import served

NOBODY = "http://127.0.0.1:9/v1"  # the discard port: nothing listens there
EYE = 0.05  # seconds; a person, or a page that samples its frames, sees both sides of such a pause


@dataclass(frozen=True)
class World:
    """The `runtimeUrl` for pages, and the model server behind the agent `default`.

    `one_route` is the same runtime where nothing below the path gets through. At the `gate` agents
    stand still that are asked to do it `step by step`.
    """

    runtime: str
    one_route: str
    model: ModelServer
    gate: Gate = field(default_factory=Gate)


@asynccontextmanager
async def start_world(
    options: Options | None = None,
    guardrails: Sequence[Guardrail] = (),
    store: Store | None = None,
    port: int = 0,
    memory: Memory | None = None,
) -> AsyncIterator[World]:
    """`default` and `deaf` speak to a model, the latter to one that is not there; the other agents
    are scripted. Every agent is offered the server's actions. The model hears, too.

    With a memory `default` has it. A bearer token is the name of its user; who has none is a guest.
    With the store and the port of a world that has ended, this one is the same server, restarted.
    """
    gate = Gate()
    async with ModelServer(delay=0.005) as model:
        default = OpenAIAgent("gpt-4o", base_url=model.url, api_key="sk-test")
        runtime = CopilotRuntime(
            agents={
                **scripted_agents(pause=EYE),
                "state_agent": ScriptedAgent("state_agent", partial(working, gate)),
                "asking_agent": AskingAgent(),
                "visitor_agent": VisitorAgent(),
                "routing_agent": RoutingAgent(),
                "sales_agent": SalesAgent(EYE, gate),
                "default": default if memory is None else with_memory(default, memory),
                "deaf": OpenAIAgent("gpt-4o", base_url=NOBODY, api_key="sk-test"),
            },
            actions=server_actions(),
            authenticate=who,
            options=by_workers(options),
            guardrails=guardrails,
            store=shared(store),
            memory=memory,
        )
        ears = OpenAITranscription(base_url=model.url, api_key="sk-test")
        agui = AguiWire(transcription=ears)
        app = create_app(runtime, wires=[GraphQLWire(), WebSocketWire(), agui])
        async with worked_for(runtime), served(Gateway(app), port) as origin:
            yield World(f"{origin}/copilotkit", f"{origin}/one-route", model, gate)


def who(request: Request) -> Caller:
    user = request.headers.get("authorization", "").removeprefix("Bearer ")
    return Caller(user or "guest")


def requests_of(world: World) -> list[dict[str, Any]]:
    """The body of each request that reached the model, in their order."""
    return [seen.body for seen in world.model.seen]


def prompts(world: World) -> list[list[tuple[str, str]]]:
    """Role and text of what was said in each of them, without prompts and tools."""
    return [conversation(body["messages"]) for body in requests_of(world)]


async def threads(world: World) -> list[dict[str, Any]]:
    """All of a guest's threads, archived ones too."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{world.runtime}/threads?includeArchived=true")
    found: list[dict[str, Any]] = answer.json()["threads"]
    return found


def conversation(messages: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Role and text of what was said, without the prompt."""
    spoken = [message for message in messages if message["role"] in {"user", "assistant"}]
    return [(message["role"], str(message["content"]).strip()) for message in spoken]


def words(count: int) -> str:
    """What the model says to `[n:count]`."""
    return " ".join(f"tok{number}" for number in range(count))


class Gateway:
    """Lets everything through, and beside it serves the runtime at `/one-route` and nothing below,
    as a serverless function or a proxy with a single rule does.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") == "/one-route":
            scope = {**scope, "path": "/copilotkit", "raw_path": b"/copilotkit"}
        await self._app(scope, receive, send)
