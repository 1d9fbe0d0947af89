"""What the replicas of the fault tests serve: agents that say words, use a tool, or wait.

Whatever the store acknowledges is written down beside it, if AGUI_STORE comes with a witness file.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import orjson
from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import Lease, RunEnd, Store
from agui_runtime.stores.jobs import Jobs
from agui_runtime.stores.layers.delegating import jobs_of
from agui_runtime.stores.open import open_store

WORDS = 8


async def counting(request: RunAgentInput) -> AsyncIterator[Event]:
    """Says eight words; asked to `hold N`, it waits for ever after so many of its events."""
    async for event in held_at(hold_of(request), spoken(request.run_id, WORDS)):
        yield event
        await asyncio.sleep(0.05)


async def working(request: RunAgentInput) -> AsyncIterator[Event]:
    """Uses its tool once, between state and words; `hold N` as above. The tool writes down each
    time that it starts.
    """
    async for event in held_at(hold_of(request), worked(request.run_id)):
        yield event
        if event["type"] == "TOOL_CALL_END":
            append(Path(os.environ["FAULTS_TOOL_LOG"]), request.run_id.encode())


async def talking(request: RunAgentInput) -> AsyncIterator[Event]:
    """Asked for `N SECONDS SIZE`, it says so many words of that size, with that pause between."""
    count, pause, size = str(request.messages[-1].content).split()
    for event in spoken(request.run_id, int(count), "x" * int(size)):
        yield event
        await asyncio.sleep(float(pause))


async def telling(request: RunAgentInput) -> AsyncIterator[str]:
    """Says which version of the app carries it out."""
    yield os.environ.get("AGUI_APP_VERSION", "")


def hold_of(request: RunAgentInput) -> int | None:
    asked = str(request.messages[-1].content).split()
    return int(asked[1]) if asked[0] == "hold" else None


async def held_at(hold: int | None, events: Sequence[Event]) -> AsyncIterator[Event]:
    for number, event in enumerate(events):
        if number == hold:
            await asyncio.Event().wait()
        yield event
    if hold is not None and hold >= len(events):
        await asyncio.Event().wait()


def spoken(run_id: str, words: int, filling: str = "") -> list[Event]:
    ids = {"messageId": f"m-{run_id}"}
    return [
        {"type": "STATE_SNAPSHOT", "snapshot": {"run": run_id}},
        {"type": "TEXT_MESSAGE_START", **ids, "role": "assistant"},
        *({"type": "TEXT_MESSAGE_CONTENT", **ids, "delta": f"{n}{filling} "} for n in range(words)),
        {"type": "TEXT_MESSAGE_END", **ids},
    ]


def worked(run_id: str) -> list[Event]:
    call = {"toolCallId": f"c-{run_id}"}
    result = {"messageId": f"t-{run_id}", "content": "done", "role": "tool"}
    return [
        {"type": "TOOL_CALL_START", **call, "toolCallName": "pay"},
        {"type": "TOOL_CALL_ARGS", **call, "delta": '{"sum": '},
        {"type": "TOOL_CALL_ARGS", **call, "delta": "1}"},
        {"type": "TOOL_CALL_END", **call},
        {"type": "TOOL_CALL_RESULT", **call, **result},
        *spoken(run_id, 2),
        {"type": "STATE_DELTA", "delta": [{"op": "add", "path": "/paid", "value": 1}]},
    ]


def append(file: Path, line: bytes) -> None:
    """In one write, so that lines of several processes do not mix."""
    with file.open("ab", buffering=0) as log:
        log.write(line + b"\n")


def witnessed(store: Store, file: Path) -> Store:
    """The store, which writes down every event that it has acknowledged."""
    log = store.log
    add, release = log.append, log.release

    def note(lease: Lease, events: Sequence[Event]) -> None:
        run = lease.run
        for event in events:
            append(file, orjson.dumps([run.thread_id, run.run_id, event]))

    async def noted_append(lease: Lease, events: Sequence[Event]) -> None:
        await add(lease, events)
        note(lease, events)

    async def noted_release(lease: Lease, end: RunEnd) -> None:
        await release(lease, end)
        note(lease, end.events)

    log.append, log.release = noted_append, noted_release  # type: ignore[method-assign]  # a witness
    return store


def store() -> Store | None:
    """None: the one that AGUI_STORE names."""
    if "FAULTS_WITNESS" not in os.environ:
        return None
    found = open_store(os.environ.pop("AGUI_STORE"))
    if "FAULTS_DIE_BEFORE_ADOPT" in os.environ:
        dying_before_it_adopts(jobs_of(found))
    return witnessed(found, Path(os.environ["FAULTS_WITNESS"]))


def dying_before_it_adopts(jobs: Jobs) -> None:
    async def adopt(*given: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    jobs.adopt = adopt  # type: ignore[method-assign, assignment]  # a fault


AGENTS = {"default": counting, "worker": working, "talker": talking, "teller": telling}

runtime = CopilotRuntime(AGENTS, store=store())
