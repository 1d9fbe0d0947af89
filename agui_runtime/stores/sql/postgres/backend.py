"""The PostgreSQL dialect of the seam: a pump for appends, and pools for all other steps."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias, TypeVar

import asyncpg

from agui_runtime.core.errors import AguiError, Misconfigured, StoreNotOpen, StoreUnavailable
from agui_runtime.stores.shared.clocks import clock_advice
from agui_runtime.stores.shared.patience import SharedPatience
from agui_runtime.stores.shared.renewal import Renewer
from agui_runtime.stores.shared.verdicts import Settle
from agui_runtime.stores.sql.backend import Listener
from agui_runtime.stores.sql.news import deliver
from agui_runtime.stores.sql.postgres.address import PostgresAddress
from agui_runtime.stores.sql.postgres.connections import (
    PLACE,
    TIMEOUT,
    Connection,
    PostgresTexts,
    carry_out,
    connect,
    patiently,
    transaction,
)
from agui_runtime.stores.sql.postgres.failures import OF_THE_SERVER, failure_of
from agui_runtime.stores.sql.postgres.news import PostgresSubscriber, changed, notification, stop
from agui_runtime.stores.sql.postgres.pump import Pump
from agui_runtime.stores.sql.postgres.renewer import PostgresRenewer
from agui_runtime.stores.sql.schema import NUMBER, SCHEMA, check_not_newer
from agui_runtime.stores.sql.step import Addition, Step

logger = logging.getLogger(__name__)

T = TypeVar("T")

CONNECTIONS = 4
"""At most so many for writes, and for reads."""

POOLED = (
    "there is a connection pooler before the store's server, which forgets prepared statements: add"
    " prepared=no to the URL, and listen=postgresql://... of the server itself"
)

RISKY = {
    "synchronous_commit": "PostgreSQL acknowledges what is not on its disk yet, and may lose the"
    " latest answers: set synchronous_commit = on, for the role or the database",
    "fsync": "PostgreSQL does not wait for its disk, and a power cut may destroy all of it: set"
    " fsync = on",
    "full_page_writes": "PostgreSQL may be left with torn pages by a power cut: set"
    " full_page_writes = on",
}
"""Settings that are on where answers are to last, with what it means that one is off."""

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


class PostgresBackend:
    """A database, for any number of processes."""

    def __init__(
        self, address: PostgresAddress, patience: float, clock: Callable[[], float] | None
    ) -> None:
        self._address = address
        self._patience = patience
        self._writing, self._reading = SharedPatience(patience), SharedPatience(patience)
        self._texts = PostgresTexts(clock)
        self._pools: dict[str, Pool] = {}
        self._pump = Pump(partial(connect, address), self._texts, self._writing)
        self._subscriber = PostgresSubscriber(partial(connect, address, address.listen), self._send)
        self._carrying: set[asyncio.Task[Any]] = set()

    async def open(self, listener: Listener) -> None:
        await patiently(self._examine, SharedPatience(self._patience))
        for name in ("write", "read"):
            self._pools[name] = await asyncpg.create_pool(
                self._address.dsn,
                min_size=0,
                max_size=CONNECTIONS,
                command_timeout=TIMEOUT,
                timeout=TIMEOUT,
                statement_cache_size=100 if self._address.prepared else 0,
                server_settings={"application_name": "agui-runtime", **self._planning()},
                reset=_nothing_to_reset,
            )
        receive = partial(deliver, listener=listener)
        await self._subscriber.start(receive, listener.on_anything)

    async def close(self) -> None:
        await self._subscriber.close()
        if self._carrying:
            await asyncio.wait(list(self._carrying))
        await self._pump.close()
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.terminate()

    async def check(self) -> None:
        try:
            async with asyncio.timeout(2.0), self._pool("read").acquire() as connection:
                await connection.fetchval("select 1")
        except OF_THE_SERVER as error:
            raise StoreUnavailable("the store cannot be reached; try again later") from error

    def watch_commits(self, note: Callable[[int], None]) -> None:
        self._pump.on_commit = note

    def write(self, step: Callable[[], Step[T]], news: str | None = None) -> asyncio.Future[T]:
        return self._whole(patiently(partial(self._write, step, news), self._writing))

    write_urgently = write

    def read(self, step: Callable[[], Step[T]]) -> asyncio.Future[T]:
        return self._whole(patiently(partial(self._read, step), self._reading))

    def change(self, step: Callable[[], Step[T]]) -> asyncio.Future[T]:
        return self._whole(patiently(partial(self._alone, step, "write"), self._writing))

    def look(self, step: Callable[[], Step[T]]) -> asyncio.Future[T]:
        return self._whole(patiently(partial(self._alone, step, "read"), self._reading))

    def append(self, addition: Addition, settle: Settle) -> None:
        self._pump.append(addition, settle)

    def renewer(self, seconds: float) -> Renewer:
        return PostgresRenewer(self._address, self._texts, seconds)

    def send_stop(self, thread_id: str, token: int) -> None:
        sending = partial(self._send, stop(thread_id, token))
        self._whole(patiently(sending, self._writing)).add_done_callback(_ignored)

    async def examine(self) -> None:
        """Look at the server once; raises Misconfigured and StoreUnavailable."""
        try:
            await self._examine()
        except OF_THE_SERVER as error:
            raise failure_of(error, logging.INFO) from error

    async def advice(self) -> list[str]:
        """What in the server's set-up may lose or slow something; raises StoreUnavailable."""
        try:
            async with self._pool("read").acquire() as connection:
                settings = {each: await connection.fetchval(f"show {each}") for each in RISKY}
                clock = await connection.fetchval("select extract(epoch from clock_timestamp())")
        except OF_THE_SERVER as error:
            raise failure_of(error, logging.INFO) from error
        found = [says for each, says in RISKY.items() if settings[each] == "off"]
        sentence = clock_advice(float(clock))
        return [*found, sentence] if sentence else found

    async def _examine(self) -> None:
        connection = await connect(replace(self._address, prepared=False))
        try:
            if self._address.prepared and await _is_pooled(connection):
                raise Misconfigured(POOLED)
            number = await _number_at(connection)
            check_not_newer(number)
            if number < SCHEMA:
                raise Misconfigured(
                    f"SCHEMA_OUTDATED: the database has schema {number} of {SCHEMA}; run"
                    " `agui-runtime db upgrade`, or set AGUI_DB_UPGRADE=1 to do so at the start"
                )
            if await connection.fetchval("show transaction_read_only") == "on":
                raise asyncpg.ReadOnlySQLTransactionError("the server is read-only")
            self._texts.place = await _place_at(connection)
        finally:
            connection.terminate()

    async def _write(self, step: Callable[[], Step[T]], news: str | None) -> T:
        sending = "" if news is None else notification(changed([news]))
        async with (
            self._pool("write").acquire() as connection,
            transaction(connection, ends_with=sending),
        ):
            return await carry_out(connection, step(), self._texts)

    async def _read(self, step: Callable[[], Step[T]]) -> T:
        async with (
            self._pool("read").acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            return await carry_out(connection, step(), self._texts)

    async def _alone(self, step: Callable[[], Step[T]], pool: str) -> T:
        """One statement is a transaction anyway."""
        async with self._pool(pool).acquire() as connection:
            return await carry_out(connection, step(), self._texts)

    async def _send(self, news: str) -> None:
        async with self._pool("write").acquire() as connection:
            await connection.execute(notification(news))

    def _planning(self) -> dict[str, str]:
        """Without statistics, as on new tables, the server would sort all of an owner's threads for
        one page, and not go along the index. A pooler takes no such setting.
        """
        return {"enable_bitmapscan": "off"} if self._address.prepared else {}

    def _pool(self, name: str) -> Pool:
        pool = self._pools.get(name)
        if pool is None:
            raise StoreNotOpen
        return pool

    def _whole(self, work: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
        """What comes of the work, which is carried out whoever waits for it."""
        task = asyncio.create_task(work)
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)
        return asyncio.shield(task)


async def number_of(address: PostgresAddress) -> int:
    """The number of the database's schema, 0 without one; raises StoreUnavailable and
    Misconfigured.
    """
    try:
        connection = await connect(address)
    except OF_THE_SERVER as error:
        raise failure_of(error, logging.INFO) from error
    try:
        return await _number_at(connection)
    finally:
        connection.terminate()


async def _number_at(connection: Connection) -> int:
    if await connection.fetchval("select to_regclass('agui_version')") is None:
        return 0
    return int(await connection.fetchval(NUMBER) or 0)


async def _is_pooled(connection: Connection) -> bool:
    """Whether another process answers than the one that the connection was made to."""
    process = await connection.fetchval("select pg_backend_pid()")
    return bool(process != connection.get_server_pid())


async def _place_at(connection: Connection) -> str:
    """The expression that names the database; the same for all where that is not allowed."""
    try:
        await connection.fetchval(f"select {PLACE}")
    except asyncpg.InsufficientPrivilegeError as error:
        logger.warning("PostgreSQL: a backup that was put back is not noticed: %s", error)
        return "''"
    return PLACE


async def _nothing_to_reset(connection: Connection) -> None:
    """Connections of a pool are all used alike."""


def _ignored(future: asyncio.Future[None]) -> None:
    """A stop that nobody is told of is found with the next renewal."""
    if not future.cancelled() and isinstance(error := future.exception(), AguiError):
        logger.warning("PostgreSQL: a stop was not sent: %s", error)
