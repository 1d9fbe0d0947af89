"""A LangGraph graph in this process, behind the adapter that its users have already."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol
from uuid import uuid4

from ag_ui.core import RunAgentInput

from agui_runtime.connectors.base import AgentEvent, KeptState, closing, current_run, wrap
from agui_runtime.connectors.langgraph.messages import to_agui
from agui_runtime.connectors.langgraph.threads import thread_of
from agui_runtime.events import RunContext


class Graph(Protocol):
    """What is used of a compiled graph."""

    async def aget_state(self, config: dict[str, Any]) -> Any: ...  # noqa: ANN401


class Adapter(Protocol):
    """`LangGraphAgent` of ag-ui-langgraph, or `LangGraphAGUIAgent` of copilotkit."""

    name: str

    @property
    def graph(self) -> Any: ...  # noqa: ANN401  # a Graph, of a library that need not be there

    def run(self, input: RunAgentInput) -> AsyncIterator[Any]: ...  # its own name


class GraphAgent:
    """Runs the adapter's graph, each of our threads on a thread of its checkpointer.

    Suggestions and the like get threads that nothing else uses. What the checkpointer holds of a
    thread can be loaded, also by a page that has just been opened.
    """

    def __init__(self, adapter: Adapter, description: str = "") -> None:
        self._agent = wrap(adapter, description=description)
        self._graph: Graph = adapter.graph
        self.name = self._agent.name
        self.description = self._agent.description

    async def run(self, request: RunAgentInput) -> AsyncIterator[AgentEvent]:
        context = current_run.get(None)
        alone = context is not None and context.ephemeral
        thread = uuid4().hex if alone else thread_of(request.thread_id, context)
        asked = request.model_copy(update={"thread_id": thread})
        async with closing(self._agent.run(asked)) as items:
            async for item in items:
                yield item

    async def kept_state(self, thread_id: str, context: RunContext) -> KeptState | None:
        """What the checkpointer holds of the thread; None if it has none, or there is none."""
        config = {"configurable": {"thread_id": thread_of(thread_id, context)}}
        try:
            values = (await self._graph.aget_state(config)).values
        except ValueError:  # the graph was compiled without a checkpointer
            return None
        if not isinstance(values, Mapping) or not values:
            return None
        state = {key: value for key, value in values.items() if key != "messages"}
        messages = [message.model_dump() for message in values.get("messages", ())]
        return KeptState(state, to_agui(messages))
