"""How leases in a SQLite file are renewed: all in one step of the thread that writes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from agui_runtime.stores.shared.renewal import Answered, Tenure, elapsed
from agui_runtime.stores.sql import writes
from agui_runtime.stores.sql.renewals import reply_of
from agui_runtime.stores.sql.sqlite.worker import Worker


class SqliteRenewer:
    """`Renewer` for so many seconds, over the connection that writes."""

    def __init__(self, writer: Worker, seconds: float) -> None:
        self._writer = writer
        self._seconds = seconds

    async def open(self) -> None:
        """It is there."""

    async def close(self) -> None:
        """Others use it, too."""

    async def renew(self, due: Sequence[Tenure], answered: Answered) -> None:
        if not due:
            return
        sent = elapsed()
        leases = [(each.lease.run.thread_id, each.lease.token) for each in due]
        step = partial(writes.renew, leases, self._seconds)
        replies = await asyncio.wrap_future(self._writer.ask_aside(step))
        for tenure, stop in zip(due, replies, strict=True):
            answered(tenure, sent, reply_of(stop))
