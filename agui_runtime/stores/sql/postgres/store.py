"""The store that `postgresql://...` names."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from agui_runtime.stores.sql.limits import SqlLimits
from agui_runtime.stores.sql.options import limits_from
from agui_runtime.stores.sql.postgres.address import address_of
from agui_runtime.stores.sql.postgres.administration import PostgresAdministration
from agui_runtime.stores.sql.postgres.backend import PostgresBackend
from agui_runtime.stores.sql.retention import Retention
from agui_runtime.stores.sql.store import SqlStore


class PostgresStore(SqlStore):
    """A `Store` for any number of processes over one PostgreSQL database.

    `url` is `postgresql://user:password@host:port/database`, with libpq's options about TLS. Of its
    own: `listen`, the URL of the server itself where a connection pooler is between; `prepared=no`
    where that forgets prepared statements; `keep_days` and `keep_runs` (of a thread) say what is
    forgotten. Tables are made by `agui-runtime db upgrade`. Leases go by the server's clock unless
    a `clock` is given.
    """

    def __init__(
        self,
        url: str,
        limits: SqlLimits | None = None,
        *,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.address = address_of(url)
        limits = limits_from(self.address.options, limits or SqlLimits())
        self.administration = PostgresAdministration(self.address)
        self._server = PostgresBackend(self.address, limits.patience, clock)
        super().__init__(self._server, Retention(limits, clock or time.time))

    @property
    def where(self) -> str:
        return self.address.where

    async def advice(self) -> Sequence[str]:
        return await self._server.advice()

    def examine(self) -> None:
        asyncio.run(self._server.examine())

    def upgrade(self) -> None:
        asyncio.run(self.administration.upgrade())
