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
from agui_runtime.wrappers.drawing.pages import GenerativeUI, with_results
from agui_runtime.wrappers.guardrails import Guardrail, guarded


class Equipment(NamedTuple):
    """What a runtime has for all of its agents."""

    guardrails: Sequence[Guardrail]
    agents_as_tools: bool
    generative_ui: GenerativeUI

    def applied(self, name: str, catalog: Catalog, request: RunRequest) -> EventAgent:
        """The agent of that name, for this request; nobody sees what side requests draw."""
        agent = catalog.agent(name)
        if not request.ephemeral:
            agent = self.generative_ui.applied(name, catalog.agents, request.input)
        delegates = self._delegates(name, catalog, request)
        safe = guarded(agent, self.guardrails, request.topics)
        acting = with_actions(safe, catalog.actions, request.follow_up, delegates)
        tools = [*(each.name for each in catalog.actions), *(each.name for each in delegates)]
        return with_results(acting, agent, tools)

    def _delegates(self, name: str, catalog: Catalog, request: RunRequest) -> list[Delegate]:
        """Where a request names no agent, the default one may call the others."""
        if request.agent is not None or not self.agents_as_tools or request.ephemeral:
            return []
        return [
            Delegate(other, with_actions(it, catalog.actions, follow_up=True), state)
            for other, it in catalog.agents.items()
            if other != name and TOOL_NAME.fullmatch(other)
            for state in (request.states.get(other, {}),)
        ]
