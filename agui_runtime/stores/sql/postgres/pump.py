"""Appends of all runs of a process, those that wait in one statement with one notification."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeAlias

import asyncpg

from agui_runtime.core.errors import AguiError, StoreFailed
from agui_runtime.stores.shared.patience import SharedPatience
from agui_runtime.stores.shared.verdicts import Settle, Verdict
from agui_runtime.stores.sql import writes
from agui_runtime.stores.sql.postgres.connections import (
    Connection,
    PostgresTexts,
    carry_out,
    patiently,
)
from agui_runtime.stores.sql.postgres.news import CHANNEL, changed
from agui_runtime.stores.sql.step import Addition

MOST = 512
"""So many appends go into one statement at most."""

CROWD, PAUSE = 8, 0.005
"""After a statement with so many appends the next one waits for so many seconds, and others only
until whoever wrote has had a turn: what gathers meanwhile goes with it. A statement, and the row of
an append, cost much more than the events in it.
"""

APPEND = (
    "with given as (select * from unnest(cast(:ids as text[]), cast(:tokens as bigint[]),"
    " cast(:expected as bigint[]), cast(:counts as bigint[]), cast(:runs as text[]),"
    " cast(:events as bytea[])) as given (id, token, expected, count, run_id, events)),"
    " moved as (update agui_thread as thread set seq = thread.seq + given.count,"
    " size = thread.size + length(given.events), spent = thread.spent + length(given.events)"
    " from given where thread.id = given.id and thread.token = given.token"
    " and thread.seq = given.expected"
    " returning thread.id, given.expected, thread.size, thread.spent),"
    " stored as (insert into agui_chunk (thread_id, last, first, run_id, written, bytes, events)"
    " select given.id, given.expected + given.count, given.expected + 1, given.run_id, {now},"
    " length(given.events), given.events from given join moved on moved.id = given.id"
    " and moved.expected = given.expected)"
    " select id, expected, size, spent,"
    " (select pg_notify(:channel, :news)) is null as notified from moved"
)

Waiting: TypeAlias = tuple[Addition, Settle]


class Pump:
    """Stores appends in the order of asking, over a connection that it opens when it needs one.

    A statement whose fate is unknown is repeated: what was stored before is found to be.
    """

    def __init__(
        self,
        dial: Callable[[], Awaitable[Connection]],
        texts: PostgresTexts,
        patience: SharedPatience,
    ) -> None:
        self.on_commit: Callable[[int], None] | None = None
        self._dial = dial
        self._texts = texts
        self._patience = patience
        self._waiting: list[Waiting] = []
        self._connection: Connection | None = None
        self._pumping: asyncio.Task[None] | None = None

    def append(self, addition: Addition, settle: Settle) -> None:
        self._waiting.append((addition, settle))
        if self._pumping is None or self._pumping.done():
            self._pumping = asyncio.create_task(self._pump())

    async def close(self) -> None:
        """Return when all that was asked for is stored."""
        if self._pumping is not None:
            await asyncio.wait([self._pumping])
        await self._hang_up()

    async def _pump(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            await self._store(batch)
            await asyncio.sleep(PAUSE if len(batch) >= CROWD else 0)

    async def _store(self, batch: Sequence[Waiting]) -> None:
        try:
            verdicts = await patiently(partial(self._attempt, batch), self._patience)
        except Exception as error:  # noqa: BLE001  # a foreign SDK: nobody may wait for ever
            await self._fail(batch, error)
            return
        if self.on_commit is not None:
            self.on_commit(len(batch))
        for (_, settle), verdict in zip(batch, verdicts, strict=True):
            settle(verdict)

    async def _fail(self, batch: Sequence[Waiting], error: Exception) -> None:
        """Only what is at fault fails, where the server says that one of them is."""
        of_one = isinstance(error, StoreFailed) or not isinstance(error, AguiError)
        if of_one and len(batch) > 1:
            for each in batch:
                await self._store([each])
            return
        for _, settle in batch:
            settle(error)

    async def _attempt(self, batch: Sequence[Waiting]) -> list[Verdict]:
        try:
            connection = await self._connected()
            found = await connection.fetch(*self._bound([each for each, _ in batch]))
            rows = {(row["id"], row["expected"]): row for row in found}
            return [
                await self._verdict(connection, each, rows.get((each.thread_id, each.expected)))
                for each, _ in batch
            ]
        except BaseException:
            await self._hang_up()
            raise

    async def _verdict(
        self, connection: Connection, addition: Addition, row: asyncpg.Record | None
    ) -> Verdict:
        if row is None:
            step = partial(writes.append, addition)
        elif writes.is_within(addition, row):
            return "ok"
        else:
            step = partial(writes.make_room, addition, row)
        async with connection.transaction():
            return await carry_out(connection, step(), self._texts)

    def _bound(self, additions: Sequence[Addition]) -> tuple[object, ...]:
        text, arguments = self._texts.bound(
            APPEND,
            {
                "ids": [each.thread_id for each in additions],
                "tokens": [each.token for each in additions],
                "expected": [each.expected for each in additions],
                "counts": [each.records for each in additions],
                "runs": [each.run_id for each in additions],
                "events": [each.events for each in additions],
                "channel": CHANNEL,
                "news": changed([each.thread_id for each in additions]),
            },
        )
        return (text, *arguments)

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._dial()
        return self._connection

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
