"""An agent of the runtime's that a router names: it is found when a run needs it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing

from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import Agent, current_run
from agui_runtime.agents.border import normal, wrap
from agui_runtime.agents.outer import OuterAgent
from agui_runtime.core.errors import AgentNotFound, Misconfigured
from agui_runtime.core.events import Event


class NamedAgent:
    """Does what the runtime's agent of that name does; its run fails where there is none, or none
    that the caller may start.
    """

    description = ""

    def __init__(self, name: str) -> None:
        self.name = name

    async def found(self) -> Agent:
        """Raises AgentNotFound, Forbidden and RemoteFailure."""
        run = current_run.get(None)
        if run is None or run.colleagues is None:
            raise AgentNotFound(self.name, ())
        return wrap(await run.colleagues.find(self.name), self.name)

    @normal
    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        agent = wrap(await self.found())
        async with aclosing(agent.run(request)) as events:
            async for event in events:
                yield event


def check_named(agents: Mapping[str, Agent], aliases: Mapping[str, str], *, remote: bool) -> None:
    """Raises Misconfigured for a name of no agent, where there is no `remote` that may have it, and
    for agents that would call themselves.
    """
    for name in agents:
        _walk(name, [], agents, aliases, remote=remote)


def _walk(
    name: str,
    path: Sequence[str],
    agents: Mapping[str, Agent],
    aliases: Mapping[str, str],
    *,
    remote: bool,
) -> None:
    here = aliases.get(name, name)
    if here in path:
        raise Misconfigured(f"with_router: {' -> '.join([*path, here])}: an agent names itself")
    if here in agents:
        for other in _names(agents[here]):
            _walk(other, [*path, here], agents, aliases, remote=remote)
    elif not remote:
        raise Misconfigured(f"with_router: no agent {here!r}; the runtime has {sorted(agents)}")


def _names(agent: Agent) -> Iterator[str]:
    """The runtime's agents that it, or a router in it, names."""
    if isinstance(agent, NamedAgent):
        yield agent.name
    elif isinstance(agent, OuterAgent):
        for each in agent.answering:
            yield from _names(each)
