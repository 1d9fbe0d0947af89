"""What agents load before their first run, beside everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from agui_runtime.agents.agent import Agent, Preparable
from agui_runtime.core.log_lines import logger_of

logger = logger_of(__name__)


class Preparation:
    """A task of its own, which nothing waits for: an agent that is not prepared when its first run
    begins loads what it needs then.
    """

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def begin(self, agents: Mapping[str, Agent]) -> None:
        """Prepare those of the agents that have something to prepare."""
        preparable = {name: it for name, it in agents.items() if isinstance(it, Preparable)}
        self._task = asyncio.create_task(_prepare(preparable))

    async def end(self) -> None:
        """Give up what is not prepared yet."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _prepare(agents: Mapping[str, Preparable]) -> None:
    for name, agent in agents.items():
        try:
            await agent.prepare()
        except Exception as error:  # noqa: BLE001  # user code: its first run fails, and not others
            logger.warning("agent %r is not prepared for its first run: %r", name, error)
