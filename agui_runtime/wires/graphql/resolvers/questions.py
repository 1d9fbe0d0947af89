"""The questions that the runs of a thread began with, out of its log."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing

from agui_runtime.core.run_lists import question_in
from agui_runtime.wires.graphql.answer.context import GraphQLExecutionContext

BREATH = 256
"""After so many records of a long log, others get their turn."""


class Questions:
    """Of all runs of one thread; the log is read once, when the first of them is wanted."""

    def __init__(self, thread_id: str, context: GraphQLExecutionContext) -> None:
        self._thread_id = thread_id
        self._context = context
        self._reading = asyncio.Lock()
        self._known: Mapping[str, str] | None = None

    async def of(self, run_id: str) -> str | None:
        """The question of the run; None if it began with none."""
        async with self._reading:
            if self._known is None:
                self._known = await self._read()
        return self._known.get(run_id)

    async def _read(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        threads, caller = self._context.runtime.threads, self._context.caller
        async with aclosing(threads.so_far(self._thread_id, caller)) as batches:
            async for batch in batches:
                for count, record in enumerate(batch.records, 1):
                    if count % BREATH == 0:
                        await asyncio.sleep(0)
                    if question := question_in(record.event):
                        found[record.run_id] = question
        return found
