"""How leases in PostgreSQL are renewed: all in one statement, over a connection of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.stores.shared.renewal import Answered, Tenure, elapsed
from agui_runtime.stores.sql.postgres.address import PostgresAddress
from agui_runtime.stores.sql.postgres.connections import Connection, PostgresTexts, connect
from agui_runtime.stores.sql.postgres.failures import OF_THE_SERVER, failure_of
from agui_runtime.stores.sql.renewals import reply_of

RENEW = (
    "with lease as (select * from unnest(cast(:ids as text[]), cast(:tokens as bigint[]))"
    " as lease (id, token)),"
    " free as (select thread.id from agui_thread as thread join lease"
    " on thread.id = lease.id and thread.token = lease.token for update of thread skip locked),"
    " renewed as (update agui_thread as thread"
    " set until = {now} + cast(:seconds as double precision)"
    " from free where thread.id = free.id returning thread.id)"
    " select thread.id, thread.token, thread.stop, renewed.id is not null as renewed"
    " from agui_thread as thread join lease"
    " on thread.id = lease.id and thread.token = lease.token"
    " left join renewed on renewed.id = thread.id"
)
"""It waits for no thread that is being written. It would have those locked that it has come to,
and a statement that writes many threads has others: each might wait for the other.
"""

TRIES = 5
"""What is being written each time waits for the next renewal."""

PAUSE = 0.01


class PostgresRenewer:
    """`Renewer` for so many seconds."""

    def __init__(self, address: PostgresAddress, texts: PostgresTexts, seconds: float) -> None:
        self._address = address
        self._texts = texts
        self._seconds = seconds
        self._connection: Connection | None = None

    async def open(self) -> None:
        if self._connection is not None and not self._connection.is_closed():
            return
        try:
            self._connection = await connect(self._address, seconds=self._seconds / 3)
        except OF_THE_SERVER as error:
            raise StoreUnavailable(failure_of(error).message) from error

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def renew(self, due: Sequence[Tenure], answered: Answered) -> None:
        connection, rest = self._connection, due
        for _ in range(TRIES):
            if not rest or connection is None:
                return
            try:
                rest = await self._renewed(connection, rest, answered)
            except OF_THE_SERVER as error:
                await self.close()
                raise StoreUnavailable(failure_of(error).message) from error
            if rest:
                await asyncio.sleep(PAUSE)

    async def _renewed(
        self, connection: Connection, due: Sequence[Tenure], answered: Answered
    ) -> Sequence[Tenure]:
        """Renew what nobody writes at the moment; the others."""
        sent = elapsed()
        leases = [(each.lease.run.thread_id, each.lease.token) for each in due]
        ids, tokens = ([each[place] for each in leases] for place in (0, 1))
        values = {"ids": ids, "tokens": tokens, "seconds": self._seconds}
        text, arguments = self._texts.bound(RENEW, values)
        found = await connection.fetch(text, *arguments)
        rows = {(row["id"], row["token"]): row for row in found}
        rest = []
        for tenure, lease in zip(due, leases, strict=True):
            row = rows.get(lease)
            if row is not None and not row["renewed"]:
                rest.append(tenure)
            else:
                answered(tenure, sent, reply_of(row and row["stop"]))
        return rest
