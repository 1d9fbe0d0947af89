"""What agents of remote endpoints say, in both dialects, recorded and made up, as AG-UI events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from agui_runtime.connectors.copilotkit import RemoteEndpoint
from agui_runtime.connectors.shared.remote import SizeLimits
from agui_runtime.core.events import Event
from agui_runtime.core.fold import fold
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.graphql.nouns.errors import failure_details
from tests.connectors.recorded import RELEASES, recorded
from tests.connectors.talk import kinds
from tests.fakes.endpoint import Block, Break, Endpoint, lines
from tests.fakes.options import as_options
from tests.runtime.worlds import asking, ran
from tests.support import served

Line = Mapping[str, Any]


def speaker(endpoint: Endpoint) -> Starlette:
    """A remote endpoint with one agent, whose answers are those of this endpoint."""

    async def info(request: Request) -> Response:
        return JSONResponse({"agents": [{"name": "far", "type": "any"}], "actions": []})

    endpoint.kind = "application/json"
    routes = [Route("/info", info, methods=["POST"]), Mount("/", endpoint.app)]
    return Starlette(routes=routes)


@asynccontextmanager
async def runtime_with(app: Starlette, **options: Any) -> AsyncIterator[CopilotRuntime]:  # noqa: ANN401
    async with served(app) as origin:
        runtime = CopilotRuntime({}, remotes=[RemoteEndpoint(origin, **as_options(options))])
        try:
            yield runtime
        finally:
            await runtime.close()


async def events_of(*blocks: Block, **options: Any) -> list[Event]:  # noqa: ANN401
    """The whole run of an agent that says these blocks."""
    async with runtime_with(speaker(Endpoint(blocks)), **options) as runtime:
        return await ran(runtime, asking(agent="far"))


def streamed(message: str | None = None, **chunk: Any) -> Line:  # noqa: ANN401  # JSON
    """One piece of a model's answer, as LangChain serialises it."""
    about = chunk.pop("metadata", {})
    kwargs = {"content": "", **({"id": message} if message else {}), **chunk}
    data = {"chunk": {"lc": 1, "type": "constructor", "kwargs": kwargs}}
    return {"event": "on_chat_model_stream", "data": data, "metadata": about}


def piece(index: int, args: str, call: str | None = None, name: str | None = None) -> Line:
    return {"index": index, "args": args, "id": call, "name": name}


def texts(events: Sequence[Event]) -> dict[str, str]:
    messages = fold(events).messages
    return {it["id"]: it["content"] for it in messages if it.get("content")}


def calls(events: Sequence[Event]) -> dict[str, str]:
    every = [call for it in fold(events).messages for call in it.get("toolCalls") or ()]
    return {call["function"]["name"]: call["function"]["arguments"] for call in every}


@pytest.mark.parametrize("release", RELEASES)
async def test_a_custom_agent_of_a_real_release_is_understood(release: str) -> None:
    async with runtime_with(recorded(release)) as runtime:
        events = await ran(runtime, asking(agent="echo", thread="th-echo"))
    assert kinds(events) == [
        "RUN_STARTED",
        "STATE_SNAPSHOT",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "TOOL_CALL_START",
        "TOOL_CALL_ARGS",
        "TOOL_CALL_END",
        "TOOL_CALL_RESULT",
        "STATE_SNAPSHOT",
        "RUN_FINISHED",
    ]
    folded = fold(events)
    assert folded.state == {"a": 1}
    said, result = folded.messages[1:]
    assert said["content"] == "Hello"
    assert said["toolCalls"][0]["function"] == {"name": "greet_user", "arguments": '{"name":"x"}'}
    assert result["content"] == "Hello x"


async def test_a_graph_of_a_real_release_is_understood() -> None:
    sent = [{"id": "u1", "role": "user", "content": "hi"}]
    async with runtime_with(recorded("0.1.70")) as runtime:
        events = await ran(runtime, asking(agent="lg_chat", thread="th-lg_chat", messages=sent))
    assert [e["delta"] for e in events if e["type"] == "TEXT_MESSAGE_CONTENT"] == [
        "Hel",
        "lo ",
        "world",
    ]
    folded = fold(events)
    assert folded.state == {"copilotkit": {"actions": []}, "counter": 42}
    assert [it["content"] for it in folded.messages] == ["hi", "Hello world"]
    assert events[-1]["type"] == "RUN_FINISHED"


