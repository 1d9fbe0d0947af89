"""An AgentScope agent with tools over the local model server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ag_ui.core import RunAgentInput
from agentscope.agent import Agent
from agentscope.credential import OpenAICredential
from agentscope.model import OpenAIChatModel
from agentscope.permission import PermissionBehavior, PermissionDecision
from agentscope.state import AgentState
from agentscope.tool import FunctionTool, Toolkit

from agui_runtime.connectors.agentscope import AgentScopeAgent
from tests.fakes.model import ModelServer

ALLOW = PermissionDecision(PermissionBehavior.ALLOW, "harmless")


def free(function: Callable[..., Any]) -> FunctionTool:
    """A tool that may be called without asking."""
    return FunctionTool(function, permission=ALLOW)


def permitted_first(function: Callable[..., Any]) -> FunctionTool:
    """A tool that needs the user's permission."""
    return FunctionTool(function)


def model_of(server: ModelServer) -> OpenAIChatModel:
    return OpenAIChatModel(
        credential=OpenAICredential(api_key="sk-1", base_url=server.url),
        model="m",
        max_retries=0,
        client_kwargs={"max_retries": 0},
    )


def clerk(
    model: ModelServer, *tools: FunctionTool, toolkit: Toolkit | None = None
) -> AgentScopeAgent:
    """An agent with these tools; with a `toolkit`, one that all its runs share."""
    shared = model_of(model)

    def build(state: AgentState, request: RunAgentInput) -> Agent:
        """Keeps files."""
        kit = toolkit or Toolkit(tools=list(tools))
        return Agent("clerk", "You keep files.", shared, toolkit=kit, state=state)

    return AgentScopeAgent(build)


def messages_to(model: ModelServer, index: int = -1) -> list[Mapping[str, Any]]:
    """The messages of a request that the model was sent."""
    messages: list[Mapping[str, Any]] = model.seen[index].body["messages"]
    return messages
