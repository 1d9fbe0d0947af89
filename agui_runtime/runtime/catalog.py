"""What one request can use: the runtime's own agents and actions, and what remotes offer it.

It calls the remotes for each request; each remote caches its offer, to spare the round trip.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agui_runtime.agents.actions import Action, OfferedAction, ServerAction
from agui_runtime.agents.agent import Agent, Offer, Source, capabilities_of
from agui_runtime.agents.border import EventAgent, original, wrap
from agui_runtime.core.demands import TEXTS_BY_NAME, check
from agui_runtime.core.errors import AgentNotFound, Misconfigured, RemoteFailure
from agui_runtime.core.events import RunContext
from agui_runtime.core.ids import fault_of
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.log_lines import logger_of

logger = logger_of(__name__)

DEFAULT_AGENT = "default"


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """An agent as front ends see it; `capabilities` in AG-UI's form, None if it declares none."""

    name: str
    description: str
    capabilities: JsonObject | None = None
    class_name: str = ""


@dataclass(frozen=True, slots=True)
class Catalog:
    """Agents by name and actions for one request; `failures` are of remotes that did not answer.

    Where a remote is down, only what it offers is missing.
    """

    agents: Mapping[str, EventAgent]
    actions: Sequence[ServerAction]
    failures: Sequence[RemoteFailure] = ()

    def agent(self, name: str) -> EventAgent:
        """Raises AgentNotFound, or the failure of a remote that may have that agent."""
        if name in self.agents:
            return self.agents[name]
        if self.failures:
            raise self.failures[0]
        raise AgentNotFound(name, self.agents)


class Sources:
    """The runtime's own come first, then the remotes' in their order; the first of a name wins.

    `aliases` maps former names of agents to present ones; every name that a request gives may be
    either.
    """

    def __init__(
        self,
        agents: Mapping[str, Agent],
        actions: Sequence[Action],
        remotes: Sequence[Source],
        aliases: Mapping[str, str],
    ) -> None:
        self.aliases = _checked(aliases, agents, remotes)
        self._agents = agents
        self._actions = actions
        self._remotes = tuple(remotes)
        self._known: Mapping[str, Agent] = {}
        self._ready: Mapping[str, EventAgent] = {}

    def present(self, name: str | None) -> str:
        """The present name of the agent that a request names, or of the default one."""
        name = name or DEFAULT_AGENT
        return self.aliases.get(name, name)

    def own(self, name: str | None) -> tuple[str, Agent]:
        """One of the runtime's own agents under its present name; raises AgentNotFound."""
        name = self.present(name)
        if name not in self._agents:
            raise AgentNotFound(name, self._agents)
        return name, self._agents[name]

    def may_have(self, name: str) -> bool:
        """Whether the agent is the runtime's own, or may be a remote's, which are not asked."""
        return bool(self._remotes) or self.present(name) in self._agents

    async def find(self, name: str, context: RunContext) -> tuple[str, Agent]:
        """An agent under its present name; raises AgentNotFound, and RemoteFailure where a remote
        that does not answer may have it.
        """
        name = self.present(name)
        if name in self._agents:
            return name, self._agents[name]
        return name, (await self.catalog(context)).agent(name)

    async def catalog(self, context: RunContext) -> Catalog:
        """All that a request with this context can use."""
        if self._known != self._agents:  # which may have become others meanwhile
            self._known, self._ready = dict(self._agents), _wrapped(self._agents)
        agents = self._ready
        if not self._remotes:
            return Catalog(agents, self._actions)
        answers = await asyncio.gather(*(_offer_of(each, context) for each in self._remotes))
        offers = [each for each in answers if isinstance(each, Offer)]
        offered: dict[str, EventAgent] = {}
        actions: dict[str, ServerAction] = {}
        for offer in reversed(offers):
            offered |= _wrapped(offer.agents)
        for tool in (tool for offer in offers for tool in offer.tools):
            actions.setdefault(tool.tool.name, OfferedAction(tool))
        own = {each.name: each for each in self._actions}
        return Catalog(
            {**offered, **agents},
            [*own.values(), *(each for name, each in actions.items() if name not in own)],
            [each for each in answers if isinstance(each, RemoteFailure)],
        )

    async def close(self) -> None:
        """Let go of the remotes' connections."""
        for remote in self._remotes:
            await remote.close()


def described(agents: Mapping[str, Agent]) -> list[AgentInfo]:
    """These agents as front ends see them."""
    return [
        AgentInfo(name, agent.description, capabilities_of(agent), type(original(agent)).__name__)
        for name, agent in agents.items()
    ]


def _checked(
    aliases: Mapping[str, str], agents: Mapping[str, Agent], remotes: Sequence[Source]
) -> Mapping[str, str]:
    check("aliases", aliases, TEXTS_BY_NAME)
    for name in (*agents, *aliases):
        if fault := fault_of(name):
            raise Misconfigured(f"agents: the name {name!r}: {fault}")
    for former, present in aliases.items():
        if former in agents:
            raise Misconfigured(f"aliases: {former!r} is an agent's present name")
        if present not in agents and not remotes:
            raise Misconfigured(f"aliases: no agent {present!r}; there are {sorted(agents)}")
    return dict(aliases)


def _wrapped(agents: Mapping[str, object]) -> dict[str, EventAgent]:
    return {name: wrap(agent, name) for name, agent in agents.items()}


async def _offer_of(remote: Source, context: RunContext) -> Offer | RemoteFailure:
    try:
        return await remote.offer(context)
    except RemoteFailure as failure:
        logger.warning("a remote is missing: %s (%r)", failure.message, failure.__cause__)
        return failure
