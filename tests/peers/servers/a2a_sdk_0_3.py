"""The scenes as the A2A SDK's generation 0.3 serves them."""

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator
from typing import Any

import uvicorn
from a2a.server.apps import A2AStarletteApplication
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.tasks import InMemoryTaskStore
from a2a.types import AgentCapabilities, AgentCard, AgentSkill, Part, TextPart
from a2a.utils import new_agent_text_message, new_task
from a2a_scenes import Scenes

SOON = 0.5  # seconds until somebody who takes a task up again has its queue


class Handler(DefaultRequestHandler):
    """The SDK's, which lets the tasks that are held go on when somebody takes one up again."""

    async def on_resubscribe_to_task(
        self, params: Any, context: Any = None
    ) -> AsyncGenerator[Any, None]:
        asyncio.get_running_loop().call_later(SOON, scenes.followed.set)
        async for event in super().on_resubscribe_to_task(params, context):
            yield event


def part(words: str) -> Part:
    return Part(root=TextPart(text=words))


listener = socket.fromfd(int(sys.argv[1]), socket.AF_INET, socket.SOCK_STREAM)
card = AgentCard(
    name="scenes",
    description="Plays scenes",
    version="1",
    url=f"http://127.0.0.1:{listener.getsockname()[1]}/",
    capabilities=AgentCapabilities(streaming="still" not in sys.argv),
    default_input_modes=["text/plain"],
    default_output_modes=["text/plain"],
    skills=[AgentSkill(id="scenes", name="scenes", description="Plays scenes", tags=["chat"])],
)
scenes = Scenes(part, new_agent_text_message, new_task)
handler = Handler(agent_executor=scenes, task_store=InMemoryTaskStore())
config = uvicorn.Config(A2AStarletteApplication(card, handler).build(), log_level="warning")
asyncio.run(uvicorn.Server(config).serve([listener]))
