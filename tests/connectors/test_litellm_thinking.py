"""Claude behind litellm: its thinking blocks go back with their signatures, or it refuses."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agui_runtime.app import create_app
from agui_runtime.connectors.litellm import ChatOptions, LiteLLMAgent
from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.talk import text, tool
from tests.support import served
from tests.wires.agui.serving import events, run_body

THINKING = {"type": "thinking", "thinking": "Let me see.", "signature": "SIG="}
REDACTED = {"type": "redacted_thinking", "data": "SECRET="}
CALLED = {"type": "tool_use", "id": "toolu_1", "name": "find", "input": {}}


def block(index: int, content: Mapping[str, Any], *deltas: Mapping[str, Any]) -> Iterator[Event]:
    yield {"type": "content_block_start", "index": index, "content_block": dict(content)}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": dict(delta)}
    yield {"type": "content_block_stop", "index": index}


def streamed(reason: str, *blocks: Iterator[Event]) -> Response:
    message: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant"}
    usage = {"input_tokens": 1, "output_tokens": 1}
    message |= {"content": [], "model": "m", "stop_reason": None, "usage": usage}
    frames = [
        {"type": "message_start", "message": message},
        *(event for each in blocks for event in each),
        {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage},
        {"type": "message_stop"},
    ]
    lines = [f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in frames]
    return Response("".join(lines), media_type="text/event-stream")


async def claude(request: Request) -> Response:
    """Thinks, is silent about a part of it, calls `find`; takes its call back only as it was."""
    body = await request.json()
    came_back = [each["content"] for each in body["messages"] if each["role"] == "assistant"]
    if not came_back:
        return streamed(
            "tool_use",
            block(
                0,
                {"type": "thinking", "thinking": "", "signature": ""},
                {"type": "thinking_delta", "thinking": "Let me "},
                {"type": "thinking_delta", "thinking": "see."},
                {"type": "signature_delta", "signature": "SIG="},
            ),
            block(1, REDACTED),
            block(2, CALLED, {"type": "input_json_delta", "partial_json": "{}"}),
        )
    if "thinking" in body and came_back[0] != [THINKING, REDACTED, CALLED]:
        words = f"Expected `thinking`, but found {json.dumps(came_back[0])}"
        error = {"type": "invalid_request_error", "message": words}
        return JSONResponse({"type": "error", "error": error}, 400)
    done = {"type": "text_delta", "text": "Done"}
    return streamed("end_turn", block(0, {"type": "text", "text": ""}, done))


QUESTION = {"id": "u1", "role": "user", "content": "Find it"}
CALL = {"id": "toolu_1", "type": "function", "function": {"name": "find", "arguments": "{}"}}
ANSWERED = [
    {"id": "a1", "role": "assistant", "toolCalls": [CALL]},
    {"id": "r1", "role": "tool", "toolCallId": "toolu_1", "content": "found"},
]


@asynccontextmanager
async def page() -> AsyncIterator[Callable[..., Awaitable[list[Event]]]]:
    """Sends messages as a page does, and gives the events of the run."""
    app = Starlette(routes=[Route("/{path:path}", claude, methods=["POST"])])
    async with served(app) as url:
        options = ChatOptions(extra={"reasoning_effort": "low"})
        model = "anthropic/claude-sonnet-4-5"
        agent = LiteLLMAgent(model, api_key="sk-x", base_url=url, options=options)
        runtime = CopilotRuntime(agents={"default": agent})
        async with (
            served(create_app(runtime)) as origin,
            httpx.AsyncClient(base_url=f"{origin}/copilotkit") as client,
        ):

            async def run(name: str, *messages: Event) -> list[Event]:
                body = run_body(run=name, messages=list(messages), tools=[tool("find")])
                return events((await client.post("/agent/default/run", json=body)).text)

            yield run


async def test_claude_gets_its_thinking_blocks_back_with_the_call_of_a_page() -> None:
    async with page() as run:
        first = await run("r1", QUESTION)
        second = await run("r2", QUESTION, *ANSWERED)
    thoughts = [each["delta"] for each in first if each["type"] == "REASONING_MESSAGE_CONTENT"]
    assert "".join(thoughts) == "Let me see."
    assert second[-1]["type"] == "RUN_FINISHED", second[-1]
    assert text(second) == "Done"


async def test_claude_goes_on_without_thinking_where_another_model_made_the_call() -> None:
    async with page() as run:
        events = await run("r1", QUESTION, *ANSWERED)
    assert events[-1]["type"] == "RUN_FINISHED", events[-1]
    assert text(events) == "Done"
