"""AgentScope's own service with a tool that asks; run by a Python of its own: folder and port."""

import sys
from pathlib import Path

import uvicorn
from agentscope.app import create_app
from agentscope.app.message_bus import InMemoryMessageBus
from agentscope.app.storage import AsyncSQLAlchemyStorage
from agentscope.app.workspace_manager import LocalWorkspaceManager
from agentscope.permission import PermissionBehavior, PermissionDecision
from agentscope.tool import FunctionTool, ToolBase


def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"21C in {city}"


class Show(ToolBase):
    """Somebody outside shows a city."""

    name = "show"
    description = "Shows a city."
    is_external_tool = True
    is_concurrency_safe = True
    is_read_only = False

    def __init__(self):
        super().__init__()
        self.input_schema = {"type": "object", "properties": {"city": {"type": "string"}}}

    async def check_permissions(self, *_, **__):
        return PermissionDecision(PermissionBehavior.ALLOW, "carried out outside")


def a_skill(folder):
    """The folder of a skill that is new in each workspace."""
    skill = folder / "packing"
    skill.mkdir()
    about = "---\nname: packing\ndescription: How to pack.\n---\nRoll, do not fold.\n"
    (skill / "SKILL.md").write_text(about)
    return str(skill)


async def tools(user, agent, session):
    return [FunctionTool(get_weather), Show()]


if __name__ == "__main__":
    folder, port = sys.argv[1:]
    app = create_app(
        storage=AsyncSQLAlchemyStorage(f"sqlite+aiosqlite:///{folder}/service.db"),
        message_bus=InMemoryMessageBus(),
        workspace_manager=LocalWorkspaceManager(
            basedir=f"{folder}/workspaces", skill_paths=[a_skill(Path(folder))]
        ),
        extra_agent_tools=tools,
    )
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")