async def test_a_graphs_call_of_a_tool_is_understood() -> None:
    async with runtime_with(recorded("0.1.70")) as runtime:
        events = await ran(runtime, asking(agent="lg_tool", thread="th-lg_tool"))
    assert calls(events) == {"greet_user": '{"name":"Bob"}'}


async def test_a_graphs_question_and_the_answer_go_through() -> None:
    async with runtime_with(recorded("0.1.70")) as runtime:
        asked = asking(agent="lg_interrupt", thread="th-lg_interrupt")
        events = await ran(runtime, asked)
        asked.input.forwarded_props = {"command": {"resume": "yes"}}
        answered = await ran(runtime, asked)
    custom = [event for event in events if event["type"] == "CUSTOM"]
    assert [(event["name"], event["value"]) for event in custom] == [("on_interrupt", "approve?")]
    # The graph streams nothing here: its last state tells what it said.
    assert [it["content"] for it in fold(answered).messages] == ["hi", "got yes"]


async def test_calls_side_by_side_keep_their_arguments() -> None:
    events = await events_of(
        lines(
            streamed("m1", content="I call"),
            streamed("m1", tool_call_chunks=[piece(0, "", "c1", "f"), piece(1, "", "c2", "g")]),
            streamed("m1", tool_call_chunks=[piece(1, '{"b":2}')]),
            streamed("m1", response_metadata={"finish_reason": "tool_calls"}),
            streamed("m2", content=[{"type": "text", "text": "Done"}]),
        )
    )
    assert calls(events) == {"f": "", "g": '{"b":2}'}
    assert texts(events)["m2"] == "Done"
    assert events[-1]["type"] == "RUN_FINISHED"


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}]}],
        [{"type": "thinking", "thinking": "Hm"}],
        [[{"type": "reasoning_content", "reasoning_content": {"text": "Hm"}}]],
    ],
)
async def test_a_graphs_reasoning_is_shown_before_its_answer(content: object) -> None:
    answer = streamed("m1", content=[{"type": "text", "text": "Done"}])
    events = await events_of(lines(streamed("m1", content=content), answer))
    [thought] = [e["delta"] for e in events if e["type"] == "REASONING_MESSAGE_CONTENT"]
    assert thought == "Hm"
    assert texts(events)["m1"] == "Done"


async def test_a_graph_says_what_is_shown() -> None:
    quiet = {"copilotkit:emit-messages": False}
    no_calls = {"copilotkit:emit-tool-calls": False}
    only_g = {"copilotkit:emit-tool-calls": ["g"]}
    just_h = {"copilotkit:emit-tool-calls": "h"}
    events = await events_of(
        lines(
            streamed("m1", content="hidden", metadata=quiet),
            streamed("m2", tool_call_chunks=[piece(0, "{}", "c1", "f")], metadata=no_calls),
            streamed("m3", tool_call_chunks=[piece(0, "{}", "c2", "f")], metadata=only_g),
            streamed("m4", tool_call_chunks=[piece(0, "{}", "c3", "g")], metadata=only_g),
            streamed("m5", tool_call_chunks=[piece(0, "{}", "c4", "h")], metadata=just_h),
        )
    )
    assert calls(events) == {"g": "{}", "h": "{}"}
    assert "hidden" not in str(events)


async def test_what_a_graph_emits_by_hand_is_shown() -> None:
    def custom(event: str, **data: Any) -> Line:  # noqa: ANN401  # JSON
        return {"event": "on_custom_event", "name": event, "data": data}

    events = await events_of(
        lines(
            custom("copilotkit_manually_emit_message", message_id="m1", message="By hand"),
            custom("copilotkit_manually_emit_tool_call", id="c1", name="f", args={"x": 1}),
            custom("copilotkit_exit"),
            custom("mine", value=1),
        )
    )
    assert texts(events)["m1"] == "By hand"
    assert calls(events) == {"f": '{"x":1}'}
    assert [(e["name"], e["value"]) for e in events if e["type"] == "CUSTOM"] == [
        ("mine", {"value": 1})
    ]


