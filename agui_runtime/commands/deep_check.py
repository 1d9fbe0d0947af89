"""What `check --deep` tries: servers behind agents and remotes, and the store from two processes.

It asks for nothing that costs money or changes anything; the thread that it makes it deletes.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from time import monotonic, time
from uuid import uuid4

from agui_runtime.agents.agent import Probing, Source
from agui_runtime.agents.border import original
from agui_runtime.commands.findings import Finding
from agui_runtime.core.errors import AguiError, StoreUnavailable
from agui_runtime.core.events import ANONYMOUS, Event, RunContext, RunInfo
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import RunEnd, Store

PATIENCE = 10.0
"""Seconds for each server."""

CHILDS_START = 30.0


async def deep_findings(runtime: CopilotRuntime) -> AsyncIterator[Finding]:
    """What the servers behind the runtime say."""
    for name, agent in runtime.agents.items():
        for each in _inner(agent):
            if isinstance(each, Probing):
                yield await _tried(f"agent {name}", each.probe)
            else:
                says = f"{type(each).__name__} has no server that can be called at no cost"
                yield Finding(f"agent {name}", says)
    for source in runtime.remotes:
        yield await _tried(type(source).__name__, partial(_offered, source))


def _inner(agent: object) -> Iterator[object]:
    """The agents that may answer, behind all that stands around them."""
    found = original(agent)
    inner = getattr(found, "answering", None)
    if not inner:
        yield found
    for each in inner or ():
        yield from _inner(each)


async def _tried(what: str, probe: Callable[[], Awaitable[str]]) -> Finding:
    try:
        async with asyncio.timeout(PATIENCE):
            return Finding(what, await probe())
    except AguiError as error:
        return Finding(what, error.message, "wrong")
    except TimeoutError:
        says = f"no answer within {PATIENCE:g} s; check that its server runs"
        return Finding(what, says, "wrong")
    except Exception as error:  # noqa: BLE001  # user code: sources and agents of one's own
        return Finding(what, f"{type(error).__name__}: {error}", "wrong")


async def _offered(source: Source) -> str:
    if isinstance(source, Probing):
        return await source.probe()
    offer = await source.offer(RunContext(ANONYMOUS, f"check-{uuid4()}"))
    return f"offers {len(offer.agents)} agents and {len(offer.tools)} tools"


async def round_trip(store: Store) -> Finding:
    """Write a run, have another process see its end, and delete it; the store is open."""
    thread_id = f"check-{uuid4()}"
    try:
        return Finding("wake-up", await _seen_elsewhere(store, thread_id))
    except AguiError as error:
        return Finding("wake-up", error.message, "wrong")
    finally:
        await store.threads.delete(thread_id)


async def _seen_elsewhere(store: Store, thread_id: str) -> str:
    run = RunInfo(thread_id, "check", "check", "agui-runtime-check", time())
    lease = await store.log.claim(run, lambda: None)
    ids = {"threadId": thread_id, "runId": "check"}
    started: Event = {"type": "RUN_STARTED", **ids}
    ended: Event = {"type": "RUN_FINISHED", **ids}
    with store.log.keep(lease, lambda: None):
        await store.log.append(lease, [started])
        words = ("-m", "agui_runtime", "threads", "tail", thread_id)
        child = await asyncio.create_subprocess_exec(
            sys.executable, *words, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
        )
        try:
            await _line(child, CHILDS_START)
            begun = monotonic()
            await store.log.release(lease, RunEnd([ended], "finished", time()))
            await _line(child, PATIENCE)
            return f"another process saw an event after {1000 * (monotonic() - begun):.0f} ms"
        finally:
            if child.returncode is None:
                child.kill()
            await child.communicate()


async def _line(child: Process, seconds: float) -> None:
    """Raises StoreUnavailable where the other process sees nothing."""
    assert child.stdout is not None
    try:
        async with asyncio.timeout(seconds):
            line = await child.stdout.readline()
    except TimeoutError:
        line = b""
    if not line:
        raise StoreUnavailable(
            f"another process of this machine saw no event within {seconds:g} s: check that"
            " AGUI_STORE or AGUI_DATA, not the app alone, names the store"
        )
