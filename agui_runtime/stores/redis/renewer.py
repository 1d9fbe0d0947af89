"""How leases in Redis are renewed: all in one write, over a connection of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from redis.exceptions import RedisError, ResponseError

from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.stores.redis.codec import Answer
from agui_runtime.stores.redis.index import Index
from agui_runtime.stores.redis.limits import RedisLimits
from agui_runtime.stores.redis.script import Script
from agui_runtime.stores.redis.server import Server
from agui_runtime.stores.shared.renewal import Answered, Reply, Tenure, elapsed


class RedisRenewer:
    """`Renewer` for the threads under a prefix."""

    def __init__(
        self, url: str, prefix: str, limits: RedisLimits, clock: Callable[[], float] | None
    ) -> None:
        self._lease = limits.lease
        self._server = Server(url, limits.lease / 3, limits.lease / 3)
        self._script = Script(self._server, prefix, limits.max_age, clock)
        self._index = Index(self._server, prefix, limits.max_age, clock)

    async def open(self) -> None:
        await self._server.open()

    async def close(self) -> None:
        await self._server.close()

    async def renew(self, due: Sequence[Tenure], answered: Answered) -> None:
        try:
            await self._renew(due, answered)
        except RedisError as error:
            raise StoreUnavailable(str(error)) from error

    async def _renew(self, due: Sequence[Tenure], answered: Answered) -> None:
        sent = elapsed()
        requests = [self._ask(tenure) for tenure in due]
        noted = self._index.renew([tenure.lease.run.thread_id for tenure in due], self._lease)
        *replies, _ = await asyncio.gather(*requests, noted, return_exceptions=True)
        failed = []
        for tenure, reply in zip(due, replies, strict=True):
            if isinstance(reply, BaseException):
                failed.append((tenure, reply))
            else:
                answered(tenure, sent, _reply(reply))
        refused = [tenure for tenure, error in failed if isinstance(error, ResponseError)]
        # A broken connection is the same for all: one is enough to open the next.
        again = refused or [tenure for tenure, _ in failed[:1]]
        repeats = [self._repeat(tenure, answered) for tenure in again]
        for found in await asyncio.gather(*repeats, return_exceptions=True):
            if isinstance(found, BaseException):
                raise found

    def _ask(self, tenure: Tenure) -> asyncio.Future[Answer]:
        lease = tenure.lease
        return self._script.ask("renew", lease.run.thread_id, lease.token, self._lease)

    async def _repeat(self, tenure: Tenure, answered: Answered) -> None:
        """The server may be new, or the thread elsewhere in its cluster."""
        lease, sent = tenure.lease, elapsed()
        words = (lease.token, self._lease)
        answered(
            tenure, sent, _reply(await self._script.step("renew", lease.run.thread_id, *words))
        )


def _reply(found: Sequence[Answer]) -> Reply:
    how, *more = found
    if how != b"ok":
        return "lost"
    return "stop" if more[0] else "ok"
