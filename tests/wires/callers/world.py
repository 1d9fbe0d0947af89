"""A server with every wire on which ann has something to hide, and what others could do about it.

Her thread `t1` holds the word SECRET in its messages, its name and its state, and so do the
description of the agent, the schedule `s1` and the entry `core.hers` of her memory; on `t2` a run
is live, `t3` waits for an answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from ag_ui.core import RunAgentInput
from fastapi import FastAPI

from agui_runtime import (
    A2AWire,
    AguiWire,
    CopilotKitRemoteWire,
    CopilotRuntime,
    GraphQLWire,
    McpWire,
    Memory,
    OpenAIWire,
    OperationLimits,
    Options,
    Recording,
    RestWire,
    ServerOptions,
    Wire,
    action,
    create_app,
)
from agui_runtime.core.access import Authorize
from agui_runtime.core.events import Caller, Event
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.core.schedules import Schedule
from agui_runtime.memories.entries import Entry, Origin
from agui_runtime.memories.master_keys import RingKeys
from agui_runtime.memories.notebooks import Notebooks
from agui_runtime.runtime.runtime import BeforeRequest
from agui_runtime.runtime.saved_states import StateUpdate
from agui_runtime.stores.layers.delegating import schedules_of, sealed_rows_of
from agui_runtime.wires.agui.annotate import Annotation, Recorded
from tests.runtime.worlds import ANN, Waiting, asking, ran, text
from tests.support import served
from tests.wires.graphql.serving import by_header

SECRET = "opal"
HERS = Schedule("s1", ANN.owner, "default", "0 7 * * *", "UTC", SECRET, 1.0, next_at=4e9)
KNOWN = Entry("core.hers", "core", SECRET, Origin("t1", "r1", "u1", "rules"), 1.0, 1.0, key="word")
KEYS = KeyRing([new_key()])
ACCEPT = "application/json, text/event-stream, multipart/mixed"


class Confidant:
    """Answers with the secret."""

    name = "default"
    description = f"knows {SECRET}"

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        for event in text(f"m-{request.run_id}", f"It is {SECRET}."):
            yield event
        yield {"type": "STATE_SNAPSHOT", "snapshot": {"word": SECRET}}
        ids = {"threadId": request.thread_id, "runId": request.run_id}
        yield {"type": "RUN_FINISHED", **ids, "usage": [{"model": SECRET, "inputTokens": 5}]}


class Asker:
    """Waits for an answer."""

    name = "asking"
    description = "asks"

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        interrupts = [{"id": "i1", "reason": "input_required"}]
        yield {"type": "RUN_FINISHED", "outcome": {"type": "interrupt", "interrupts": interrupts}}


class Ear:
    """Writes down every recording as the same words."""

    async def transcribe(self, recording: Recording) -> str:
        return f"heard {SECRET}"


async def noted(caller: Caller, annotation: Annotation) -> Recorded:
    return Recorded(f"note-{caller.owner}")


def deny(caller: Caller, access: object, resource: object) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class World:
    """The server's runtime, what its action did, and a client of it."""

    runtime: CopilotRuntime
    client: httpx.AsyncClient
    acted: list[str]

    async def of_ann(self) -> object:
        """All that is hers and could be changed."""
        store = self.runtime.store
        page = await store.threads.list(ANN.owner)
        runs = [await store.threads.runs(each.thread_id) for each in page.threads]
        state = await store.states.load("t1", "default")
        schedules = schedules_of(store)
        assert schedules is not None
        hers = await schedules.list(ANN.owner)
        notebook = await Notebooks(sealed_rows_of(store), RingKeys(KEYS)).read(ANN.owner)
        known = [notebook.entry(each) for each in sorted(notebook.ids())]
        return page, runs, state, await store.log.active("t2"), list(self.acted), hers, known


def an_app(runtime: CopilotRuntime) -> FastAPI:
    graphql = GraphQLWire(limits=OperationLimits(aliases=1000, tokens=10_000, depth=20))
    agui = AguiWire(transcription=Ear(), annotations=noted)
    options = ServerOptions(development=True)
    remote = CopilotKitRemoteWire("/remote")
    rest = RestWire(transcription=Ear())
    a2a = A2AWire(webhooks=["far.test"])
    wires: list[Wire] = [graphql, remote, OpenAIWire(), a2a, McpWire(), rest, agui]
    return create_app(runtime, wires=wires, options=options)


def a_runtime(
    acted: list[str],
    authorize: Authorize | None = None,
    before_request: BeforeRequest | None = None,
    memory: Memory | None = None,
) -> CopilotRuntime:
    def tell() -> str:
        """Tells the word."""
        acted.append("told")
        return SECRET

    agents = {"default": Confidant(), "waiting": Waiting(), "asking": Asker()}
    return CopilotRuntime(
        agents,
        [action(tell)],
        authenticate=by_header,
        authorize=authorize,
        before_request=before_request,
        memory=memory,
        options=Options(keys=KEYS),
    )


@asynccontextmanager
async def world(
    owner: str,
    authorize: Authorize | None = None,
    before_request: BeforeRequest | None = None,
) -> AsyncIterator[World]:
    """It for the block, with a client of that owner's; what ann has was made before anything was
    forbidden.
    """
    acted: list[str] = []
    first = a_runtime(acted)  # it is never open, so it has no memory
    runtime = a_runtime(acted, authorize, before_request, Memory())
    first.store_in(runtime.store)
    schedules = schedules_of(runtime.store)
    assert schedules is not None
    headers = {"x-user": owner, "accept": ACCEPT}
    app = an_app(runtime)
    async with served(app) as origin:
        await ran(first, asking(agent="default", run="r1"))
        await ran(first, asking(thread="t3", agent="asking", run="r3"))
        await first.threads.update("t1", ANN, name=f"the {SECRET} plan")
        state = StateUpdate({"word": SECRET})
        await first.saved_states.save("t1", "default", ANN, state)
        await schedules.add(HERS, 1)
        notebooks = Notebooks(sealed_rows_of(runtime.store), RingKeys(KEYS))
        name = await notebooks.name(ANN.owner)
        await notebooks.change(name, lambda it: {KNOWN.id: it.seal.seal(KNOWN, None)})
        live = await first.start(asking(thread="t2", run="r2", agent="waiting"))
        async with httpx.AsyncClient(base_url=origin, headers=headers) as client:
            yield World(runtime, client, acted)
        await live.stop()
        await first.drain(5)
