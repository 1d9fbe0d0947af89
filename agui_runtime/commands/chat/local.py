"""The app that `serve` would serve, in this process: same settings, same store, no socket."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from uuid import uuid4

from ag_ui.core import RunAgentInput
from uvicorn import Config
from uvicorn.lifespan.on import LifespanOn

from agui_runtime.app import Served
from agui_runtime.commands.hosting import Hosted
from agui_runtime.commands.stores import described
from agui_runtime.core.errors import AgentNotFound, Misconfigured, RequestError, ThreadNotFound
from agui_runtime.core.events import ANONYMOUS, Caller, Event, RunContext, RunRequest
from agui_runtime.runtime.catalog import DEFAULT_AGENT
from agui_runtime.runtime.runtime import CopilotRuntime


class LocalPeer:
    """An agent of the runtimes that are `found`; its threads belong to `owner`."""

    cause = "AGUI_LOG_LEVEL=warning shows why"

    def __init__(self, found: Hosted, agent: str | None, owner: str | None) -> None:
        self._found = found
        self._wanted = agent
        self._caller = _caller(found.served, owner)
        config = Config(found.app, lifespan="on", log_config=None)
        config.load()
        self._lifespan = LifespanOn(config)
        self._runtime: CopilotRuntime
        self._agent = ""

    @property
    def where(self) -> str:
        return f"agent {self._agent}; threads {described(self._runtime)}"

    async def open(self) -> None:
        await self._lifespan.startup()
        if self._lifespan.should_exit:
            raise Misconfigured("the app did not start; the lines above say why")
        known: list[str] = []
        for served in self._found.served:
            names = [each.name for each in await served.runtime.discover(self._context())]
            if (name := chosen(self._wanted, names)) is not None:
                self._runtime, self._agent = served.runtime, name
                return
            known += names
        raise AgentNotFound(self._wanted or DEFAULT_AGENT, known)

    async def live(self, thread_id: str) -> str | None:
        run = await self._runtime.store.log.active(thread_id)
        return None if run is None else run.run_id

    async def history(self, thread_id: str) -> AsyncGenerator[Event, None]:
        threads = self._runtime.threads
        if await threads.find(thread_id, self._caller) is None:
            return
        async with aclosing(threads.connect(thread_id, self._caller, agent=self._agent)) as batches:
            async for batch in batches:
                for record in batch.records:
                    yield record.event

    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        wanted = RunRequest(request, self._context(), self._agent)
        handle = await self._runtime.start(wanted)
        async with aclosing(handle.batches()) as batches:
            async for batch in batches:
                for record in batch.records:
                    yield record.event

    async def stop(self, thread_id: str) -> bool:
        try:
            return await self._runtime.stop(thread_id, self._caller)
        except ThreadNotFound:  # no run of it has begun yet
            return False

    async def close(self) -> None:
        await self._lifespan.shutdown()

    def _context(self) -> RunContext:
        return RunContext(self._caller, f"chat-{uuid4()}")


def chosen(wanted: str | None, names: Sequence[str]) -> str | None:
    """The agent that is meant: without a name the default one, or the only one there is."""
    if wanted is not None:
        return wanted if wanted in names else None
    if DEFAULT_AGENT in names:
        return DEFAULT_AGENT
    return names[0] if len(names) == 1 else None


def _caller(served: Sequence[Served], owner: str | None) -> Caller:
    """Raises Misconfigured where nobody says whose threads these are."""
    if not served:
        raise Misconfigured(
            "in AGUI_APP there is no runtime of `create_app`: start its server and give its --url"
        )
    if owner is not None:
        try:
            return Caller(owner)
        except RequestError as error:
            raise Misconfigured(f"--owner: {error.message}") from None
    if any(each.runtime.authenticate is not None for each in served):
        raise Misconfigured(
            "the app authenticates its callers: say with --owner whose threads these are"
        )
    return ANONYMOUS
