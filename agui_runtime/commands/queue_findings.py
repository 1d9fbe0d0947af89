"""What `check` says of the queue that calls workers, and of the workers."""

from __future__ import annotations

from collections.abc import AsyncIterator

from agui_runtime.app import Served
from agui_runtime.commands.findings import Finding
from agui_runtime.core.errors import AguiError
from agui_runtime.core.queueing import DEFAULT_QUEUE, OF_VERSION, queue_of
from agui_runtime.doorbell import advice, check_shared
from agui_runtime.queues.base import RunQueue
from agui_runtime.settings import variable
from agui_runtime.stores.jobs import QueueFigures
from agui_runtime.stores.layers.delegating import jobs_of

NOTHING = QueueFigures()


async def queue_findings(served: Served) -> AsyncIterator[Finding]:
    """Whether the queue answers, who works, and whether headers are sealed; nothing where runs are
    carried out by the process that takes them.
    """
    runtime = served.runtime
    if (queue := runtime.options.run_in) is None:
        return
    yield await _answer(queue)
    try:
        check_shared(runtime)
        async for each in _workers(served):
            yield each
    except AguiError as error:
        yield Finding("workers", error.message, "wrong")
    for sentence in advice(runtime, served.options.forward_headers):
        yield Finding("workers", sentence, "warning")


async def _answer(queue: RunQueue) -> Finding:
    try:
        await queue.open()
    except AguiError as error:
        return Finding("queue", f"{queue.where}: {error.message}", "wrong")
    finally:
        await queue.close()
    return Finding("queue", queue.where)


async def _workers(served: Served) -> AsyncIterator[Finding]:
    store, queues = served.runtime.store, served.runtime.options.queues
    jobs = jobs_of(store)  # raises Misconfigured, as `serve` does
    await store.open()
    try:
        figures = await jobs.figures()
    finally:
        await store.close()
    version = served.runtime.options.app_version
    own = {queue_of(name, version) for name in (DEFAULT_QUEUE, *queues.values())}
    for name in sorted({*own, *figures}):
        found = figures.get(name, NOTHING)
        yield _workers_of(name, found)


def _workers_of(queue: str, found: QueueFigures) -> Finding:
    waiting = f"{found.waiting} runs wait"
    if found.workers:
        return Finding(f"queue {queue}", f"{found.workers} workers, {waiting}")
    name, _, version = queue.partition(OF_VERSION)
    start = f"agui-runtime worker --queues {name}"
    if version:
        start = f"{variable('app_version')}={version} {start}"
    return Finding(f"queue {queue}", f"no worker, {waiting}: start `{start}`", "warning")
