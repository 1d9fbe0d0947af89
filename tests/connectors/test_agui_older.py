"""AG-UI servers as they are: URLs, reasoning and chunks of releases before 1.0, what is lost."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agui_runtime.connectors.agui import AGUIAgent
from agui_runtime.core.events import Event
from agui_runtime.core.fold import fold
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.talk import all_events, ask
from tests.connectors.test_agui import ANSWER, CLOSED, FINISHED, OPENED, SAID, STARTED, agent
from tests.fakes.endpoint import Endpoint, sse
from tests.runtime.worlds import asking, ran
from tests.support import served


@pytest.mark.parametrize("path", ["", "/", "/agent", "/agent/", "/agent?key=1", "/a//"])
async def test_a_url_is_asked_as_it_stands(path: str) -> None:
    paths: list[str] = []

    async def answer(request: Request) -> Response:
        paths.append(str(request.url).removeprefix(str(request.base_url).rstrip("/")))
        return Response(sse(*ANSWER), media_type="text/event-stream")

    app = Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])
    async with served(app) as origin:
        far = AGUIAgent(origin + path)
        assert await all_events(far, ask("hi")) == list(ANSWER)
        await far.close()
    assert paths == [path or "/"]


def thought(id_: str, *parts: str, role: str = "reasoning") -> list[Event]:
    fields: dict[str, Event] = {"MESSAGE_START": {"role": role}, "MESSAGE_CONTENT": {"delta": "hm"}}
    return [
        {"type": f"REASONING_{part}", "messageId": id_, **fields.get(part, {})} for part in parts
    ]


WHOLE = ("START", "MESSAGE_START", "MESSAGE_CONTENT", "MESSAGE_END", "END")


async def conversation_after(*events: Event) -> list[tuple[str, object]]:
    """What the thread holds after a run of these events, the user's message apart."""
    async with agent(Endpoint([sse(STARTED, *events, FINISHED)])) as far:
        runtime = CopilotRuntime({"default": far})
        seen = await ran(runtime, asking())
    assert seen[-1]["type"] == "RUN_FINISHED", seen[-1]
    saved = await runtime.store.states.load("t1", "default")
    assert saved is not None
    folded = fold(seen).messages
    assert folded == saved.messages
    return [(each["role"], each.get("content")) for each in folded[1:]]


@pytest.mark.parametrize("role", ["reasoning", "assistant", "developer"])
async def test_reasoning_may_have_the_role_of_older_releases(role: str) -> None:
    told_of = await conversation_after(*thought("r", *WHOLE, role=role), OPENED, SAID, CLOSED)
    assert told_of == [("reasoning", "hm"), ("assistant", "Hello")]


@pytest.mark.parametrize(
    "events",
    [
        [*thought("m1", *WHOLE), OPENED, SAID, CLOSED],
        [*thought("m1", *WHOLE[:3]), OPENED, *thought("m1", *WHOLE[3:]), SAID, CLOSED],
        [
            {"type": "REASONING_MESSAGE_CHUNK", "messageId": "m1", "delta": "hm"},
            {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "delta": "Hello"},
        ],
    ],
)
async def test_reasoning_and_answer_of_one_id_are_two_messages(events: list[Event]) -> None:
    assert await conversation_after(*events) == [("reasoning", "hm"), ("assistant", "Hello")]


async def test_an_answer_before_its_reasoning_of_the_same_id_stays_an_answer() -> None:
    told_of = await conversation_after(OPENED, SAID, CLOSED, *thought("m1", *WHOLE))
    assert told_of == [("assistant", "Hello"), ("reasoning", "hm")]


async def test_calls_go_into_the_answer_whose_id_they_name() -> None:
    called = {"type": "TOOL_CALL_START", "toolCallId": "c", "toolCallName": "f"}
    ended = {"type": "TOOL_CALL_END", "toolCallId": "c"}
    events = [
        *thought("m1", *WHOLE),
        OPENED,
        SAID,
        CLOSED,
        called | {"parentMessageId": "m1"},
        ended,
    ]
    endpoint = Endpoint([sse(STARTED, *events, FINISHED)])
    async with agent(endpoint) as far:
        messages = fold(await ran(CopilotRuntime({"default": far}), asking())).messages
        answer = messages[2]
        assert [answer["content"], answer["toolCalls"][0]["id"]] == ["Hello", "c"]
        await all_events(far, ask("hi", *messages[1:]))
    assert endpoint.seen[-1][1]["messages"][2]["id"] == "m1"  # as the server itself knows it


@pytest.mark.parametrize(
    "parts",
    [
        ("MESSAGE_CONTENT",),
        ("MESSAGE_START", "MESSAGE_START", "MESSAGE_CONTENT", "MESSAGE_END"),
        ("START", "START", "MESSAGE_CONTENT", "END", "END"),
        ("MESSAGE_END", "MESSAGE_START", "MESSAGE_CONTENT", "MESSAGE_END", "MESSAGE_END", "END"),
    ],
)
async def test_reasoning_in_the_order_of_older_servers_is_taken(parts: tuple[str, ...]) -> None:
    told_of = await conversation_after(*thought("r", *parts), OPENED, SAID, CLOSED)
    assert told_of == [("reasoning", "hm"), ("assistant", "Hello")]


async def test_a_chunk_may_describe_its_stream_anew() -> None:
    chunk = {"type": "TOOL_CALL_CHUNK", "toolCallId": "c", "toolCallName": "f"}
    events = [chunk, chunk | {"toolCallName": "", "delta": "{"}, chunk | {"delta": "}"}]
    events += [{"type": "TOOL_CALL_CHUNK", "toolCallName": "g", "delta": " "}]
    async with agent(Endpoint([sse(STARTED, *events, FINISHED)])) as far:
        [_, message] = fold(await ran(CopilotRuntime({"default": far}), asking())).messages
    [call] = message["toolCalls"]
    assert call["function"] == {"name": "f", "arguments": "{} "}


async def test_what_is_lost_of_an_event_is_told_in_the_log_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    odd = {"type": "CUSTOM", "name": "n", "value": 1, "timestamp": "yesterday"}
    await conversation_after(odd, odd, OPENED, SAID, CLOSED)
    [line] = [it.getMessage() for it in caplog.records if "left out" in it.getMessage()]
    assert "CUSTOM.timestamp" in line


async def test_results_that_are_more_than_text_go_to_servers_that_know_them() -> None:
    source = {"type": "data", "value": "aGk=", "mimeType": "image/png"}
    parts = [{"type": "text", "text": "see"}, {"type": "image", "source": source}]
    called = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    history: list[Event] = [
        {"id": "a", "role": "assistant", "toolCalls": [called]},
        {"id": "r", "role": "tool", "toolCallId": "c", "content": parts},
    ]
    for version, content in (({}, "see\n[image: image/png]"), ({"protocolVersion": "1.0"}, parts)):
        endpoint = Endpoint([sse(STARTED | version, OPENED, SAID, CLOSED, FINISHED)])
        async with agent(endpoint) as far:
            for _ in range(2):
                await all_events(far, ask("hi", *history))
        assert endpoint.seen[1][1]["messages"][-1]["content"] == content
