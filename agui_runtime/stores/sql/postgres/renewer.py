"""How leases in PostgreSQL are renewed: all in one statement, over a connection of their own."""

from __future__ import annotations

from collections.abc import Sequence

from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.stores.shared.renewal import Answered, Tenure, elapsed
from agui_runtime.stores.sql.postgres.address import PostgresAddress
from agui_runtime.stores.sql.postgres.connections import Connection, PostgresTexts, connect
from agui_runtime.stores.sql.postgres.failures import OF_THE_SERVER, failure_of
from agui_runtime.stores.sql.renewals import reply_of

RENEW = (
    "update agui_thread as thread set until = {now} + cast(:seconds as double precision)"
    " from unnest(cast(:ids as text[]), cast(:tokens as bigint[])) as lease (id, token)"
    " where thread.id = lease.id and thread.token = lease.token"
    " returning thread.id, thread.token, thread.stop"
)


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
        connection = self._connection
        if not due or connection is None:
            return
        sent = elapsed()
        ids = [each.lease.run.thread_id for each in due]
        tokens = [each.lease.token for each in due]
        values = {"ids": ids, "tokens": tokens, "seconds": self._seconds}
        text, arguments = self._texts.bound(RENEW, values)
        try:
            rows = await connection.fetch(text, *arguments)
        except OF_THE_SERVER as error:
            await self.close()
            raise StoreUnavailable(failure_of(error).message) from error
        stops = {(row["id"], row["token"]): row["stop"] for row in rows}
        for tenure, lease in zip(due, zip(ids, tokens, strict=True), strict=True):
            answered(tenure, sent, reply_of(stops.get(lease)))
