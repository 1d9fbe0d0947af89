"""The agent on a LangGraph server, against what a real one (langgraph-api 0.16.7) has said.

`tests/peers` tells the same against the server itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from agui_runtime.connectors.langgraph import LangGraphAgent
from agui_runtime.events import ANONYMOUS, Caller, Event
from agui_runtime.runtime import CopilotRuntime
from tests.connectors.page import Page, results, resume
from tests.connectors.talk import kinds, text, tool, user
from tests.support import served

DATA = Path(__file__).parents[1] / "data" / "langgraph"
THREAD = "6f2b5f0e-2f0e-4d0f-9a51-00000000000"

Answer = dict[str, Any]


class Replayed:
    """Says what a server has said, in the same order, and notes what it is asked."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []
        self._answers = iter(answers)

    async def answer(self, request: Request) -> Response:
        self.asked.append((request.url.path, orjson.loads(await request.body())))
        self.headers.append(dict(request.headers))
        answer = next(self._answers)
        pieces = in_pieces(answer["answer"].encode())
        return StreamingResponse(pieces, answer["status"], media_type=answer["type"])


async def in_pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 700):
        yield data[start : start + 700]


@asynccontextmanager
async def talking(
    answers: Sequence[Answer],
    thread: str = THREAD + "0",
    caller: Caller | None = None,
    **options: Any,  # noqa: ANN401
) -> AsyncIterator[tuple[Page, Replayed]]:
    server = Replayed(answers)
    app = Starlette(routes=[Route("/{path:path}", server.answer, methods=["POST"])])
    async with served(app) as origin:
        agent = LangGraphAgent(origin, "story", **options)
        runtime = CopilotRuntime(agents={"default": agent})
        yield Page(runtime, thread, caller or ANONYMOUS), server
        await runtime.close()


def recorded(name: str) -> list[Answer]:
    return list(orjson.loads((DATA / f"{name}.json").read_bytes()))


def as_recorded(answers: Sequence[Answer]) -> list[tuple[str, dict[str, Any]]]:
    return [(each["path"], each["asked"]) for each in answers]


def streamed(*events: tuple[str, object]) -> list[Answer]:
    """A thread that is new, and a stream that was made up."""
    frames = [f"event: {name}\ndata: {orjson.dumps(data).decode()}\n\n" for name, data in events]
    new = {"status": 404, "type": "application/json", "answer": "{}"}
    return [new, {"status": 200, "type": "text/event-stream", "answer": "".join(frames)}]


def snapshots(events: Sequence[Event]) -> list[Any]:
    return [event["snapshot"] for event in events if event["type"] == "STATE_SNAPSHOT"]


async def test_a_thread_goes_on_and_forgets_what_is_asked_again() -> None:
    answers = recorded("chat")
    async with talking(answers) as (page, server):
        first = await page.say("[think] hello")
        second = await page.say("two")
        page.messages = page.messages[:1]
        again = await page.go()

    assert server.asked == as_recorded(answers)
    assert text(first) == text(again) == "You said: [think] hello"
    assert kinds(first) == [
        "RUN_STARTED",
        "STEP_STARTED",
        "REASONING_START",
        "REASONING_MESSAGE_START",
        "REASONING_MESSAGE_CONTENT",
        "REASONING_MESSAGE_END",
        "REASONING_END",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "STEP_FINISHED",
        "STATE_SNAPSHOT",
        "MESSAGES_SNAPSHOT",
        "RUN_FINISHED",
    ]
    assert snapshots(second) == [{"steps": 1}, {"steps": 2}]
    roles = [message["role"] for message in page.messages]
    assert roles == ["user", "reasoning", "assistant"]
    [counts] = first[-1]["usage"]
    assert counts == {"provider": "script", "inputTokens": 3, "outputTokens": 2, "totalTokens": 5}


async def test_an_interrupt_asks_until_an_older_page_answers() -> None:
    answers = recorded("interrupt")
    async with talking(answers, THREAD + "1") as (page, server):
        asked = await page.say("[weather]")
        again = await page.go()
        answered = await page.go(forwardedProps={"command": {"resume": "yes"}})

    assert server.asked == as_recorded(answers)
    [question] = [event for event in asked if event["type"] == "CUSTOM"]
    assert question["value"] == '{"question":"May I look?","city":"Oslo"}'
    assert question in again
    assert list(results(answered).values()) == ["sunny (yes)"]
    assert {"type": "CUSTOM", "name": "looked", "value": "yes"} in answered
    assert text(answered) == "Result: sunny (yes)"


