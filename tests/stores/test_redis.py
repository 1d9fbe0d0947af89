"""What processes over one Redis promise each other; here each store stands for a process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import Gone, StoreUnavailable, ThreadNotFound
from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import Lease
from agui_runtime.stores.redis import RedisLimits, RedisStore
from tests.runtime.worlds import asking, ran
from tests.stores.servers import RedisServer, impatient
from tests.stores.test_contract import Clock, a_run, claimed, delta, finish, ignore, read, whole_run


class Processes:
    """Opens stores over the same keys."""

    def __init__(self, stack: AsyncExitStack, url: str, clock: Clock | None) -> None:
        self._stack = stack
        self._url = url
        self._clock = clock
        self._prefix = uuid4().hex

    def key(self, part: str) -> str:
        return f"{self._prefix}:{{t1}}:{part}"

    async def start(self, limits: RedisLimits | None = None) -> RedisStore:
        store = RedisStore(self._url, limits, prefix=self._prefix, clock=self._clock)
        await store.open()
        self._stack.push_async_callback(store.close)
        return store


@asynccontextmanager
async def processes(server: RedisServer, clock: Clock | None = None) -> AsyncIterator[Processes]:
    async with AsyncExitStack() as stack:
        yield Processes(stack, server.url, clock)


def lapses_at(server: RedisServer, meta: str) -> float:
    """When the lease of the thread with that key is over, on the server's clock."""
    return float(server.command("HGET", meta, "until"))


async def renewed(server: RedisServer, meta: str, until: float) -> None:
    """Return when that lease is good until then."""
    async with asyncio.timeout(20):
        while lapses_at(server, meta) < until:  # noqa: ASYNC110  # the server sends no word of it
            await asyncio.sleep(0.02)


async def test_a_server_that_forgot_everything_tells_so(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    async with processes(server) as made:
        store = await made.start()
        lease = await whole_run(store, a_run())
        server.kill()
        server.start()
        with pytest.raises(ThreadNotFound):
            await read(store, 1, lease.start)
        await whole_run(store, a_run(run="r2"))
        with pytest.raises(Gone):
            await read(store, 1, lease.start)
    server.kill()


async def test_a_restart_with_its_file_goes_on_where_it_was(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, "--appendonly", "yes", "--appendfsync", "always")
    server.start()
    async with processes(server) as made:
        store = await made.start()
        lease = await claimed(store, a_run())
        reading = asyncio.create_task(read(store, 4))
        await store.log.append(lease, [delta(0)])
        server.kill()
        appending = asyncio.ensure_future(store.log.append(lease, [delta(1), delta(2)]))
        server.start()
        await appending
        await finish(store, lease)
        assert [record.seq for record in await reading] == [1, 2, 3, 4]
    server.kill()


async def test_a_server_that_stays_away_is_told(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    async with processes(server) as made:
        store = await made.start()
        await store.check()
        server.kill()
        with impatient(store):
            with pytest.raises(StoreUnavailable):
                await claimed(store, a_run())
            with pytest.raises(StoreUnavailable):
                await store.check()
        server.start()
        assert (await claimed(store, a_run())).fresh
    server.kill()


async def test_a_full_server_refuses_starts_but_takes_ends(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, "--maxmemory-policy", "noeviction")
    server.start()
    async with processes(server) as made:
        store = await made.start()
        lease: Lease = await claimed(store, a_run())
        server.command("CONFIG", "SET", "maxmemory", "1")
        with pytest.raises(StoreUnavailable, match="full"):
            await claimed(store, a_run(thread="t2"))
        meta = server.keys("*meta")[0]
        before = lapses_at(server, meta)
        with store.log.keep(lease, ignore):
            await renewed(server, meta, before + 0.001)
            await finish(store, lease)
        assert await store.log.active("t1") is None
        server.command("CONFIG", "SET", "maxmemory", "0")
        assert (await claimed(store, a_run(run="r2"))).fresh
    server.kill()


async def test_a_run_whose_server_becomes_full_says_so_and_keeps_what_was_said(
    tmp_path: Path,
) -> None:
    server = RedisServer(tmp_path, "--maxmemory-policy", "noeviction")
    server.start()

    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        yield {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}
        server.command("CONFIG", "SET", "maxmemory", "1")
        yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "Hello"}
        await asyncio.Event().wait()

    runtime = CopilotRuntime({"default": agent}, store=server.url)
    async with runtime.lifespan():
        events = await ran(runtime, asking())
    server.kill()
    assert [event["type"] for event in events][1:] == [
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "RUN_ERROR",
    ]
    assert (events[-1]["code"], "full" in events[-1]["message"]) == ("STORE_UNAVAILABLE", True)


async def test_two_stores_under_one_server_do_not_see_each_other(redis: RedisServer) -> None:
    async with processes(redis) as one, processes(redis) as two:
        store, other = await one.start(), await two.start()
        await whole_run(store, a_run())
        assert await other.threads.get("t1") is None
        await other.log.claim(a_run(owner="bob"), ignore)
