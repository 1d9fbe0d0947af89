"""A runtime that has something to show in every panel of the dashboard."""

from __future__ import annotations

import asyncio
import os
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator, Mapping, Sequence

from ag_ui.core import RunAgentInput
from starlette.routing import Mount

from agui_runtime import CopilotRuntime, Options, create_app
from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.core.events import ANONYMOUS, Event
from agui_runtime.core.key_ring import KeyRing
from agui_runtime.memories.entries import Proposal
from agui_runtime.memories.memory import Memory
from agui_runtime.queues.here import HereQueue
from agui_runtime.stores.base import Lease
from agui_runtime.stores.layers.delegating import DelegatingLog, DelegatingStore
from agui_runtime.stores.open import open_store
from agui_runtime.wrappers import with_memory
from bench.soak_app import asking
from tests.hooks.telemetry.measured_app import Planner, broken, failing, scout, weather
from tests.runtime.worlds import text

UNSTORED = "unstored"
KEY = urlsafe_b64encode(b"a key of tests, the same for all").decode()


class Costly:
    """Uses a model."""

    description = "Costs"

    def __init__(self, model: str) -> None:
        self.name = model
        counts = {"inputTokens": 1000, "outputTokens": 100}
        self._usage = [{"provider": "openai", "model": model, **counts}]

    async def run(self, request: RunAgentInput) -> AsyncGenerator[Mapping[str, object], None]:
        for event in text(f"m-{request.run_id}", "Hm."):
            yield event
        ids = {"threadId": request.thread_id, "runId": request.run_id}
        yield {"type": "RUN_FINISHED", **ids, "usage": self._usage}


class Knowing:
    """Remembers each run."""

    name, description = "scout", "Looks around"

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def run(self, request: RunAgentInput) -> AsyncGenerator[Mapping[str, object], None]:
        known = Proposal("core", request.run_id, key="the latest run")
        await self._memory.remember(ANONYMOUS.owner, [known])
        async for event in scout(request):
            yield event


async def held(request: RunAgentInput) -> AsyncGenerator[Mapping[str, object], None]:
    """Never ends by itself."""
    yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": "held", "delta": "Wait"}
    await asyncio.Event().wait()


async def flood(request: RunAgentInput) -> AsyncGenerator[Mapping[str, object], None]:
    """More than the buffers of a connection hold whose reader takes nothing."""
    for number in range(20_000):
        yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": request.run_id, "delta": "word " * 100}
        if number % 100 == 0:
            await asyncio.sleep(0.02)


class Partial(DelegatingLog):
    """Cannot store what some threads append."""

    async def append(self, lease: Lease, events: Sequence[Event]) -> None:
        if lease.run.thread_id.startswith(UNSTORED):
            raise StoreUnavailable("away")
        await super().append(lease, events)


def runtime_over(url: str, model: str) -> CopilotRuntime:
    below, memory = open_store(url), Memory(anonymous=True)
    return CopilotRuntime(
        agents={
            "default": Planner(),
            "scout": with_memory(Knowing(memory), memory),
            "failing": failing,
            "priced": Costly("gpt-4o-mini"),
            "unpriced": Costly("home-made"),
            "held": held,
            "asking": asking,
            "flood": flood,
            "model": OpenAIAgent("large", base_url=model, api_key="sk-test"),
        },
        actions=[weather, broken],
        store=DelegatingStore(below, Partial(below.log), below.states, below.threads),
        options=Options(on_busy="queue", keys=KeyRing([KEY])),
        memory=memory,
    )


class Worked(CopilotRuntime):
    """Its runs are carried out by a worker that is in each of its processes."""

    async def open(self) -> None:
        await super().open()
        self.worker = asyncio.create_task(self.launcher.worker(["default"], 8).run())

    async def close(self) -> None:
        self.worker.cancel()
        await asyncio.wait([self.worker])
        await super().close()


if "STORE_URL" in os.environ:
    url = os.environ["STORE_URL"]
    worked = Worked({"default": scout}, store=url, options=Options(run_in=HereQueue()))
    runtime = runtime_over(url, os.environ["MODEL_URL"])
    mounts = [Mount("/worked", create_app(worked)), Mount("", create_app(runtime))]
