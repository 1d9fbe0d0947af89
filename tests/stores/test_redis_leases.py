"""What keeps a lease, and what ends it: an owner's own clock, its event loop, and the server's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.agents.actions import action
from agui_runtime.core.errors import OwnerLost
from agui_runtime.core.events import Cursor, Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.redis import RedisLimits, RedisStore, subscriber
from tests.faults.proxy import Proxy
from tests.runtime.worlds import asking, kinds, told as told_by
from tests.stores.clocks import Clocks
from tests.stores.ends import START, ended
from tests.stores.servers import RedisServer, opened
from tests.stores.test_contract import Clock, a_run, claimed, delta, ignore, read
from tests.stores.test_redis import processes

LONG = RedisLimits(lease=60, patience=60)


@asynccontextmanager
async def behind(proxy: Proxy) -> AsyncIterator[str]:
    """The proxy, running; yields the URL of the server behind it."""
    await proxy.start()
    try:
        yield f"redis://127.0.0.1:{proxy.port}/0"
    finally:
        await proxy.close()


class Waiting:
    """An agent that begins, has a tool carried out, and waits for it; both say how they ended."""

    def __init__(self) -> None:
        self.tool_begun, self.tool_cancelled = asyncio.Event(), asyncio.Event()

    async def agent(self, request: RunAgentInput) -> AsyncIterator[Event]:
        call = {"toolCallId": "c1"}
        yield {"type": "TOOL_CALL_START", **call, "toolCallName": "wait"}
        yield {"type": "TOOL_CALL_ARGS", **call, "delta": "{}"}
        yield {"type": "TOOL_CALL_END", **call}

    async def wait(self) -> str:
        """Waits."""
        self.tool_begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.tool_cancelled.set()
            raise
        raise AssertionError("unreachable")


@pytest.mark.usefixtures("busy_renewals")
async def test_an_owner_that_cannot_reach_the_server_stops_its_agent_and_tells_its_readers(
    redis: RedisServer, clocks: Clocks
) -> None:
    proxy, waiting = Proxy(redis.port), Waiting()
    async with behind(proxy) as url:
        runtime = CopilotRuntime(
            {"default": waiting.agent},
            [action(waiting.wait)],
            store=RedisStore(url, LONG, prefix="cut-off", clock=clocks),
        )
        async with runtime.lifespan():
            handle = await runtime.start(asking())
            reading = asyncio.create_task(told_by(handle))
            await waiting.tool_begun.wait()
            proxy.stall()
            clocks.ahead += 61
            await waiting.tool_cancelled.wait()
            with pytest.raises(OwnerLost):
                await reading
            proxy.flow()
            assert handle.ended is not None
            await handle.ended
            assert kinds(await told_by(handle))[-1] == "RUN_ERROR"


@pytest.mark.usefixtures("busy_renewals")
async def test_a_reader_that_looks_into_the_log_meanwhile_is_told_as_well(
    redis: RedisServer, clocks: Clocks
) -> None:
    proxy = Proxy(redis.port)
    async with (
        behind(proxy) as url,
        opened(RedisStore(url, LONG, prefix="looking", clock=clocks)) as owner,
    ):
        lease = await claimed(owner, a_run())
        await owner.log.append(lease, [START])
        with owner.log.keep(lease, ignore):
            proxy.stall()
            clocks.ahead += 61
            with pytest.raises(OwnerLost):
                await read(owner, 2)
            proxy.flow()


async def test_news_that_was_never_heard_is_found_in_the_log(redis: RedisServer) -> None:
    async with processes(redis) as made:
        writer, reader = await made.start(), await made.start()
        lease = await claimed(writer, a_run())
        await writer.log.append(lease, [START])
        async with aclosing(reader.log.follow("t1", None)) as batches:
            await anext(batches)
            coming = asyncio.ensure_future(anext(batches))
            await asyncio.sleep(0)
            reader.tails.begin_writing("t1", lease.start)  # it is deaf to this thread from now on
            await writer.log.append(lease, [delta(0)])
            reader.tails.end_writing("t1")
            assert (await coming).records[0].event == delta(0)


async def test_an_owner_whose_clock_is_ahead_is_noticed_like_any_other(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with processes(redis) as made:
        other, right = await made.start(), time.time
        monkeypatch.setattr(time, "time", lambda: right() + 3600)
        await claimed(await made.start(RedisLimits(lease=0.6)), a_run())
        monkeypatch.undo()
        assert (await ended(other))[-1].event["code"] == "OWNER_LOST"


async def test_the_threads_of_an_owner_are_forgotten_with_the_last_of_them(
    redis: RedisServer,
) -> None:
    clock = Clock()
    async with processes(redis, clock) as made:
        store = await made.start(RedisLimits(max_age=60))
        await store.threads.obtain("t1", "ann", "default")
        (index,) = redis.keys(f"{made.key('')[:-6]}:owner:*")
        clock.now += 61
        await store.threads.obtain("t2", "ann", "default")
        assert redis.command("ZRANGE", index, "0", "-1") == [b"t2"]
        assert 0 < redis.command("PTTL", index) <= 60_000  # it goes by the server's own time


async def test_news_is_heard_while_runs_come_and_go_for_longer_than_a_pulse(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(subscriber, "PULSE", 0.1)
    async with processes(redis) as made:
        store = await made.start()
        for _ in range(60):
            store.tails.begin_writing("a thread that nobody reads", Cursor("e", 0))
            await asyncio.sleep(0.01)
            store.tails.end_writing("a thread that nobody reads")
    assert "listening again" not in caplog.text
