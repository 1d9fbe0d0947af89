"""`scripts.py workers` has the pages' runs carried out by another process, with the same agents.

The worker is a fork of this process, made before anything is opened here: so it has the very
agents, actions and options that the test made, whatever they are, and nothing else in common.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.core.queueing import DEFAULT_QUEUE
from agui_runtime.queues.open import open_queue
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.base import Store
from agui_runtime.stores.redis import RedisStore
from tests.stores.servers import RedisServer

RUN_IN_WORKERS = "RUN_IN_WORKERS"
SLOTS = 64
PATIENCE = 20
"""Seconds for the worker's runs when it is asked to end."""


def by_workers(options: Options | None) -> Options | None:
    """The same, but that workers carry out the runs where that is asked for."""
    if RUN_IN_WORKERS not in os.environ:
        return options
    queue = open_queue(f"{_redis().url}?prefix={uuid4().hex}")
    return replace(options or Options(), run_in=queue, keys=KeyRing([new_key()]))


def shared(store: Store | None) -> Store | None:
    """The store, or one that another process can have in the place of memory."""
    if RUN_IN_WORKERS not in os.environ or store is not None:
        return store
    return RedisStore(_redis().url, prefix=uuid4().hex)


@asynccontextmanager
async def worked_for(runtime: CopilotRuntime) -> AsyncIterator[None]:
    """Another process carries out what the runtime posts, if it posts anything. To be entered
    before the runtime is opened.
    """
    if runtime.options.run_in is None:
        yield
        return
    ours, others = multiprocessing.Pipe()
    worker = multiprocessing.get_context("fork").Process(target=_work, args=(runtime, others))
    worker.start()
    others.close()
    try:
        await asyncio.to_thread(ours.recv)  # it works
        yield
    finally:
        ours.close()
        worker.terminate()
        await asyncio.to_thread(worker.join, PATIENCE)
        worker.kill()
        worker.join()
        worker.close()


@cache
def _redis() -> RedisServer:
    """One for the session."""
    folder = TemporaryDirectory()
    atexit.register(folder.cleanup)
    server = RedisServer(Path(folder.name))
    server.start()
    atexit.register(server.kill)
    return server


def _work(runtime: CopilotRuntime, ready: Connection) -> None:
    """Until it is terminated, as `agui-runtime worker` does. It lets go of all that was open where
    it comes from: nobody is to wait for what two processes have open.
    """
    gc.disable()  # what is let go of is not to be closed once more, under a number that is taken
    os.closerange(3, ready.fileno())
    os.closerange(ready.fileno() + 1, 4096)
    asyncio.run(_worked(runtime, ready))


async def _worked(runtime: CopilotRuntime, ready: Connection) -> None:
    due = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, due.set)
    async with runtime.lifespan():
        working = asyncio.create_task(runtime.launcher.worker([DEFAULT_QUEUE], SLOTS).run())
        ready.send("ready")
        await due.wait()
        working.cancel()
        await asyncio.wait([working])
        await runtime.drain(PATIENCE / 2)
