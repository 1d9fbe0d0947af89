"""An AgentScope agent behind CopilotKit: `uvicorn --factory examples.agentscope_app:app`.

`delete_file` has to be approved by the user; `read_file` is always allowed.
"""

from ag_ui.core import RunAgentInput
from agentscope.agent import Agent
from agentscope.credential import OpenAICredential
from agentscope.model import OpenAIChatModel
from agentscope.permission import PermissionBehavior, PermissionDecision
from agentscope.state import AgentState
from agentscope.tool import FunctionTool, Toolkit
from fastapi import FastAPI

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.connectors.agentscope import AgentScopeAgent

FILES = {"notes.txt": "Buy milk."}
ALLOWED = PermissionDecision(PermissionBehavior.ALLOW, "reading harms nobody")


def read_file(path: str) -> str:
    """Read a file."""
    return FILES.get(path, "There is no such file.")


def delete_file(path: str) -> str:
    """Delete a file."""
    return "Deleted." if FILES.pop(path, None) else "There was no such file."


def filing_clerk(base_url: str | None = None, api_key: str = "sk-...") -> AgentScopeAgent:
    """The agent. Its model is shared by all runs, everything else is made for each of them."""
    model = OpenAIChatModel(
        credential=OpenAICredential(api_key=api_key, base_url=base_url),
        model="gpt-4o-mini",
        max_retries=0,
    )

    def build(state: AgentState, request: RunAgentInput) -> Agent:
        """Looks after your files."""
        tools = [FunctionTool(read_file, permission=ALLOWED), FunctionTool(delete_file)]
        prompt = "You look after the user's files."
        return Agent("clerk", prompt, model, toolkit=Toolkit(tools=tools), state=state)

    return AgentScopeAgent(build)


def app(base_url: str | None = None, api_key: str = "sk-...") -> FastAPI:
    """The app; any server with OpenAI's protocol will do."""
    return create_app(CopilotRuntime(agents={"default": filing_clerk(base_url, api_key)}))
