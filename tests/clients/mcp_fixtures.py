"""The server that MCP's conformance kit asks for, as far as agents can be it.

The kit calls its tools by fixed names and mostly without arguments; an agent needs a message, so
one is put in on the way.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from ag_ui.core import RunAgentInput
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agui_runtime import CopilotRuntime, McpWire, create_app
from agui_runtime.core.errors import ModelFailure
from agui_runtime.core.events import Event
from tests.runtime.worlds import text
from tests.support import served
from tests.wires.mcp.serving import Asker
from tests.wires.mcp.test_media import Painter, part, returned

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
DOT += "gg=="
SOUND = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA="
IMAGE = part("image", "image/png", type="data", value=DOT)
AUDIO = part("audio", "audio/wav", type="data", value=SOUND)
FILE = part("document", "text/plain", type="data", value="SGVsbG8=")


async def speaking(request: RunAgentInput) -> AsyncIterator[Event]:
    for event in text("m1", "This is a simple text response for testing."):
        yield event


async def progressing(request: RunAgentInput) -> AsyncIterator[Event]:
    for event in text("m1", "one ", "two ", "three ", "four"):
        yield event
        await asyncio.sleep(0.05)  # as the kit says of its fixture


async def failing(request: RunAgentInput) -> AsyncIterator[Event]:
    yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "delta": "Well"}
    raise ModelFailure("UNAVAILABLE", "This tool intentionally returns an error for testing")


def question(message: str, properties: Mapping[str, Any]) -> Event:
    schema = {"type": "object", "properties": dict(properties)}
    return {
        "id": message,
        "reason": "input_required",
        "message": message,
        "responseSchema": schema,
    }


def asking(message: str, properties: Mapping[str, Any]) -> Asker:
    return Asker(question(message, properties))


async def asking_twice(request: RunAgentInput) -> AsyncIterator[Event]:
    answered = {each.interrupt_id for each in request.resume or ()}
    if COLOR in answered:
        for event in text("m1", "Thank you."):
            yield event
        return
    asked = question(COLOR, {"color": TEXT}) if NAME in answered else question(NAME, {"name": TEXT})
    yield {"type": "RUN_FINISHED", "outcome": {"type": "interrupt", "interrupts": [asked]}}


NAME, COLOR = "What is your name?", "What is your favorite color?"
TEXT = {"type": "string"}
PERSON = {"username": TEXT, "email": TEXT}
OK = {"ok": {"type": "boolean"}}
DEFAULTS = {
    "name": {"type": "string", "default": "John Doe"},
    "age": {"type": "integer", "default": 30},
    "score": {"type": "number", "default": 95.5},
    "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    "verified": {"type": "boolean", "default": True},
}
VALUES = ["option1", "option2", "option3"]
TITLED = [{"const": f"value{each}", "title": f"Option {each}"} for each in range(1, 4)]
CHOICES = {
    "untitledSingle": {"type": "string", "enum": VALUES},
    "titledSingle": {"type": "string", "oneOf": TITLED},
    "legacyEnum": {"type": "string", "enum": ["opt1", "opt2"], "enumNames": ["One", "Two"]},
    "untitledMulti": {"type": "array", "items": {"type": "string", "enum": VALUES}},
    "titledMulti": {"type": "array", "items": {"anyOf": TITLED}},
}
AGENTS: Mapping[str, object] = {
    "test_simple_text": speaking,
    "test_image_content": Painter(*returned([IMAGE])),
    "test_audio_content": Painter(*returned([AUDIO])),
    "test_embedded_resource": Painter(*returned([FILE])),
    "test_multiple_content_types": Painter(*returned([IMAGE, FILE])),
    "test_tool_with_progress": progressing,
    "test_error_handling": failing,
    "test_elicitation": asking("Who are you?", PERSON),
    "test_elicitation_sep1034_defaults": asking("Is this right?", DEFAULTS),
    "test_elicitation_sep1330_enums": asking("Which?", CHOICES),
    "test_streaming_elicitation": asking("Right?", OK),
    "test_logging_tool": speaking,
    "test_input_required_result_elicitation": asking(NAME, {"name": TEXT}),
    "test_input_required_result_multi_round": asking_twice,
    "test_input_required_result_request_state": asking("Right?", OK),
    "test_input_required_result_tampered_state": asking("Right?", OK),
}


class WithMessage:
    """A middleware that gives a message to calls without one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body = with_message(await whole(receive))
        sized = [each for each in scope["headers"] if each[0] != b"content-length"]
        headers = [*sized, (b"content-length", b"%d" % len(body))]
        parts: list[Message] = [{"type": "http.request", "body": body}]

        async def again() -> Message:
            return parts.pop() if parts else await receive()

        await self._app({**scope, "headers": headers}, again, send)


async def whole(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        part = await receive()
        body, more = body + part.get("body", b""), part.get("more_body", False)
    return body


def with_message(body: bytes) -> bytes:
    message = json.loads(body)
    if message.get("method") != "tools/call" or "requestState" in message["params"]:
        return body
    message["params"].setdefault("arguments", {}).setdefault("message", "Go on")
    return json.dumps(message).encode()


@asynccontextmanager
async def serving() -> AsyncIterator[str]:
    """The address of that server."""
    app = create_app(CopilotRuntime(AGENTS), wires=[McpWire(pace=0)])
    async with served(WithMessage(app)) as origin:
        yield f"{origin}/mcp"
