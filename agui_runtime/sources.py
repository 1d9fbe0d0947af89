"""What one request can use: the runtime's own agents and actions, and what remotes offer it.

It asks the remotes for each request; that they do not cost a round trip each time is their affair.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from ag_ui.core import Tool

from agui_runtime.actions import Action, ServerAction, failed
from agui_runtime.connectors.base import Agent, Offer, OfferedTool, Source, capabilities_of
from agui_runtime.errors import AgentNotFound, AguiError, RemoteFailure
from agui_runtime.events import RunContext

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """An agent as front ends see it; `capabilities` in AG-UI's form, None if it tells none."""

    name: str
    description: str
    capabilities: dict[str, Any] | None = None
    class_name: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """Agents by name and actions for one request; `failures` tell of remotes that did not answer.

    A remote that is down takes only what it offers with it.
    """

    agents: Mapping[str, Agent]
    actions: Sequence[ServerAction]
    failures: Sequence[RemoteFailure] = ()

    def agent(self, name: str) -> Agent:
        """Raises AgentNotFound, or the failure of a remote that may have that agent."""
        if name in self.agents:
            return self.agents[name]
        if self.failures:
            raise self.failures[0]
        raise AgentNotFound(name, self.agents)


@dataclass(frozen=True, slots=True)
class OfferedAction:
    """A remote's tool as an action: its arguments are checked where it is carried out."""

    offered: OfferedTool
    return_direct: bool = False

    @property
    def name(self) -> str:
        return self.offered.tool.name

    @property
    def tool(self) -> Tool:
        return self.offered.tool

    async def call(self, arguments: str) -> str:
        """Carry it out; results and failures have the form of `Action.call`."""
        try:
            given = orjson.loads(arguments or "{}")
        except orjson.JSONDecodeError as error:
            return failed("INVALID_ARGUMENTS", str(error))
        if not isinstance(given, dict):
            return failed("INVALID_ARGUMENTS", "the arguments must be a JSON object")
        try:
            result = await self.offered.call(given)
        except AguiError as error:
            logger.warning("action %s failed: %s", self.name, error.message)
            return failed("HANDLER_ERROR", error.message)
        if result is None:
            return ""
        return result if isinstance(result, str) else orjson.dumps(result).decode()


class Sources:
    """The runtime's own come first, then the remotes' in their order; the first of a name wins."""

    def __init__(
        self, agents: Mapping[str, Agent], actions: Sequence[Action], remotes: Sequence[Source]
    ) -> None:
        self._agents = agents
        self._actions = actions
        self._remotes = tuple(remotes)

    async def reach(self, context: RunContext) -> Reach:
        """All that a request with this context can use."""
        if not self._remotes:
            return Reach(self._agents, self._actions)
        answers = await asyncio.gather(*(_asked(each, context) for each in self._remotes))
        offers = [each for each in answers if isinstance(each, Offer)]
        agents: dict[str, Agent] = {}
        actions: dict[str, ServerAction] = {}
        for offer in reversed(offers):
            agents |= offer.agents
        for tool in (tool for offer in offers for tool in offer.tools):
            actions.setdefault(tool.tool.name, OfferedAction(tool))
        own = {each.name: each for each in self._actions}
        return Reach(
            {**agents, **self._agents},
            [*own.values(), *(each for name, each in actions.items() if name not in own)],
            [each for each in answers if isinstance(each, RemoteFailure)],
        )

    async def close(self) -> None:
        """Let go of the remotes' connections."""
        for remote in self._remotes:
            await remote.close()


def described(agents: Mapping[str, Agent]) -> list[AgentInfo]:
    """What front ends are told of these agents."""
    return [
        AgentInfo(name, agent.description, capabilities_of(agent), type(agent).__name__)
        for name, agent in agents.items()
    ]


async def _asked(remote: Source, context: RunContext) -> Offer | RemoteFailure:
    try:
        return await remote.offer(context)
    except RemoteFailure as failure:
        logger.warning("left out: %s (%r)", failure.message, failure.__cause__)
        return failure
