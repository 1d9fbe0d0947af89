"""The scenes as the A2A SDK's generation 1 serves them, in 1.0 of the protocol."""

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator
from typing import Any

import uvicorn
from a2a.helpers import new_task_from_user_message, new_text_message, new_text_part
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill
from a2a_scenes import Scenes
from starlette.applications import Starlette


class Handler(DefaultRequestHandler):
    """The SDK's, which lets the tasks that are held go on when somebody takes one up again."""

    async def on_subscribe_to_task(self, params: Any, context: Any) -> AsyncGenerator[Any, None]:
        async for event in super().on_subscribe_to_task(params, context):
            yield event
            scenes.followed.set()


listener = socket.fromfd(int(sys.argv[1]), socket.AF_INET, socket.SOCK_STREAM)
url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
card = AgentCard(
    name="scenes",
    description="Plays scenes",
    version="1",
    supported_interfaces=[AgentInterface(url=url, protocol_binding="JSONRPC")],
    capabilities=AgentCapabilities(streaming="still" not in sys.argv),
    default_input_modes=["text/plain"],
    default_output_modes=["text/plain"],
    skills=[AgentSkill(id="scenes", name="scenes", description="Plays scenes", tags=["chat"])],
)
scenes = Scenes(new_text_part, new_text_message, new_task_from_user_message)
handler = Handler(agent_executor=scenes, task_store=InMemoryTaskStore(), agent_card=card)
routes = [*create_agent_card_routes(card), *create_jsonrpc_routes(handler, "/")]
config = uvicorn.Config(Starlette(routes=routes), log_level="warning")
asyncio.run(uvicorn.Server(config).serve([listener]))
