"""After a run: what its user said is looked at, once the thread has been quiet for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import AguiError
from agui_runtime.core.events import ANONYMOUS
from agui_runtime.core.log_lines import logger_of
from agui_runtime.hooks.hook import Hook, RunReport
from agui_runtime.memories.entries import Proposal
from agui_runtime.memories.extractors.base import Conversation, Utterance
from agui_runtime.memories.memory import Memory

logger = logger_of(__name__)


class Learning(Hook):
    """Of one process: what was not looked at yet when it dies is not remembered."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._unread: dict[tuple[str, str], list[Utterance]] = {}
        self._timers: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def after_run(self, report: RunReport) -> None:
        owner = report.run.owner
        if report.context.ephemeral or (owner == ANONYMOUS.owner and not self._memory.anonymous):
            return
        utterances = _own(report.run.run_id, report.request)
        if not utterances:
            return
        key = owner, report.run.thread_id
        self._unread.setdefault(key, []).extend(utterances)
        if key in self._timers:
            self._timers[key].cancel()
        self._timers[key] = asyncio.get_running_loop().call_later(
            self._memory.quiet, self._begin, key
        )

    async def finish(self) -> None:
        """Look at what is there now, without waiting for quiet."""
        for key, timer in list(self._timers.items()):
            timer.cancel()
            self._begin(key)
        if self._tasks:
            await asyncio.wait(list(self._tasks))

    def _begin(self, key: tuple[str, str]) -> None:
        del self._timers[key]
        task = asyncio.create_task(self._learn(*key, self._unread.pop(key)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _learn(self, owner: str, thread_id: str, utterances: Sequence[Utterance]) -> None:
        try:
            found = await self._memory.extractor.proposals(Conversation(thread_id, utterances))
        except Exception:  # user code: an extractor, which may raise anything
            logger.exception("memory: the extractor failed")
            return
        for proposal in found:
            await self._remember(owner, proposal)

    async def _remember(self, owner: str, proposal: Proposal) -> None:
        """One by one: what may not be remembered costs itself alone."""
        try:
            await self._memory.remember(owner, [proposal])
        except AguiError as error:
            logger.warning("memory: something was not remembered: %s", error)


def _own(run_id: str, request: RunAgentInput) -> list[Utterance]:
    """What the user said to begin this run: the messages behind all others."""
    found: list[Utterance] = []
    for message in reversed(request.messages):
        if message.role != "user":
            break
        content = message.content
        parts = (
            [content]
            if isinstance(content, str)
            else [part.text for part in content if part.type == "text"]
        )
        found.append(Utterance(run_id, message.id, "\n".join(parts)))
    return found[::-1]
