"""What happens to runs that wait for workers, and to those that workers carry out."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from agui_runtime.stores.base import Store
from agui_runtime.stores.layers.delegating import jobs_of
from tests.faults.checker import acknowledged, check
from tests.faults.deaths import killed_at_every_event
from tests.faults.world import ROOT, Stopwatch, World, persistent, world
from tests.stores.servers import RedisServer

RUNS = 50
TAKEN_WITHIN = 15.0
"""Seconds until a run is found whose bell was lost, on a busy machine."""


class WorkerProcess:
    """`agui-runtime worker`, with the same settings as a replica."""

    def __init__(self, settings: dict[str, str], slots: int = 64) -> None:
        self._settings = settings
        self._slots = slots
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "agui_runtime", "worker", "--slots", str(self._slots)],
            cwd=ROOT,
            env=os.environ | self._settings | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    async def replaced(self) -> None:
        """Let it end as a service manager does, and start another."""
        await self.ended()
        self.start()

    async def ended(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(self.process.wait)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Works:
    """A world whose replicas post what they take, the bell's server, and workers."""

    def __init__(self, made: World, stack: AsyncExitStack, bell: RedisServer) -> None:
        self.world = made
        self.bell = bell
        self._stack = stack

    def add(self, **settings: str) -> WorkerProcess:
        worker = WorkerProcess(self.world.other(0).settings | settings)
        self._stack.callback(worker.close)
        return worker


@asynccontextmanager
async def works(kind: str, **settings: str) -> AsyncIterator[Works]:
    """No worker yet."""
    async with AsyncExitStack() as stack:
        bell = stack.enter_context(_bell())
        shared = {"AGUI_QUEUE": bell.url, **settings}
        made = await stack.enter_async_context(world(kind, settings=shared))
        yield Works(made, stack, bell)


@contextmanager
def _bell() -> Iterator[RedisServer]:
    with TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.kill()


async def worker_killed_at_every_event(kind: str) -> str:
    """One run stands at each of its events when its worker goes; nobody carries it out again. How
    soon another worker comes is its own matter.
    """
    async with works(kind) as made:
        worker = made.add()

        def replace() -> None:
            made.add()
            worker.close()

        told, _ = await killed_at_every_event(made.world, replace)
        return told


async def web_tier_restarted(kind: str) -> str:
    """Fifty runs wait, and no process that took them is there any more when a worker comes."""
    async with works(kind) as made:
        replicas = made.world.replicas
        reading = [
            asyncio.create_task(persistent(made.world, "20 0.02 5", f"t{n}", f"r{n}", "talker"))
            for n in range(RUNS)
        ]
        await _all_wait(made.world)
        for replica in replicas:
            replica.process.kill()
            replica.process.wait()
            replica.start()
        await asyncio.gather(*(replica.ready() for replica in replicas))
        made.add()
        return await _whole(made.world, reading, 20)


async def bell_lost(kind: str) -> str:
    """Runs are posted while the bell's server is down: workers find them by themselves."""
    async with works(kind) as made:
        made.add()
        await made.world.other(0).run("count", "first", "r1")
        made.bell.kill()
        watch = Stopwatch()
        told = await asyncio.gather(
            *(made.world.other(n).run("count", f"t{n}", f"r{n}") for n in range(5))
        )
        assert all(each[-1][1]["type"] == "RUN_FINISHED" for each in told)
        assert watch() < TAKEN_WITHIN, f"{watch():.1f} s"
        without = watch()
        made.bell.start()
        await made.world.other(0).run("count", "last", "r1")
        return f"5 runs carried out {without:.1f} s after they were posted without a bell"


async def no_worker(kind: str) -> str:
    """A run that nobody takes ends in time, and its thread is free."""
    async with works(kind, AGUI_WORKER_TIMEOUT="3") as made:
        watch = Stopwatch()
        told = await made.world.other(0).run("count", "t1", "r1")
        waited = watch()
        assert told[-1][1].get("code") == "QUEUE_TIMEOUT", told[-1]
        assert told[0][1]["type"] == "RUN_STARTED", "what its user wrote is lost"
        made.add()
        await worker_looks(made.world)
        again = await made.world.other(1).run("count", "t1", "r2")
        assert again[-1][1]["type"] == "RUN_FINISHED", again[-1]
        return f"QUEUE_TIMEOUT after {waited:.1f} s, and a run afterwards"


async def rolling_restart(kind: str) -> str:
    """Replicas and workers are replaced, one after the other, while fifty runs go on."""
    async with works(kind) as made:
        workers = [made.add(), made.add()]
        reading = [
            asyncio.create_task(persistent(made.world, "60 0.1 5", f"t{n}", f"r{n}", "talker"))
            for n in range(RUNS)
        ]
        await asyncio.gather(*(made.world.other(0).until(f"t{n}", 2) for n in range(RUNS)))
        for replica, worker in zip(made.world.replicas, workers, strict=True):
            replica.process.send_signal(signal.SIGTERM)
            await asyncio.gather(worker.replaced(), replica.ended())
            replica.start()
            await replica.ready()
        return await _whole(made.world, reading, 60)


async def _all_wait(made: World) -> None:
    """Return when all runs have been posted."""
    async with store_of(made) as store:
        for number in range(RUNS):
            while (run := await store.log.active(f"t{number}")) is None:  # noqa: ASYNC110  # others'
                await asyncio.sleep(0.02)
            assert run.status == "queued"


async def worker_looks(made: World) -> None:
    async with store_of(made) as store:
        while not any(each.workers for each in (await jobs_of(store).figures()).values()):  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.05)


@asynccontextmanager
async def store_of(made: World) -> AsyncIterator[Store]:
    store = made.backing.store()
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def _whole(
    made: World, reading: list[asyncio.Task[list[tuple[str | None, dict[str, object]]]]], count: int
) -> str:
    watch = Stopwatch()
    told = await asyncio.gather(*reading)
    for number, each in enumerate(told):
        check(each, acknowledged(made.witness, f"t{number}"))
        words = [event for _, event in each if event["type"] == "TEXT_MESSAGE_CONTENT"]
        assert len(words) == count, f"reader {number} has {len(words)} of {count} words"
        assert each[-1][1]["type"] == "RUN_FINISHED"
    return f"{RUNS} runs, {sum(map(len, told))} events: 0 lost, 0 readers failed, {watch():.0f} s"
