"""What the agents do that the SDK of A2A serves, in either of its generations: the user's words
say which scene it is.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.tasks import TaskUpdater


class Scenes(AgentExecutor):
    """`part` and `message` make those of a text, `task` the one that a message begins. A task that
    is held goes on when `followed` is set.
    """

    def __init__(self, part: Callable[[str], Any], message: Any, task: Any) -> None:
        self.followed = asyncio.Event()
        self._part = part
        self._message = message
        self._task = task
        self._cancelled = 0

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        words = context.get_user_input()
        if words == "how many were cancelled?":
            await event_queue.enqueue_event(self._message(str(self._cancelled)))
            return
        task = context.current_task or self._task(context.message)
        if context.current_task is None:
            await event_queue.enqueue_event(task)
        updates = TaskUpdater(event_queue, task.id, task.context_id)
        await updates.start_work(self._message("Processing request..."))
        if words == "ask me":
            await updates.requires_input(self._message("Which city?"))
        elif words == "break":
            await updates.failed(self._message("the far side fell over"))
        else:
            await self._answer(updates, words)

    async def _answer(self, updates: TaskUpdater, words: str) -> None:
        parts = [self._part("Hello, ")]
        await updates.add_artifact(parts, artifact_id="answer", last_chunk=False)
        if words == "hold":
            await self.followed.wait()
        # With two who read a task, the SDK of 0.3 files twice what is appended.
        name, appended = ("rest", False) if words == "hold" else ("answer", True)
        rest = [self._part(words)]
        await updates.add_artifact(rest, artifact_id=name, append=appended, last_chunk=True)
        await updates.complete()

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        self._cancelled += 1
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()