async def test_an_interrupt_is_answered_by_its_id() -> None:
    answers = recorded("structured")
    async with talking(answers, THREAD + "2", structured_interrupts=True) as (page, server):
        asked = await page.say("[weather]")
        answered = await page.go(resume=resume(asked, "certainly"))

    assert server.asked == as_recorded(answers)
    assert "CUSTOM" not in kinds(asked)
    assert text(answered) == "Result: sunny (certainly)"


async def test_a_front_ends_tool_and_its_result() -> None:
    answers = recorded("frontend-tool")
    async with talking(answers, THREAD + "3") as (page, server):
        await page.say("[show]", tools=[tool("show")])
        [call] = [each for m in page.messages for each in m.get("toolCalls") or ()]
        shown = {"id": "x", "role": "tool", "toolCallId": call["id"], "content": "shown"}
        page.messages.append(shown)
        events = await page.go(tools=[tool("show")])

    assert server.asked == as_recorded(answers)
    assert call["function"] == {"name": "show", "arguments": '{"city":"Oslo"}'}
    assert text(events) == "Result: shown"


async def test_a_failed_graph_keeps_its_secrets(caplog: pytest.LogCaptureFixture) -> None:
    async with talking(recorded("failure"), THREAD + "4") as (page, _):
        events = await page.say("[fail]")

    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "AGENT_ERROR")
    assert "swordfish" not in str(events)
    assert "swordfish" in caplog.text


async def test_a_side_request_has_no_thread() -> None:
    answers = recorded("ephemeral")
    async with talking(answers, THREAD + "5") as (page, server):
        events = await page.say("suggest", ephemeral=True)

    assert server.asked == as_recorded(answers)
    assert text(events) == "You said: suggest"


async def test_callers_that_are_told_apart_share_no_thread() -> None:
    paths = []
    for caller in (Caller("ann"), Caller("bob")):
        async with talking(recorded("failure"), caller=caller) as (page, server):
            await page.say("hi")
            paths.append(server.asked[0][0])

    threads = {str(UUID(path.split("/")[2])) for path in paths}
    assert len(threads) == 2
    assert THREAD + "0" not in threads


async def test_the_key_and_the_settings_that_are_let_through() -> None:
    config = {"configurable": {"model": "small", "thread_id": "somebody-elses"}}
    answers = recorded("failure")
    async with talking(answers, api_key="lsv2", configurable=["model"]) as (page, server):
        await page.say("hi", forwardedProps={"config": config})

    assert server.headers[0]["x-api-key"] == "lsv2"
    assert server.asked[1][1]["config"] == {"configurable": {"model": "small"}}


async def test_state_and_pictures_of_the_page_reach_the_graph() -> None:
    picture = {"type": "data", "value": "AA", "mimeType": "image/png"}
    async with talking(recorded("failure")) as (page, server):
        page.messages = [user([{"type": "image", "source": picture}])]
        await page.go(state={"budget": 3}, context=[{"description": "d", "value": "v"}])

    given = server.asked[1][1]["input"]
    assert given["budget"] == 3
    assert given["copilotkit"]["context"] == [{"description": "d", "value": "v"}]
    url = {"url": "data:image/png;base64,AA"}
    assert given["messages"][0]["content"] == [{"type": "image_url", "image_url": url}]


async def test_whole_messages_hidden_ones_and_subgraphs() -> None:
    about = {"langgraph_node": "chat"}
    call = {"id": "c1", "name": "look", "args": {"at": 1}, "type": "tool_call"}
    whole = {"type": "ai", "id": "m1", "content": [{"type": "text", "text": "Hi"}]}
    hidden = {"type": "AIMessageChunk", "id": "m2", "content": "psst"}
    answers = streamed(
        ("messages|sub:1", [{**whole, "tool_calls": [call]}, about]),
        ("messages", [hidden, {**about, "copilotkit:emit-messages": False}]),
        ("values|sub:1", {"inner": True}),
        ("custom", [1, 2]),
    )
    async with talking(answers) as (page, _):
        events = await page.say("hi")

    assert text(events) == "Hi"
    [called] = [message for message in page.messages if message.get("toolCalls")]
    assert called["toolCalls"][0]["function"] == {"name": "look", "arguments": '{"at":1}'}
    assert snapshots(events) == []
    assert {"type": "CUSTOM", "name": "langgraph.custom", "value": [1, 2]} in events


@pytest.mark.parametrize("event", [("messages", [1, 2, 3]), ("messages", [{}, {}]), ("updates", 1)])
async def test_a_malformed_stream_is_an_error_of_its_own(event: tuple[str, object]) -> None:
    async with talking(streamed(event)) as (page, _):
        events = await page.say("hi")

    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "AGENT_PROTOCOL_ERROR")
