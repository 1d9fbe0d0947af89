"""Which run a subscription to an answer means when it comes again: a client that was cut off asks
anew by itself, and its retry must not start the agent a second time.

A request with the id of a run means that run, as long as its content is the same. `graphql-ws`
keeps the id of an operation over its retries, so that one serves, too. A request with neither is a
retry if it comes on another connection than the same one before, whose run is live in its thread or
has ended just now.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from time import time
from typing import NamedTuple
from uuid import UUID, uuid4

from agui_runtime.agents.run_input import dumped
from agui_runtime.core.errors import InvalidInput, ThreadNotFound
from agui_runtime.core.events import Caller, RunInfo, RunRequest
from agui_runtime.core.fingerprints import fingerprint
from agui_runtime.core.ids import fault_of
from agui_runtime.off_loop import is_much, unless_long
from agui_runtime.runtime.threads import Threads

RETRIED_WITHIN = 60.0
"""Seconds after the end of a run in which the same request, without an id, is a retry."""

UNIQUE = 16
"""So long is an id of an operation that no other one has; those that count from 1 are shorter."""


class Hints(NamedTuple):
    """What identifies a request beside its content: the ids of the run and of the operation, if
    the client gave such, and the runs that were begun on the same connection.
    """

    run_id: str
    operation_id: str
    begun: Collection[str]


async def identified(request: RunRequest, threads: Threads, hints: Hints) -> RunRequest:
    """The request with the ids of the thread and the run that it means.

    Side requests are in no thread, where nobody could find them again; they stay as they are.
    """
    if request.ephemeral:
        return request
    fingerprint = await unless_long(is_much(request.input, request.states), _fingerprint, request)
    history = _History(threads, request.context.caller, fingerprint, hints.begun)
    run_id = hints.run_id or _if_unique(hints.operation_id)
    thread_id = request.input.thread_id
    if run_id:
        thread_id = thread_id or history.derived(run_id)
        await history.check(thread_id, run_id)
    elif thread_id:
        run_id = await history.retried(thread_id) or str(uuid4())
    else:
        thread_id, run_id = await history.without_thread()
    run_input = request.input.model_copy(update={"thread_id": thread_id, "run_id": run_id})
    return replace(request, input=run_input, fingerprint=fingerprint)


class _History(NamedTuple):
    """What a caller's threads know of requests like this one."""

    threads: Threads
    caller: Caller
    fingerprint: str
    begun: Collection[str]

    async def check(self, thread_id: str, run_id: str) -> None:
        """Raises InvalidInput for the id of a run that is another one, or an earlier one."""
        runs = await self._runs(thread_id)
        same = [run for run in runs if run.run_id == run_id]
        if same and (same[-1] is not runs[-1] or same[-1].fingerprint != self.fingerprint):
            hint = "read it with runEvents, or give a new id"
            raise InvalidInput(f"runId: {run_id!r} is an earlier run, or another request's; {hint}")

    async def retried(self, thread_id: str) -> str | None:
        """The run of the thread that this request began, if it is a retry."""
        runs = await self._runs(thread_id)
        return runs[-1].run_id if runs and self._is_meant(runs[-1]) else None

    async def without_thread(self) -> tuple[str, str]:
        """The thread and the run. Each thread that such a request began has an id that follows from
        it and a number, so that whichever process gets a retry finds the latest one.
        """

        async def exists(number: int) -> bool:
            return await self.threads.find(self._numbered(number), self.caller, "start") is not None

        count = await _count(exists)
        latest = self._numbered(count - 1)
        retried = await self.retried(latest) if count else None
        return (latest, retried) if retried else (self._numbered(count), str(uuid4()))

    def derived(self, name: str) -> str:
        """A thread's id that no other caller shares: it is made of the owner's name, too."""
        return str(UUID(fingerprint([self.caller.owner, name])))

    def _numbered(self, number: int) -> str:
        return self.derived(f"{self.fingerprint}/{number}")

    async def _runs(self, thread_id: str) -> Sequence[RunInfo]:
        try:
            return await self.threads.runs(thread_id, self.caller, "start")
        except ThreadNotFound:  # it is new, or starting the run will tell
            return ()

    def _is_meant(self, run: RunInfo) -> bool:
        just_now = run.ended_at is None or run.ended_at + RETRIED_WITHIN > time()
        same = run.fingerprint == self.fingerprint and run.run_id not in self.begun
        return same and just_now


async def _count(exists: Callable[[int], Awaitable[bool]]) -> int:
    """How many there are of what is numbered from 0, in few questions."""
    low, high = 0, 1
    while await exists(high - 1):
        low, high = high, high * 2
    while low < high - 1:
        middle = (low + high) // 2
        if await exists(middle - 1):
            low = middle
        else:
            high = middle
    return low


def _fingerprint(request: RunRequest) -> str:
    ids = dict.fromkeys(("threadId", "runId"))
    return fingerprint([request.agent, request.states, dumped(request.input) | ids])


def _if_unique(operation_id: str) -> str:
    """The id as that of a run; clients may name operations by what cannot name runs."""
    if len(operation_id) < UNIQUE:
        return ""
    return str(UUID(fingerprint(operation_id))) if fault_of(operation_id) else operation_id
