"""What a Redis Cluster adds: what is published at one node goes to all of them, and one node has
what there is once, as indexes and queues.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

from redis import Redis

from bench.backing import Backing
from bench.rig import cpu_of
from bench.scale_world import World, world
from tests.stores.clusters import cluster_of
from tests.stores.servers import RedisServer

US = 1e6
PUBLISHED, BYTES = 20_000, 200
SETTLED = 6.0

Load = Callable[[World], Awaitable[None]]


def cluster_costs(folder: Path, runs: Load, waiting: Load) -> Mapping[str, float]:
    """`bus` is microseconds of a word at each node that did not get it; `hot_run` and `hot_live`
    are the shares of what runs take, and those that wait, which are one node's alone.
    """
    with ExitStack() as stack:
        nodes = cluster_of(stack, folder)
        bus = _bus(nodes)
        hot = asyncio.run(_hot_shares(nodes, (runs, waiting)))
    return {"bus": bus, **dict(zip(("hot_run", "hot_live"), hot, strict=True))}


def _bus(nodes: Sequence[RedisServer]) -> float:
    """The messages come by hundreds, as those of many runs do."""
    others = [cpu_of(each.pid) for each in nodes[1:]]
    with Redis.from_url(nodes[0].url) as client:
        for _ in range(PUBLISHED // 100):
            pipe = client.pipeline(transaction=False)
            for _ in range(100):
                pipe.publish("nobody", b"x" * BYTES)
            pipe.execute()
    took = [cpu_of(each.pid) - before for each, before in zip(nodes[1:], others, strict=True)]
    return min(took) / PUBLISHED * US


async def _hot_shares(nodes: Sequence[RedisServer], loads: Sequence[Load]) -> list[float]:
    async with world(Backing("redis", nodes[0].url, nodes[0].pid)) as it:
        idle = await _taken(nodes, asyncio.sleep(SETTLED))
        return [await _hot_share(nodes, load(it), idle) for load in loads]


async def _hot_share(
    nodes: Sequence[RedisServer], load: Awaitable[None], idle: Sequence[float]
) -> float:
    """Threads are spread evenly: what a node takes more than another is not of threads."""
    begun = monotonic()
    took = await _taken(nodes, load)
    seconds = monotonic() - begun
    own = [all_ - none / SETTLED * seconds for all_, none in zip(took, idle, strict=True)]
    return (sum(own) - len(own) * min(own)) / sum(own)


async def _taken(nodes: Sequence[RedisServer], load: Awaitable[None]) -> Sequence[float]:
    before = [cpu_of(each.pid) for each in nodes]
    await load
    return [cpu_of(each.pid) - then for each, then in zip(nodes, before, strict=True)]
