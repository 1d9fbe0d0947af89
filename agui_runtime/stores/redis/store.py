"""The Redis store: puts its parts together and opens and closes them."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from agui_runtime.stores.redis.advice import advice_of
from agui_runtime.stores.redis.answers import RedisAnswers
from agui_runtime.stores.redis.counters import RedisCounters
from agui_runtime.stores.redis.index import Index
from agui_runtime.stores.redis.jobs import RedisJobs
from agui_runtime.stores.redis.limits import RedisLimits
from agui_runtime.stores.redis.log import RedisRunLog
from agui_runtime.stores.redis.parts import RedisParts
from agui_runtime.stores.redis.pipe import cancelled
from agui_runtime.stores.redis.places import RedisPlaces
from agui_runtime.stores.redis.queues import Queues
from agui_runtime.stores.redis.renewer import RedisRenewer
from agui_runtime.stores.redis.rights import check_rights
from agui_runtime.stores.redis.schedules import RedisSchedules
from agui_runtime.stores.redis.script import Script
from agui_runtime.stores.redis.sealed_rows import RedisSealedRows
from agui_runtime.stores.redis.server import Server
from agui_runtime.stores.redis.source import RedisLogSource
from agui_runtime.stores.redis.states import RedisStateStore
from agui_runtime.stores.redis.subscriber import RedisSubscriber
from agui_runtime.stores.redis.threads import RedisThreadIndex
from agui_runtime.stores.redis.upkeep import RedisUpkeep
from agui_runtime.stores.shared.janitor import Janitor
from agui_runtime.stores.shared.leased_log import LogParts
from agui_runtime.stores.shared.leases import HeldLeases
from agui_runtime.stores.shared.reading import LogReader
from agui_runtime.stores.shared.renewal import LeaseRenewal
from agui_runtime.stores.shared.tails import Tails

__all__ = ["RedisLimits", "RedisStore"]


class RedisStore:
    """A `Store` for any number of processes over one Redis.

    `url`: `redis://`, `rediss://` (TLS) or `unix://`, with user, password and database as redis-py
    reads them; any node of a cluster; or
    `redis+sentinel://[user:password@]host:port[,host:port...]/<name of the master>[?db=0]`. Keys
    start with `prefix`. Leases go by the server's time unless a `clock` is given.
    """

    def __init__(
        self,
        url: str,
        limits: RedisLimits | None = None,
        *,
        prefix: str = "agui",
        clock: Callable[[], float] | None = None,
    ) -> None:
        limits, now = limits or RedisLimits(), clock or time.time
        self._server = Server(url, limits.patience)
        self._prefix = prefix
        script = Script(self._server, prefix, limits.max_age, clock)
        index = Index(self._server, prefix, limits.max_age, clock)
        inbox = f"{prefix}:inbox:{uuid.uuid4().hex}"
        self.tails = Tails(script.channel)
        self.renewal = LeaseRenewal(
            RedisRenewer(url, prefix, limits, clock), limits.lease, limits.hung
        )
        leases = HeldLeases(self.tails, self.renewal)
        self.subscriber = RedisSubscriber(
            self._server.connection, self.tails, inbox, lambda payload: _stop(leases, payload)
        )
        reader = LogReader(RedisLogSource(script), self.tails)
        self.counters = RedisCounters(self._server, prefix)
        self.places = RedisPlaces(self._server, prefix)
        self.schedules = RedisSchedules(self._server, prefix, clock)
        self.sealed = RedisSealedRows(self._server, prefix)
        self.states = RedisStateStore(script, limits, now)
        self.threads = RedisThreadIndex(script, index, limits, now)
        parts = LogParts(leases, reader, self.states, now)
        queues = Queues(self._server, prefix, index, clock)
        redis = RedisParts(script, index, queues, limits, inbox)
        self.log = RedisRunLog(parts, redis)
        self.jobs = RedisJobs(leases, redis, self.log.end_lost_run)
        self.upkeep = RedisUpkeep(
            self._server, script, index, self.log, reader, limits.compact_after, now
        )
        self.janitor = Janitor(self.upkeep)
        self._watching: asyncio.Task[None] | None = None

    def answers(self, seconds: float = 300.0) -> RedisAnswers:
        """Where agents that are `cached` may keep their answers, for so long, for all replicas."""
        return RedisAnswers(self._server, self._prefix, seconds)

    @property
    def where(self) -> str:
        return self._server.where

    def examine(self) -> None:
        asyncio.run(self._examine())

    upgrade = examine

    async def _examine(self) -> None:
        await self._server.open()
        try:
            await check_rights(self._server, self._prefix)
        finally:
            await self._server.close()

    def watch_commits(self, note: Callable[[int], None]) -> None:
        self._server.on_write = note

    async def open(self) -> None:
        await self._server.open()
        async with AsyncExitStack() as unless_allowed:
            unless_allowed.push_async_callback(self._server.close)
            await check_rights(self._server, self._prefix)
            unless_allowed.pop_all()
        self.subscriber.start()
        self.renewal.open()
        self._watching = asyncio.create_task(self.janitor.watch())

    async def close(self) -> None:
        if self._watching is not None:
            await cancelled(self._watching)
            self._watching = None
        await self.subscriber.close()
        await self.renewal.close()
        await self._server.close()

    async def compact(self, thread_id: str) -> int:
        return await self.upkeep.compact(thread_id, 0.0)

    async def advice(self) -> Sequence[str]:
        return [each async for each in advice_of(self._server)]

    async def check(self) -> None:
        """Raises StoreUnavailable if the server does not answer now."""
        await self._server.ping()


def _stop(leases: HeldLeases, payload: bytes) -> None:
    """Another process requests it: the name of the thread's news, a newline, the lease's token."""
    name, _, token = payload.decode(errors="replace").rpartition("\n")
    leases.stop_named(name, token)
