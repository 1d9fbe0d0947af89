"""What a run is to do. No behaviour here."""

from __future__ import annotations

from dataclasses import dataclass

from ag_ui.core import RunAgentInput

from agui_runtime.agents.border import EventAgent
from agui_runtime.core.events import RunContext
from agui_runtime.core.history import Truth
from agui_runtime.runs.deadlines import RunLimits


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which agent answers which request, in which context and within which limits, and whether the
    front end's messages or the thread's are the conversation so far.
    """

    agent: EventAgent
    request: RunAgentInput
    context: RunContext
    limits: RunLimits
    history: Truth = "client"
