"""AgentScope's own service with a tool that asks; run by a Python of its own: folder and port."""

import sys

import uvicorn
from agentscope.app import create_app
from agentscope.app.message_bus import InMemoryMessageBus
from agentscope.app.storage import AsyncSQLAlchemyStorage
from agentscope.app.workspace_manager import LocalWorkspaceManager
from agentscope.tool import FunctionTool


def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"21C in {city}"


async def tools(user, agent, session):
    return [FunctionTool(get_weather)]


if __name__ == "__main__":
    folder, port = sys.argv[1:]
    app = create_app(
        storage=AsyncSQLAlchemyStorage(f"sqlite+aiosqlite:///{folder}/service.db"),
        message_bus=InMemoryMessageBus(),
        workspace_manager=LocalWorkspaceManager(basedir=f"{folder}/workspaces"),
        extra_agent_tools=tools,
    )
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")
