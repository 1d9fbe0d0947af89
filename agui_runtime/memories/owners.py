"""Whose memory a run may have."""

from __future__ import annotations

from agui_runtime.agents.agent import current_run
from agui_runtime.core.events import ANONYMOUS
from agui_runtime.memories.memory import Memory


def owner_of_run(memory: Memory) -> str | None:
    """The caller of the present run; None for a run that belongs to no thread and so leaves no
    trace, and for callers who did not say who they are.
    """
    run = current_run.get(None)
    return None if run is None or run.ephemeral else caller_of_run(memory)


def caller_of_run(memory: Memory) -> str | None:
    """The same, also of a run that belongs to no thread."""
    run = current_run.get(None)
    if run is None:
        return None
    if run.caller.owner == ANONYMOUS.owner and not memory.anonymous:
        return None
    return run.caller.owner
