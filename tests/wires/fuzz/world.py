"""A server with every wire over one store, agents that fail at nothing, and an ear on all logs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from ag_ui.core import RunAgentInput
from fastapi import FastAPI

from agui_runtime.app import create_app
from agui_runtime.arguments import wires_of
from agui_runtime.connectors.transcription import Recording
from agui_runtime.core.events import Caller, Event
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.memory import Memory
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.settings import Settings
from agui_runtime.stores.base import Store
from agui_runtime.wires.a2a.wire import A2AWire
from agui_runtime.wires.agui.annotate import Annotation, Recorded
from agui_runtime.wires.agui.wire import AguiWire
from agui_runtime.wires.rest.wire import RestWire
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.wire import Wire
from tests.support import served

REMOTE = "/copilotkit_remote"
KEYS = KeyRing([new_key()])


async def eventful(request: RunAgentInput) -> AsyncIterator[Event]:
    """Says everything that it was given, calls an action and a tool of the page, and asks."""
    call, message = f"call-{request.run_id}", f"m-{request.run_id}"
    yield {"type": "STEP_STARTED", "stepName": "plan"}
    yield {"type": "TEXT_MESSAGE_START", "messageId": message, "role": "assistant"}
    yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": message, "delta": f"{request.state}"[:200]}
    yield {"type": "TEXT_MESSAGE_END", "messageId": message}
    yield {"type": "STATE_SNAPSHOT", "snapshot": {"n": len(request.messages)}}
    yield {"type": "STEP_FINISHED", "stepName": "plan"}
    if not any(each.role == "tool" for each in request.messages):
        yield {"type": "TOOL_CALL_START", "toolCallId": call, "toolCallName": "look"}
        yield {"type": "TOOL_CALL_ARGS", "toolCallId": call, "delta": '{"n": 1}'}
        yield {"type": "TOOL_CALL_END", "toolCallId": call}


async def asking(request: RunAgentInput) -> AsyncIterator[Event]:
    """Asks something and ends."""
    await asyncio.sleep(0)
    yield {"type": "CUSTOM", "name": "on_interrupt", "value": {"question": "?"}}


async def stubborn(request: RunAgentInput) -> AsyncIterator[Event]:
    """Says a word, and then nothing until it is stopped."""
    yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": f"m-{request.run_id}", "delta": "Well"}
    await asyncio.Event().wait()


def look(n: int = 0) -> int:
    """Looks."""
    return n


class Typist:
    """A transcription service that writes how much it was given."""

    async def transcribe(self, recording: Recording) -> str:
        return f"{len(recording.data)} bytes"


async def recorded(caller: Caller, annotation: Annotation) -> Recorded:
    return Recorded(annotation.client_event_id or "1")


def make_app(store: Store) -> FastAPI:
    """Everything that `create_app` can serve, switched on."""
    agents = {"default": eventful, "asking": asking, "stubborn": stubborn}
    memory, options = Memory(anonymous=True), Options(keys=KEYS)
    runtime = CopilotRuntime(agents, [look], store=store, memory=memory, options=options)
    agui = AguiWire(transcription=Typist(), annotations=recorded)
    usual = wires_of(
        Settings(), ["a2a", "mcp", "openai", "rest", "websocket"], {"remote_path": REMOTE}
    )
    rest = RestWire(transcription=Typist())
    a2a = A2AWire(webhooks=["127.0.0.1"])
    equipped: dict[type, Wire] = {A2AWire: a2a, AguiWire: agui, RestWire: rest}
    wires = [equipped.get(type(each), each) for each in usual]
    return create_app(runtime, wires=wires, options=ServerOptions(development=True))


class Ear(logging.Handler):
    """Collects what no input may cause: errors in any log, and exceptions at any level."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage() == _BROKEN_OFF:
            return
        if record.levelno >= logging.ERROR or record.exc_info:
            self.faults.append(self.format(record))

    def taken(self) -> list[str]:
        """The faults since the last time."""
        faults, self.faults = self.faults, []
        return faults

    def listen(self) -> None:
        """To all loggers, those that do not pass their lines on included."""
        for name in _LOGGERS:
            logging.getLogger(name).addHandler(self)

    def leave(self) -> None:
        for name in _LOGGERS:
            logging.getLogger(name).removeHandler(self)


_LOGGERS = ("", "uvicorn")

_BROKEN_OFF = "ASGI callable returned without completing response."
"""How uvicorn tells that an answer was broken off; whether it may be, its client decides."""


@asynccontextmanager
async def serving(store: Store, ear: Ear) -> AsyncIterator[int]:
    """The port of a server over the store; from its start to its end, the ear hears all logs."""
    try:
        async with served(make_app(store)) as origin:
            ear.listen()  # not earlier: uvicorn sets its loggers up anew
            yield int(origin.rpartition(":")[2])
    finally:
        ear.leave()


def run_body(thread: str, run: str) -> bytes:
    """The body of a run as a front end of today sends it."""
    message = {"id": f"u-{run}", "role": "user", "content": "hi"}
    lists: dict[str, object] = {"messages": [message], "tools": [], "context": []}
    ids = {"threadId": thread, "runId": run, "protocolVersion": "1.0"}
    return orjson.dumps({**ids, **lists, "state": {}, "forwardedProps": {}})
