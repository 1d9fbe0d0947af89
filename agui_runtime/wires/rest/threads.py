"""A thread's events as they come, and what they add up to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping

from agui_runtime.core.errors import InvalidInput
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.runtime.threads import Threads
from agui_runtime.stores.base import Batch
from agui_runtime.wires.rest.exchange import RestExchange
from agui_runtime.wires.rest.options import RestOptions
from agui_runtime.wires.shared.cursors import cursor_in, within
from agui_runtime.wires.shared.encoded_batches import EncodedBatches
from agui_runtime.wires.shared.event_stream_frames import EVENT_STREAM, current, frames
from agui_runtime.wires.shared.figures import shown_runs
from agui_runtime.wires.shared.folded_threads import folded_thread
from agui_runtime.wires.shared.message_pages import page_of
from agui_runtime.wires.shared.page_sizes import page_size


class ThreadRoutes:
    """The handlers below `/threads`. A thread that does not exist yet is not found."""

    def __init__(self, runtime: CopilotRuntime, options: RestOptions) -> None:
        self._runtime = runtime
        self._keep_alive = options.keep_alive

    async def events(self, exchange: RestExchange, thread: str) -> None:
        """All after a cursor, in frames whose ids are cursors: `until` the end of what there is,
        or of the run that is live, or for ever.
        """
        until = exchange.query.get("until") or "end"
        if until not in _UNTIL:
            raise InvalidInput(f"until: {' or '.join(_UNTIL)}")
        after = cursor_in("Last-Event-ID", exchange.headers.get("last-event-id"))
        after = after or cursor_in("after", exchange.query.get("after"))
        end = await self._runtime.threads.end(thread, exchange.caller)
        if after is not None:
            within(after, end)
        if exchange.method == "HEAD":
            await exchange.reply(200, EVENT_STREAM.headers, b"")
            return
        batches = _UNTIL[until](self._runtime.threads, thread, exchange.caller, after)
        # With nothing to tell, a stream that lasts begins all the same.
        opening = b"" if until == "live" and after == end else None
        ready = EncodedBatches(batches, frames, current, opening=opening)
        await exchange.stream(ready.write_to, self._keep_alive)

    async def history(self, exchange: RestExchange, thread: str) -> None:
        """`limit` messages `before` one of them, and all else that the thread adds up to; the
        cursor is that of the events that follow.
        """
        threads, caller = self._runtime.threads, exchange.caller
        limit, before = page_size(exchange.query.get("limit")), exchange.query.get("before")
        known, end = await threads.get(thread, caller), await threads.end(thread, caller)
        folded = await folded_thread(threads, thread, caller, end)
        live = await self._runtime.store.log.active(thread)
        edit = None if live else await threads.edit(known, caller)
        await exchange.answer_much(
            {
                "threadId": thread,
                **page_of(folded, limit, before),
                "state": (edit.state if edit else folded.state) or None,
                "runs": shown_runs(await threads.runs(thread, caller)),
                "cursor": str(end),
                "droppedRecords": await threads.dropped(thread, caller),
            }
        )


_UNTIL: Mapping[str, Callable[..., AsyncGenerator[Batch, None]]] = {
    "end": Threads.connect,
    "live": Threads.follow,
}
"""How far a reader goes."""