async def test_a_graph_that_fails_fails_the_run() -> None:
    error = {"type": "AuthenticationError", "message": "key sk-abcdef123456", "status_code": 401}
    events = await events_of(
        lines(
            streamed("m1", content="Half"),
            {"event": "error", "data": {}},
            {"event": "on_copilotkit_error", "data": {"error": error}},
            streamed("m1", content=" more"),
        )
    )
    assert events[-1]["type"] == "RUN_ERROR"
    assert events[-1]["message"] == "AuthenticationError: key [hidden]"
    assert events[-1]["metadata"] == {"status": 401, "errorType": "AuthenticationError"}
    assert texts(events)["m1"] == "Half"


@pytest.mark.parametrize(
    ("status", "told"), [(401, 401), ("429", 429), (None, 503), (0, 503), ("x", 503)]
)
async def test_an_error_line_is_told_to_pages_of_1_10_as_the_reference_does(
    status: object, told: int
) -> None:
    error = {"type": "RateLimitError", "message": "slow down", "status_code": status}
    [*_, failed] = await events_of(
        lines({"event": "on_copilotkit_error", "data": {"error": error}})
    )
    original = failure_details(failed)["originalError"]
    assert original["code"] == "NETWORK_ERROR"
    assert (original["statusCode"], original["originalErrorType"]) == (told, "RateLimitError")


BROKEN: list[tuple[str, list[Block], str]] = [
    ("not JSON", [lines({"type": "TextMessageStart", "messageId": "m"}), b"{oops\n"], "PROTOCOL"),
    ("no object", [b"[1]\n"], "PROTOCOL"),
    ("no id", [lines({"type": "TextMessageStart"})], "PROTOCOL"),
    ("no data", [lines({"event": "on_chat_model_stream", "data": 7})], "PROTOCOL"),
    ("10 MB", [b'{"type": "x' + b"x" * 10_000_000], "PROTOCOL"),
    ("endless", [lines({"event": "on_chain_start"}) * 1000] * 20, "REMOTE_TOO_LARGE"),
    ("falls over", [lines({"type": "TextMessageStart", "messageId": "m"}), Break], "REMOTE_BROKEN"),
]


@pytest.mark.parametrize(
    ("blocks", "code"), [it[1:] for it in BROKEN], ids=[it[0] for it in BROKEN]
)
async def test_whatever_an_endpoint_does_a_run_has_one_end(blocks: list[Block], code: str) -> None:
    sizes = SizeLimits(stream=300_000) if code == "REMOTE_TOO_LARGE" else SizeLimits()
    events = await events_of(*blocks, sizes=sizes)
    ends = [event for event in events if event["type"] in {"RUN_ERROR", "RUN_FINISHED"}]
    assert ends == [events[-1]]
    assert code in ends[0]["code"]


async def test_lines_may_be_cut_anywhere_and_the_last_need_not_end() -> None:
    whole = lines(streamed("m1", content="Größe"), streamed("m1", content=" zählt")).rstrip()
    events = await events_of(*(whole[at : at + 5] for at in range(0, len(whole), 5)))
    assert texts(events)["m1"] == "Größe zählt"


async def test_a_stop_closes_the_connection_to_the_endpoint() -> None:
    endpoint = Endpoint([lines(streamed("m1", content="Hello")), asyncio.Event()])
    async with runtime_with(speaker(endpoint)) as runtime:
        handle = await runtime.start(asking(agent="far"))
        async for batch in handle.batches():
            if any(it.event["type"] == "TEXT_MESSAGE_CONTENT" for it in batch.records):
                await handle.stop()
        await endpoint.cut.wait()
        [run] = await runtime.store.threads.runs("t1")
    assert run.status == "stopped"
