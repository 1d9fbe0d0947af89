"""What a run adds to a freshly built AgentScope agent: the front end's tools and prompts.

The agent's toolkit is copied first: factories may well give the same one to all their agents.
"""

from __future__ import annotations

import asyncio
import copy
import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from typing import Any

from ag_ui.core import RunAgentInput, Tool
from agentscope.agent import Agent
from agentscope.permission import PermissionBehavior, PermissionDecision
from agentscope.tool import FunctionTool, ToolBase, Toolkit

from agui_runtime.connectors.agentscope.calls import DistinctCalls
from agui_runtime.off_loop import in_a_thread


def equip(agent: Agent, request: RunAgentInput, taken: Iterable[str]) -> None:
    """Give the agent what the request brings; a tool of its own hides a front end's namesake.

    Plain functions among its tools will run in threads, and it tells its model nothing of its own
    accord (the time, its tasks), which would otherwise enter the conversation as user messages. The
    calls of its model get none of the ids in `taken`.
    """
    agent.toolkit = _own_copy(agent.toolkit)
    names = {tool.name for group in agent.toolkit.tool_groups for tool in group.tools}
    agent.toolkit.tool_groups[0].tools += (
        FrontendTool(tool) for tool in request.tools or () if tool.name not in names
    )
    hints = {"inject_runtime_state": False}
    agent.injection_config = agent.injection_config.model_copy(update=hints)
    # Middlewares, too, can only be given when it is built; the last of them is next to the model.
    agent._model_call_middlewares = [*agent._model_call_middlewares, DistinctCalls(taken)]
    # The prompt can only be given when an agent is built, and that is the user's part.
    agent._system_prompt = "\n\n".join([agent._system_prompt, *_prompts(request)])


class FrontendTool(ToolBase):  # type: ignore[misc]  # its types are not read, see pyproject.toml
    """A tool that the front end, or the runtime, carries out after the agent's reply."""

    is_external_tool = True
    is_concurrency_safe = True
    is_read_only = False

    def __init__(self, tool: Tool) -> None:
        super().__init__()
        self.name = tool.name
        self.description = tool.description
        schema = tool.parameters if isinstance(tool.parameters, dict) else {}
        self.input_schema = {"properties": {}, **schema, "type": "object"}

    async def check_permissions(self, *_: object, **__: object) -> PermissionDecision:
        """Who carries it out asks its user itself."""
        return PermissionDecision(PermissionBehavior.ALLOW, "carried out by the front end")


def _own_copy(toolkit: Toolkit) -> Toolkit:
    own = copy.copy(toolkit)
    own.tool_groups = [copy.copy(group) for group in toolkit.tool_groups]
    for group in own.tool_groups:
        group.tools = [_threaded(tool) for tool in group.tools]
    return own


def _threaded(tool: ToolBase) -> ToolBase:
    """The tool, its function in a thread where it would block the event loop."""
    function = getattr(tool, "_func", None)
    if not isinstance(tool, FunctionTool) or not inspect.isroutine(function):
        return tool
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return tool
    threaded = copy.copy(tool)
    threaded._func = (
        _stepwise(function) if inspect.isgeneratorfunction(function) else _once(function)
    )
    return threaded


def _once(function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(**arguments: Any) -> Any:  # noqa: ANN401  # the user's function
        result = await in_a_thread(function, **arguments)
        return await result if inspect.isawaitable(result) else result

    return call


def _stepwise(function: Callable[..., Iterator[Any]]) -> Callable[..., AsyncIterator[Any]]:
    async def call(**arguments: Any) -> AsyncIterator[Any]:  # noqa: ANN401  # the user's function
        items = function(**arguments)
        end = object()
        while (item := await asyncio.to_thread(next, items, end)) is not end:
            yield item

    return call


def _prompts(request: RunAgentInput) -> Sequence[str]:
    """The front end's own prompts; a page that sends none leaves its context to the agent."""
    prompts = [m.content for m in request.messages if m.role in {"system", "developer"}]
    if prompts or not request.context:
        return [str(prompt) for prompt in prompts]
    entries = (f"- {entry.description}: {entry.value}" for entry in request.context)
    return ["\n".join(["What the application tells about itself:", *entries])]
