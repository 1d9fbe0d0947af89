"""What agents and wires load before they are first used, beside everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from agui_runtime.agents.agent import Preparable
from agui_runtime.core.log_lines import logger_of

logger = logger_of(__name__)


class Preparation:
    """A task of its own, which nothing waits for: an agent that is not prepared when its first run
    begins loads what it needs then, and a wire at its first request. `warning` is what the log says
    of one that cannot, given its name and the error.
    """

    def __init__(self, warning: str) -> None:
        self._warning = warning
        self._task: asyncio.Task[None] | None = None

    def begin(self, users: Mapping[str, object]) -> None:
        """Prepare those of them that have something to prepare."""
        preparable = {name: it for name, it in users.items() if isinstance(it, Preparable)}
        self._task = asyncio.create_task(self._prepare(preparable))

    async def end(self) -> None:
        """Give up what is not prepared yet."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _prepare(self, users: Mapping[str, Preparable]) -> None:
        for name, user in users.items():
            try:
                await user.prepare()
            except Exception as error:  # noqa: BLE001  # user code: its first use fails, and no other
                logger.warning(self._warning, name, error)
