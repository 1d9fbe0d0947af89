"""The agents that are soaked, and a route that says what the server holds."""

from __future__ import annotations

import asyncio
import ctypes
import sys
from collections.abc import AsyncIterator, Mapping

from ag_ui.core import RunAgentInput
from starlette.requests import Request
from starlette.responses import JSONResponse

from agui_runtime import AgentFailure, CopilotRuntime, create_app

Events = AsyncIterator[Mapping[str, object]]


async def talking(request: RunAgentInput) -> Events:
    for number in range(50):
        yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": request.run_id, "delta": f"{number} "}
        await asyncio.sleep(0)


async def calling(request: RunAgentInput) -> Events:
    if request.messages[-1].role == "tool":
        yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": f"a-{request.run_id}", "delta": "done"}
        return
    ids = {"toolCallId": f"c-{request.run_id}"}
    yield {"type": "TOOL_CALL_START", **ids, "toolCallName": "add"}
    yield {"type": "TOOL_CALL_ARGS", **ids, "delta": '{"a": 1, "b": 2}'}
    yield {"type": "TOOL_CALL_END", **ids}


async def asking(request: RunAgentInput) -> Events:
    ids = {"threadId": request.thread_id, "runId": request.run_id}
    interrupt = {"id": f"i-{request.run_id}", "reason": "confirm"}
    yield {
        "type": "RUN_FINISHED",
        **ids,
        "outcome": {"type": "interrupt", "interrupts": [interrupt]},
    }


async def failing(request: RunAgentInput) -> Events:
    yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": request.run_id, "delta": "well"}
    raise AgentFailure("as it should", "ON_PURPOSE")


async def waiting(request: RunAgentInput) -> Events:
    yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": request.run_id, "delta": "wait"}
    await asyncio.sleep(3600)


def add(a: int, b: int) -> int:
    """The sum."""
    return a + b


class Allocated(ctypes.Structure):
    """What the C library's `mallinfo2` tells, in bytes and numbers of blocks."""

    names = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks")
    _fields_ = [(name, ctypes.c_size_t) for name in (*names, "fordblks", "keepcost")]


LIBRARY = ctypes.CDLL(None)
LIBRARY.mallinfo2.restype = Allocated


async def held(request: Request) -> JSONResponse:
    """Tasks, the blocks that Python's allocator has given out, and the bytes that the C library's
    keeps though they were freed.
    """
    return JSONResponse(
        {
            "tasks": len(asyncio.all_tasks()),
            "blocks": sys.getallocatedblocks(),
            "free": LIBRARY.mallinfo2().fordblks,
        }
    )


app = create_app(
    CopilotRuntime(
        agents={
            "default": talking,
            "calling": calling,
            "asking": asking,
            "failing": failing,
            "waiting": waiting,
        },
        actions=[add],
    )
)
app.add_route("/held", held)
