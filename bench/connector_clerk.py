"""The AgentScope agent of `bench connectors`: a model on loopback, and no tools."""

from __future__ import annotations

from collections.abc import Callable

from agentscope.agent import Agent
from agentscope.credential import OpenAICredential
from agentscope.message import UserMsg
from agentscope.model import OpenAIChatModel
from agentscope.state import AgentState
from agentscope.tool import Toolkit


def builder(url: str, model: str) -> Callable[..., Agent]:
    """Makes agents that share their model, each with a state of its own unless it is given one."""
    credential = OpenAICredential(api_key="sk-1", base_url=url)
    shared = OpenAIChatModel(credential=credential, model=model, max_retries=0)

    def build(state: AgentState | None = None) -> Agent:
        state = AgentState() if state is None else state
        return Agent("clerk", "You answer.", shared, toolkit=Toolkit(), state=state)

    return build


def message(text: str) -> UserMsg:
    return UserMsg("user", text)
