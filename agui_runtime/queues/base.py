"""The seam of queues. Promises only; no behaviour.

A bell says that there is something to do in a queue, and nothing else: what there is stands in the
store. So bells may be lost, doubled, or heard by the wrong worker, and any queue fits any store.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

from agui_runtime.core.errors import StoreUnavailable

Look: TypeAlias = Callable[[], Awaitable[None]]
"""What a worker does at a bell. It takes long if the worker has no hand free."""


class QueueUnavailable(StoreUnavailable):
    """The server of the queue does not answer. Runs that are posted meanwhile are found by workers
    that look by themselves.
    """

    code = "QUEUE_UNAVAILABLE"


@runtime_checkable
class RunQueue(Protocol):
    """A doorbell with a button for each queue."""

    @property
    def where(self) -> str:
        """For whoever starts the server: what it is, and where; no password."""

    async def open(self) -> None:
        """Connect; raises QueueUnavailable."""

    async def ring(self, queue: str) -> None:
        """Have one worker of the queue look, soon; raises QueueUnavailable."""

    async def serve(self, queues: Sequence[str], look: Look) -> None:
        """Call `look` when it rings for one of these queues, until cancelled. It is not called
        again before it has returned; bells meanwhile are heard by other workers, or make one more
        call. Trouble with the server is logged, and overcome when it is back.
        """

    async def close(self) -> None:
        """Let go of connections and tasks; may be called twice."""
