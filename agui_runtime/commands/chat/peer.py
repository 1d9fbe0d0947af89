"""Whom a chat talks to: the seam between the terminal and agents here or elsewhere."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event


class Peer(Protocol):
    """One agent, and the threads that may be shown of it. Streams are to be closed (`aclosing`)."""

    @property
    def where(self) -> str:
        """Who answers, for whoever sits at the terminal."""

    @property
    def cause(self) -> str:
        """Where to look for what an agent's failure does not say."""

    async def open(self) -> None:
        """Connect, and find the agent; raises AguiError, AgentNotFound among them."""

    async def live(self, thread_id: str) -> str | None:
        """The run of the thread that is live now, as far as that can be known."""

    def history(self, thread_id: str) -> AsyncGenerator[Event, None]:
        """The thread so far and a live run to its end; nothing of a thread that is new."""

    def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        """Start a run and follow it to its terminal event."""

    async def stop(self, thread_id: str) -> bool:
        """Ask the live run to stop; False where nobody could be asked."""

    async def close(self) -> None:
        """Let go of all that is open; runs that this process carries out end."""
