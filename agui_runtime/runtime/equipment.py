"""An agent as it answers one request: under its guardrails, with what it may call and draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from agui_runtime.agents.agent import TOOL_NAME
from agui_runtime.agents.border import EventAgent
from agui_runtime.agents.delegates import Delegate
from agui_runtime.agents.tool_loop import with_actions
from agui_runtime.core.events import RunRequest
from agui_runtime.runtime.catalog import Catalog
from agui_runtime.wrappers.blocks.agent import with_blocks
from agui_runtime.wrappers.blocks.options import Blocks
from agui_runtime.wrappers.drawing.pages import GenerativeUI, with_results
from agui_runtime.wrappers.guardrails import Guardrail, guarded
from agui_runtime.wrappers.popup import is_popup
from agui_runtime.wrappers.router import routes


class Equipment(NamedTuple):
    """What a runtime has for all of its agents."""

    guardrails: Sequence[Guardrail]
    agents_as_tools: bool
    generative_ui: GenerativeUI
    blocks: Blocks | None = None

    def applied(self, name: str, catalog: Catalog, request: RunRequest) -> EventAgent:
        """The agent of that name, for this request; nobody sees what side requests draw."""
        agent = catalog.agent(name)
        if not request.ephemeral:
            agent = self._drawing(name, catalog, request)
        delegates = self._delegates(name, catalog, request)
        safe = guarded(agent, self.guardrails, request.topics)
        acting = with_actions(safe, catalog.actions, request.follow_up, delegates)
        tools = [*(each.name for each in catalog.actions), *(each.name for each in delegates)]
        return with_results(acting, agent, tools)

    def _drawing(self, name: str, catalog: Catalog, request: RunRequest) -> EventAgent:
        """The agent, with what it may draw; in a popup, an agent with blocks draws nothing."""
        blocks = self.blocks if self.blocks is not None and self.blocks.means(name) else None
        if blocks is not None and is_popup(request.input):
            return with_blocks(catalog.agents[name], blocks)
        agent = self.generative_ui.applied(name, catalog.agents, request.input)
        return agent if blocks is None else with_blocks(agent, blocks)

    def _delegates(self, name: str, catalog: Catalog, request: RunRequest) -> list[Delegate]:
        """Where a request names no agent, the default one may call the others; not a router, which
        decides itself who answers.
        """
        if request.agent is not None or not self.agents_as_tools or request.ephemeral:
            return []
        if routes(catalog.agent(name)):
            return []
        return [
            Delegate(other, with_actions(it, catalog.actions, follow_up=True), state)
            for other, it in catalog.agents.items()
            if other != name and TOOL_NAME.fullmatch(other)
            for state in (request.states.get(other, {}),)
        ]
