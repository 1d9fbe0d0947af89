"""Agents that draw: wrappers which show a tool's arguments as activities while a model writes them.

Each can be left out. They change which tools agents get and what their runs emit, nothing else.
"""

from __future__ import annotations

from agui_runtime.agents.outer import OuterAgent
from agui_runtime.wrappers.base import Wrapper


class Drawing(Wrapper):
    """What `draws` names: `a2ui` or `open-generative-ui`."""

    draws: str


def drawn_by(agent: object) -> frozenset[str]:
    """What the agent draws, with whatever it is wrapped in, or what answers in its place."""
    if not isinstance(agent, OuterAgent):
        return frozenset()
    own = frozenset({agent.draws}) if isinstance(agent, Drawing) else frozenset()
    return own.union(*map(drawn_by, agent.answering))
