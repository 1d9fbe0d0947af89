"""An event loop beside the terminal's thread, and Ctrl-C while something is awaited there."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import aclosing, contextmanager
from types import FrameType
from typing import TypeVar

from agui_runtime.core.events import Event

T = TypeVar("T")


class LoopThread:
    """Runs coroutines in a loop that goes on between them, for leases and connections; a terminal
    may wait for its user meanwhile.
    """

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self) -> LoopThread:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.run(self.loop.shutdown_asyncgens())
        self.run(self.loop.shutdown_default_executor())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def run(self, work: Coroutine[object, object, T]) -> T:
        """The result of the coroutine, or what it raises."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()


class Turn:
    """A stream that is followed to its end. The first interrupt has `stop` called, which ends it in
    its time if it says True; the second one waits no longer.
    """

    def __init__(self, stop: Callable[[], Coroutine[object, object, bool]]) -> None:
        self._stop = stop
        self._task: asyncio.Task[object] | None = None
        self._stopping: asyncio.Task[None] | None = None
        self.interrupts = 0

    async def follow(
        self, events: AsyncGenerator[Event, None], feed: Callable[[Event], None]
    ) -> None:
        """Feed each event; returns early after the second interrupt."""
        self._task = asyncio.current_task()
        try:
            async with aclosing(events):
                async for event in events:
                    feed(event)
        except asyncio.CancelledError:
            if not self.interrupts:
                raise
        finally:
            self._task = None
            if self._stopping is not None:
                await asyncio.wait([self._stopping])

    def interrupt(self) -> None:
        """To be called in the loop."""
        self.interrupts += 1
        if self.interrupts == 1:
            self._stopping = asyncio.get_running_loop().create_task(self._stopped())
        else:
            self._leave()

    async def _stopped(self) -> None:
        try:
            is_stopped = await self._stop()
        except Exception:  # noqa: BLE001  # a wire's edge: it cannot be reached to be stopped
            is_stopped = False
        if not is_stopped:
            self._leave()

    def _leave(self) -> None:
        if self._stopping is not None and self.interrupts > 1:
            self._stopping.cancel()
        if self._task is not None:
            self._task.cancel()


@contextmanager
def interrupting(thread: LoopThread, turn: Turn) -> Iterator[None]:
    """While the block runs, Ctrl-C interrupts the turn and nothing else."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        thread.loop.call_soon_threadsafe(turn.interrupt)

    before = signal.signal(signal.SIGINT, on_signal)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
