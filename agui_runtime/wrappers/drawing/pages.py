"""Who draws: all agents of a runtime, those that it names, or those whose page asks for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ag_ui.core import RunAgentInput

from agui_runtime.agents.border import EventAgent
from agui_runtime.connectors.mcp import McpServer
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.requests import request_props
from agui_runtime.wrappers.drawing import drawn_by
from agui_runtime.wrappers.drawing.a2ui import A2UIAgent, ResultsDrawn
from agui_runtime.wrappers.drawing.open_ui import TOOL, OpenUIAgent

CATALOG = "a2uiCatalogAvailable"
"""Among the forwarded properties of a page that has components to draw with."""


@explains_arguments
@dataclass(frozen=True, slots=True)
class GenerativeUI:
    """Whether agents draw: `a2ui` surfaces, and `open_ui`, pages that a model writes.

    None leaves it to the page: they draw where it brings a catalog of components, or offers the
    tool that writes pages. True has them draw always, False never. `mcp_apps` are MCP servers with
    pages of their own, see `MCPAppsAgent`. `agents` names those that all of this is about; all,
    when left out. Agents that are wrapped in `A2UIAgent` or `OpenUIAgent` draw in any case.

    A page describes its catalog only to the agents that always draw surfaces, if there are any:
    these are named to it. Then the others draw none, whatever a page brings.
    """

    a2ui: bool | None = None
    open_ui: bool | None = None
    mcp_apps: Sequence[McpServer] = ()
    agents: Sequence[str] | None = None

    def check(self, names: Collection[str]) -> None:
        """Raises Misconfigured for an agent that is none of these."""
        if unknown := sorted(set(self.agents or ()) - set(names)):
            raise Misconfigured(f"GenerativeUI: no agent {unknown[0]!r}; there are {sorted(names)}")

    def with_apps(self, name: str, agent: EventAgent) -> EventAgent:
        """The agent with the MCP servers that have pages; raises as `MCPAppsAgent` does."""
        if not self.mcp_apps or not self._means(name):
            return agent
        from agui_runtime.wrappers.mcp_apps import MCPAppsAgent  # an extra: only when asked for

        return MCPAppsAgent(agent, self.mcp_apps)

    @property
    def all_draw_surfaces(self) -> bool:
        """Whether each agent does, also those that nobody knows yet."""
        return self.a2ui is True and self.agents is None

    def always(self, agents: Mapping[str, object]) -> Mapping[str, frozenset[str]]:
        """What each of the agents draws, whatever a page brings."""
        about = {A2UIAgent.draws: self.a2ui, OpenUIAgent.draws: self.open_ui}
        chosen = frozenset(kind for kind, always in about.items() if always)
        return {
            name: drawn_by(agent) | (chosen if self._means(name) else frozenset())
            for name, agent in agents.items()
        }

    def applied(
        self, name: str, agents: Mapping[str, EventAgent], request: RunAgentInput
    ) -> EventAgent:
        """That one of the agents, as it is to answer this request."""
        agent = agents[name]
        if not self._means(name):
            return agent
        drawn = drawn_by(agent)
        if OpenUIAgent.draws not in drawn and _wanted(self.open_ui, _offers_pages(request)):
            agent = OpenUIAgent(agent)
        if A2UIAgent.draws not in drawn and _wanted(self.a2ui, self._may_draw(agents, request)):
            agent = A2UIAgent(agent)
        return agent

    def _may_draw(self, agents: Mapping[str, object], request: RunAgentInput) -> bool:
        """Whether the page has a catalog, and describes it to agents that were not named to it."""
        if not _has_catalog(request):
            return False
        return not any(A2UIAgent.draws in kinds for kinds in self.always(agents).values())

    def _means(self, name: str) -> bool:
        return self.agents is None or name in self.agents


def with_results(agent: EventAgent, inner: EventAgent, tools: Collection[str]) -> EventAgent:
    """The agent, whose tools are carried out around `inner`, and the surfaces that they return."""
    return ResultsDrawn(agent, tools) if tools and A2UIAgent.draws in drawn_by(inner) else agent


def _wanted(always: bool | None, page: bool) -> bool:
    return page if always is None else always


def _has_catalog(request: RunAgentInput) -> bool:
    return request_props(request).get(CATALOG) is True


def _offers_pages(request: RunAgentInput) -> bool:
    return any(tool.name == TOOL for tool in request.tools or ())
