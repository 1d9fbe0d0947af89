"""Bells in Redis streams: one server, a cluster, the master of sentinels; and other brokers."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from taskiq_redis import ListQueueBroker

from agui_runtime.queues.base import QueueUnavailable, RunQueue
from agui_runtime.queues.open import open_queue
from agui_runtime.queues.taskiq import TaskiqQueue
from tests.queues.places import InRedis, working
from tests.stores.clusters import cluster_of
from tests.stores.servers import RedisServer, SecureServer, SentinelServer
from tests.stores.test_redis_ways_in import ENCODED, SECRET, running, until

STREAM = "agui:bells:default"


@pytest.fixture
def place(redis: RedisServer) -> InRedis:
    redis.command("FLUSHALL")
    return InRedis(redis)


async def rings_and_is_heard(place: InRedis, queue: RunQueue) -> None:
    """With two processes' worth of clients."""
    try:
        await queue.open()
        async with working(place, queue, ["default", "gpu"]) as worker:
            for name in ("default", "gpu", "default"):
                looks = worker.looks
                await queue.ring(name)
                await worker.looked(looks + 1)
    finally:
        await queue.close()


async def test_what_was_rung_before_the_first_worker_ever_came_is_heard(place: InRedis) -> None:
    queue = place.queue()
    for _ in range(3):
        await queue.ring("default")
    async with working(place, queue, ["default"]) as worker:
        await worker.looked(2)
        await until(lambda: group(place.server)[b"lag"] == 0)
    await queue.close()


async def test_bells_are_acknowledged_and_workers_leave_no_names_behind(place: InRedis) -> None:
    queue = place.queue()
    for _ in range(3):
        async with working(place, queue, ["default"]) as worker:
            looks = worker.looks
            await queue.ring("default")
            await worker.looked(looks + 1)
    await queue.close()
    about = group(place.server)
    assert (about[b"pending"], about[b"consumers"]) == (0, 1)


def group(server: RedisServer) -> dict[bytes, Any]:
    """What the server knows of the readers of a stream."""
    (found,) = server.command("XINFO", "GROUPS", STREAM)
    about: dict[bytes, Any] = found
    return about


async def test_bells_that_nobody_hears_do_not_fill_the_server(
    place: InRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = place.queue()
    for _ in range(1300):
        await queue.ring("default")
    await queue.close()
    assert 1000 <= place.server.command("XLEN", STREAM) < 1200


async def test_a_server_that_was_emptied_under_its_workers_is_served_on(place: InRedis) -> None:
    queue = place.queue()
    async with working(place, queue, ["default"]) as worker:
        for _ in range(2):
            looks = worker.looks
            place.server.command("FLUSHALL")
            await queue.ring("default")
            await worker.looked(looks + 1)
    await queue.close()


async def test_bells_ring_in_a_cluster(place: InRedis, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        await rings_and_is_heard(place, open_queue(cluster_of(stack, tmp_path)[0].url))


async def test_bells_ring_at_the_master_that_sentinels_name(place: InRedis, tmp_path: Path) -> None:
    master = RedisServer(tmp_path / "master")
    sentinel = SentinelServer(tmp_path / "sentinel", master)
    with running(master, sentinel):
        url = f"redis+sentinel://127.0.0.1:{sentinel.port}/main"
        await rings_and_is_heard(place, open_queue(url))


async def test_bells_ring_over_tls(place: InRedis, tmp_path: Path) -> None:
    server = SecureServer(tmp_path)
    with running(server):
        url = f"rediss://127.0.0.1:{server.tls_port}/0?ssl_ca_certs={server.ca}"
        await rings_and_is_heard(place, open_queue(url))


async def test_bells_ring_over_any_broker_that_a_function_makes(place: InRedis) -> None:
    def broker(name: str) -> ListQueueBroker:
        return ListQueueBroker(place.server.url, queue_name=f"team-{name}")

    await rings_and_is_heard(place, TaskiqQueue(broker))


@pytest.mark.parametrize("login", ["", ":wr0ng@"])
async def test_a_wrong_password_is_named_and_not_repeated(tmp_path: Path, login: str) -> None:
    server = RedisServer(tmp_path)
    with running(server):
        server.command("CONFIG", "SET", "requirepass", SECRET)
        queue = open_queue(f"redis://{login}127.0.0.1:{server.port}/0")
        with pytest.raises(QueueUnavailable, match="user or password") as refusal:
            await queue.open()
        await queue.close()
        assert "wr0ng" not in f"{refusal.value} {queue.where}"


async def test_a_password_in_the_url_opens_the_server(place: InRedis, tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    with running(server):
        server.command("CONFIG", "SET", "requirepass", SECRET)
        await rings_and_is_heard(
            place, open_queue(f"redis://:{ENCODED}@127.0.0.1:{server.port}/0?prefix=team")
        )
