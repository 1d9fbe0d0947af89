"""Two server processes over one Redis: readers, stops and deaths cross from one to the other."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.faults.checker import Frame
from tests.faults.world import Replica, first_frame
from tests.stores.servers import RedisServer
from tests.wires.agui.serving import events, frames, reading, run_body, types

RUN = "/copilotkit/agent/default/run"
CONNECT = "/copilotkit/agent/default/connect"
STOP = "/copilotkit/agent/default/stop/t1"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path / "redis")
    server.start()
    yield server
    server.kill()


@asynccontextmanager
async def replicas(redis: RedisServer) -> AsyncIterator[tuple[Replica, Replica]]:
    one, two = Replica(redis.url), Replica(redis.url)
    try:
        await asyncio.gather(one.ready(), two.ready())
        yield one, two
    finally:
        await one.close()
        await two.close()


async def test_a_reader_that_changes_replicas_after_every_event_misses_nothing(
    redis: RedisServer,
) -> None:
    async with replicas(redis) as (one, two):
        started = asyncio.create_task(one.client.post(RUN, json=run_body("count")))
        async with reading(one.client, RUN, run_body("count")) as reader:
            await reader.until("RUN_STARTED")
        seen = frames(reader.seen + "\n\n")[:1]
        turn = 0
        while seen[-1][1]["type"] != "RUN_FINISHED":
            turn += 1
            replica = (one, two)[turn % 2]
            seen.append(await next_frame(replica, str(seen[-1][0])))
        assert seen == frames((await started).text)


async def next_frame(replica: Replica, after: str) -> Frame:
    """The first event behind the cursor, after which the connection is closed."""
    body = run_body(messages=[])
    async with replica.client.stream(
        "POST", CONNECT, json=body, headers={"last-event-id": after}
    ) as response:
        return await first_frame(response)


async def test_a_stop_crosses_replicas(redis: RedisServer) -> None:
    async with replicas(redis) as (one, two):
        run = asyncio.create_task(one.client.post(RUN, json=run_body("hold 3")))
        await alive(two)
        assert (await two.client.post(STOP, json={})).json()["stopped"]
        assert types(events((await run).text))[-1] == "RUN_FINISHED"


async def test_whoever_is_left_ends_the_runs_of_a_killed_replica(redis: RedisServer) -> None:
    holds = range(12)
    async with replicas(redis) as (one, two):
        for hold in holds:
            thread = f"t{hold}"
            async with reading(one.client, RUN, run_body(f"hold {hold}", thread)) as reader:
                await reader.until("RUN_STARTED")
        one.process.kill()
        connecting = [
            two.client.post(CONNECT, json=run_body(thread=f"t{hold}", messages=[]))
            for hold in holds
        ]
        for answer in await asyncio.gather(*connecting):
            told = events(answer.text)
            assert [e["type"] for e in told if e["type"].startswith("RUN_")] == [
                "RUN_STARTED",
                "RUN_ERROR",
            ]
            assert told[-1]["code"] == "OWNER_LOST"
        again = await two.client.post(RUN, json=run_body("count", "t5", "r2"))
        assert types(events(again.text))[-1] == "RUN_FINISHED"


async def test_a_replica_that_is_told_to_end_finishes_its_run_first(redis: RedisServer) -> None:
    async with replicas(redis) as (one, two):
        run = asyncio.create_task(one.client.post(RUN, json=run_body("count")))
        await alive(two)
        one.process.send_signal(signal.SIGTERM)
        while (await one.client.get("/readyz")).status_code == 200:
            pass
        refused = await one.client.post(RUN, json=run_body("count", "t2"))
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        assert types(events((await run).text))[-1] == "RUN_FINISHED"
        await asyncio.to_thread(one.process.wait)
        assert (await two.client.post(RUN, json=run_body("count", "t2"))).status_code == 200


async def alive(replica: Replica) -> None:
    """Return when thread t1 has a record that this replica can see."""
    while True:
        answer = await replica.client.post(STOP, json={"runId": "nobody"})
        if "not the active run" in answer.text:
            return
        await asyncio.sleep(0.01)
