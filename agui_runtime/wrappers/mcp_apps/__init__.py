"""MCP apps: an agent calls a tool of an MCP server, and the page shows the tool's own page, which
may then call its server through this runtime.

The extension of MCP is SEP-1865; the activities are those of CopilotKit from 1.50 on.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from ag_ui.core import RunAgentInput

from agui_runtime.agents.border import normal
from agui_runtime.agents.outer import OuterAgent
from agui_runtime.agents.tool_loop import with_actions
from agui_runtime.connectors.agui import AGUIAgent
from agui_runtime.connectors.mcp import McpServer
from agui_runtime.core.events import Event, as_event
from agui_runtime.core.requests import request_props
from agui_runtime.wrappers.base import Wrapper, beside_threads
from agui_runtime.wrappers.mcp_apps.proxy import answer_to
from agui_runtime.wrappers.mcp_apps.servers import ACTIVITY as ACTIVITY, AppServers

PROXIED = "__proxiedMCPRequest"
"""Among the forwarded properties of a request that a shown page makes; the agent is not
called then.
"""


class MCPAppsAgent(Wrapper):
    """An agent with the tools of MCP servers that have pages to show, and those pages.

    The tools are carried out like the runtime's own actions: the agent goes on with what they
    return. For each result the page is shown an activity, with which it reads the tool's page and
    shows it. What that page asks is answered only by these servers: it may read their pages, and
    call the tools that they list for pages.

    Each server needs an `id`, by which pages name it: give another one, and what older threads
    show is lost. `refresh_every` and `retry_after` are those of `McpServers`.
    """

    def __init__(
        self,
        agent: object,
        servers: Sequence[McpServer],
        *,
        refresh_every: float = 60.0,
        retry_after: float = 5.0,
    ) -> None:
        """Raises MissingExtra without the `mcp` package, Misconfigured for ids that are missing or
        not distinct, and for servers with `resources`, which only `McpServers` offers.
        """
        super().__init__(agent)
        self._servers = AppServers(servers, refresh_every, retry_after)

    @normal
    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        props = request_props(request)
        if PROXIED in props:
            result = await answer_to(props[PROXIED], self._servers)
            ids = {"threadId": request.thread_id, "runId": request.run_id}
            yield as_event({"type": "RUN_FINISHED", **ids, "result": result})
            return
        actions = [] if beside_threads() else await self._servers.actions()
        agent = with_actions(self.agent, actions, follow_up=True)
        async with aclosing(agent.run(request)) as events:
            async for event in events:
                yield event

    async def close(self) -> None:
        await self._servers.close()
        await super().close()


def answers_apps(agent: object) -> bool:
    """Whether the agent, or an AG-UI server behind it, knows what to do with such a request; any
    other would take it for a conversation.
    """
    if isinstance(agent, MCPAppsAgent | AGUIAgent):
        return True
    return isinstance(agent, OuterAgent) and answers_apps(agent.agent)
