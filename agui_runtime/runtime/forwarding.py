"""Whether the headers that agents send on are among those that agents see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from agui_runtime.agents.agent import Agent, Forwards, Source
from agui_runtime.agents.outer import OuterAgent
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.forwarded_headers import HeaderNames


def check_forwarding(
    agents: Mapping[str, Agent], remotes: Sequence[Source], seen: HeaderNames
) -> None:
    """Raises Misconfigured for an agent or a remote that names a header which it never sees."""
    for label, sender in _senders(agents, remotes):
        if lost := sender.forwarded_headers.never_in(seen):
            raise Misconfigured(
                f"{label} has forward_headers={lost}, which agents never see: name them in "
                "AGUI_FORWARD_HEADERS, or in forward_headers of ServerOptions, as well"
            )


def _senders(
    agents: Mapping[str, Agent], remotes: Sequence[Source]
) -> Iterator[tuple[str, Forwards]]:
    for name, agent in agents.items():
        for each in _answering(agent):
            if isinstance(each, Forwards):
                yield f"agent {name!r}", each
    for remote in remotes:
        if isinstance(remote, Forwards):
            yield "a remote", remote


def _answering(agent: Agent) -> Iterator[Agent]:
    """The agents in all wrappers."""
    if isinstance(agent, OuterAgent):
        for each in agent.answering:
            yield from _answering(each)
    else:
        yield agent
