"""An agent that agentscope-runtime serves at `/process`: what its frames become, and who asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agui_runtime.connectors.agentscope import AgentScopeProcess
from agui_runtime.core.events import Caller
from agui_runtime.core.jsontext import Json
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.page import Page, results
from tests.connectors.talk import text
from tests.support import served

Frames = Sequence[Mapping[str, Any]]

BEGUN = {"object": "response", "status": "created"}
OVER = {"object": "response", "status": "completed"}


def message(id_: str, kind: str, status: str, *contents: Mapping[str, Any]) -> dict[str, Any]:
    return {"object": "message", "status": status, "id": id_, "type": kind, "content": contents}


def piece(id_: str, delta: str) -> dict[str, Any]:
    content = {"object": "content", "status": "in_progress", "type": "text", "delta": True}
    return {**content, "msg_id": id_, "text": delta}


def spoken(id_: str, kind: str, *deltas: str) -> list[dict[str, Any]]:
    whole = {"type": "text", "text": "".join(deltas)}
    pieces = [piece(id_, each) for each in deltas]
    begun = message(id_, kind, "in_progress")
    return [begun, *pieces, message(id_, kind, "completed", whole)]


def whole(id_: str, kind: str, data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A call, or its result, whose contents repeat what there is so far."""
    early = {"object": "content", "status": "in_progress", "type": "data", "msg_id": id_}
    begun = [message(id_, kind, "in_progress"), {**early, "data": {**data, "arguments": "{"}}]
    return [*begun, message(id_, kind, "completed", {"type": "data", "data": data})]


class Server:
    """Answers each request with the frames."""

    def __init__(self, *frames: Mapping[str, Any]) -> None:
        self.frames = frames
        self.bodies: list[Any] = []

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/process", self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> Response:
        self.bodies.append(orjson.loads(await request.body()))
        sent = b"".join(b"data: " + orjson.dumps(each) + b"\n\n" for each in self.frames)
        return Response(sent, media_type="text/event-stream")


@asynccontextmanager
async def page_of(server: Server, **options: Any) -> AsyncIterator[Page]:  # noqa: ANN401
    async with served(server.app) as origin:
        runtime = CopilotRuntime({"default": AgentScopeProcess(origin, **options)})
        try:
            yield Page(runtime, caller=Caller("ann"))
        finally:
            await runtime.close()


async def test_a_response_is_text_thought_call_and_result() -> None:
    call = {"call_id": "c1", "name": "get_weather", "arguments": '{"city": "Rome"}'}
    output = {"call_id": "c1", "name": "get_weather", "output": '[{"type":"text","text":"21C"}]'}
    server = Server(
        BEGUN,
        *spoken("m1", "reasoning", "Hm"),
        *whole("m2", "plugin_call", call),
        *whole("m3", "plugin_call_output", output),
        *spoken("m4", "message", "It is ", "21C"),
        OVER,
    )
    async with page_of(server) as page:
        events = await page.say("weather?")
    assert text(events) == "It is 21C"
    assert results(events) == {"c1": "21C"}
    arguments = [each["delta"] for each in events if each["type"] == "TOOL_CALL_ARGS"]
    assert arguments == ['{"city": "Rome"}']
    thoughts = [e["delta"] for e in events if e["type"] == "REASONING_MESSAGE_CONTENT"]
    assert thoughts == ["Hm"]
    assert events[-1]["type"] == "RUN_FINISHED"


DRAWN = {"type": "base64", "media_type": "image/jpeg", "data": "AAAA"}
TEXT = {"type": "text", "text": "Look:"}


@pytest.mark.parametrize(
    ("blocks", "content"),
    [
        (
            [TEXT, {"type": "image", "source": DRAWN}],
            [
                TEXT,
                {
                    "type": "image",
                    "source": {"type": "data", "value": "AAAA", "mimeType": "image/jpeg"},
                },
            ],
        ),
        (
            [{"type": "audio", "source": {"type": "url", "url": "https://a.example/x.wav"}}],
            [
                {
                    "type": "audio",
                    "source": {
                        "type": "url",
                        "value": "https://a.example/x.wav",
                        "mimeType": "audio/wav",
                    },
                }
            ],
        ),
        ([{"type": "image", "source": {}}], '[{"type":"image","source":{}}]'),
        ([TEXT, 7], '[{"type":"text","text":"Look:"},7]'),
        ({"a": 1}, '{"a":1}'),
    ],
)
async def test_a_tool_s_pictures_and_sounds_are_parts_of_its_result(
    blocks: Json, content: Json
) -> None:
    call = {"call_id": "c1", "name": "draw", "arguments": "{}"}
    output = {"call_id": "c1", "name": "draw", "output": orjson.dumps(blocks).decode()}
    server = Server(
        BEGUN,
        *whole("m2", "plugin_call", call),
        *whole("m3", "plugin_call_output", output),
        OVER,
    )
    async with page_of(server) as page:
        assert results(await page.say("draw")) == {"c1": content}


async def test_it_is_sent_the_conversation_and_who_asks() -> None:
    server = Server(BEGUN, *spoken("m1", "message", "Hello"), OVER)
    async with page_of(server, user=lambda context: f"tenant-{context.caller.owner}") as page:
        await page.say("hi")
        await page.say("and?", forwardedProps={"user_id": "mallory"})
    said = [(each["role"], each["content"][0]["text"]) for each in server.bodies[-1]["input"]]
    assert said == [("user", "hi"), ("assistant", "Hello"), ("user", "and?")]
    assert server.bodies[-1]["session_id"] == "t1"
    assert {each["user_id"] for each in server.bodies} == {"tenant-ann"}


@pytest.mark.parametrize(
    ("content", "source"),
    [
        ({"type": "image", "image_url": "https://x.test/cat.png"}, "url"),
        ({"type": "image", "image_url": "data:image/png;base64,eA=="}, "data"),
        ({"type": "audio", "data": "eA==", "format": "wav"}, "data"),
    ],
)
async def test_pictures_and_sounds_are_activities(content: dict[str, Any], source: str) -> None:
    server = Server(BEGUN, message("m1", "message", "completed", content), OVER)
    async with page_of(server) as page:
        events = await page.say("draw")
    [activity] = [each for each in events if each["type"] == "ACTIVITY_SNAPSHOT"]
    assert activity["content"]["type"] == content["type"]
    assert activity["content"]["source"]["type"] == source


@pytest.mark.parametrize(
    "end",
    [
        {"object": "response", "status": "failed", "error": {"message": "APIError: sk-secret"}},
        {"error": "sk-secret"},
    ],
)
async def test_a_failure_ends_the_run_without_its_words(end: dict[str, Any]) -> None:
    server = Server(BEGUN, message("m1", "message", "in_progress"), piece("m1", "Hel"), end)
    async with page_of(server) as page:
        events = await page.say("hi")
    assert events[-1]["type"] == "RUN_ERROR"
    assert "sk-secret" not in str(events)
    assert events[-2]["type"] == "TEXT_MESSAGE_END"


async def test_an_answer_that_breaks_off_is_a_failure() -> None:
    async with page_of(Server(BEGUN, *spoken("m1", "message", "Hel"))) as page:
        events = await page.say("hi")
    assert events[-1]["type"] == "RUN_ERROR"
