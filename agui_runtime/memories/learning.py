"""As runs begin: what their users said is noted, to be looked at when the thread is quiet."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import AguiError
from agui_runtime.core.events import ANONYMOUS, RunContext, RunInfo
from agui_runtime.core.ids import fault_of
from agui_runtime.core.log_lines import logger_of
from agui_runtime.hooks.hook import Hook
from agui_runtime.memories.backlog import MOST, UserMessage
from agui_runtime.memories.memory import Memory
from agui_runtime.stores.shared.outage import Outage

logger = logger_of(__name__)


class Learning(Hook):
    """It has what is noted outlive this process, and holds up no run."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._tasks: set[asyncio.Task[None]] = set()
        self._outage = Outage(logger)

    async def before_run(self, run: RunInfo, request: RunAgentInput, context: RunContext) -> None:
        if context.ephemeral or (run.owner == ANONYMOUS.owner and not self._memory.anonymous):
            return
        messages = _new_messages(run, request)
        if messages:
            task = asyncio.create_task(self._note(run, messages))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Return when all is noted."""
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _note(self, run: RunInfo, messages: Sequence[UserMessage]) -> None:
        memory = self._memory
        try:
            await memory.backlog.add(run.owner, run.thread_id, messages, memory.quiet)
        except AguiError as error:
            self._outage.warn(f"memory: nothing will be learned of run {run.run_id}", error)
        except Exception as error:  # noqa: BLE001  # a foreign SDK: the store's client
            self._outage.warn(f"memory: nothing will be learned of run {run.run_id}", repr(error))


def _new_messages(run: RunInfo, request: RunAgentInput) -> Sequence[UserMessage]:
    """What the user said to begin this run: the messages behind all others, the latest of them, and
    those only whose ids can be stored.
    """
    found: list[UserMessage] = []
    for message in reversed(request.messages):
        if message.role != "user" or len(found) == MOST:
            break
        if fault_of(message.id) is None:
            found.append(UserMessage(run.agent, run.run_id, message.id))
    return found[::-1]
