"""What a run is to do. No behaviour here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ag_ui.core import RunAgentInput

from agui_runtime.agents.border import EventAgent
from agui_runtime.core.events import RunContext
from agui_runtime.core.figures import Cost
from agui_runtime.core.history import Truth
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.runs.deadlines import RunLimits


class Pricing(Protocol):
    """Who knows what a usage costs."""

    def prepare(self) -> None:
        """A run begins, and its usage will have to be priced. Takes no time."""

    async def cost(self, usage: Sequence[JsonObject]) -> Cost | None:
        """What all of it costs; None if that is not known of a part of it. Raises nothing."""


class Assignment(NamedTuple):
    """Which agent answers which request, in which context and within which limits, and whether the
    front end's messages or the thread's are the conversation so far. `may_be_long`: whether work on
    what the request holds may be.
    """

    agent: EventAgent
    request: RunAgentInput
    context: RunContext
    limits: RunLimits
    pricing: Pricing
    history: Truth = "client"
    may_be_long: bool = True
