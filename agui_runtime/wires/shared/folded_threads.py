"""What a caller's thread adds up to."""

from __future__ import annotations

from collections.abc import Sequence

from agui_runtime.core.events import Caller, Cursor, Event
from agui_runtime.core.fold import Fold, fold
from agui_runtime.off_loop import LONG_LIST, is_much, unless_long
from agui_runtime.runtime.threads import Threads


async def folded_thread(
    threads: Threads, thread_id: str, caller: Caller, upto: Cursor | None = None
) -> Fold:
    """Up to the cursor, or all that there is now; raises ThreadNotFound, Forbidden and Gone."""
    records = await threads.read(thread_id, caller, upto)
    events: Sequence[Event] = [each.event for each in records]
    return await unless_long(len(events) > LONG_LIST or is_much(events), fold, events)
