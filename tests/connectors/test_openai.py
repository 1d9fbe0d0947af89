"""What comes back from a model over the chat-completions protocol: events, and closing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from agui_runtime.connectors.openai import ChatOptions, OpenAIAgent
from agui_runtime.core.errors import Misconfigured
from tests.connectors.talk import all_events, ask, kinds, text, tool
from tests.fakes import replies
from tests.fakes.model import ModelServer

SPAN = {
    "REASONING_START",
    "REASONING_MESSAGE_START",
    "REASONING_MESSAGE_CONTENT",
    "REASONING_MESSAGE_END",
    "REASONING_END",
}
SHELF = '[tool:find {"title":"Dune"}] [tool:count {"shelf":7}]'


@asynccontextmanager
async def agent_of(
    model: ModelServer, options: ChatOptions | None = None
) -> AsyncIterator[OpenAIAgent]:
    agent = OpenAIAgent("m", base_url=model.url, options=options)
    try:
        yield agent
    finally:
        await agent.close()


async def test_text_streams_under_the_id_of_the_completion() -> None:
    async with ModelServer() as model, agent_of(model) as agent:
        events = await all_events(agent, ask("Good morning"))

    assert events[:2] == [
        {"type": "TEXT_MESSAGE_START", "messageId": "chatcmpl-1", "role": "assistant"},
        {"type": "TEXT_MESSAGE_CONTENT", "messageId": "chatcmpl-1", "delta": "You "},
    ]
    assert text(events) == "You said: Good morning"
    assert kinds(events)[-2:] == ["TEXT_MESSAGE_END", "RUN_FINISHED"]


async def test_words_are_told_before_the_answer_ends() -> None:
    async with (
        ModelServer() as model,
        agent_of(model) as agent,
        aclosing(agent.run(ask("[hang:3]"))) as events,
    ):
        first = [await anext(events) for _ in range(3)]

    assert text(first) == "You said: "


@pytest.mark.parametrize("field", ["reasoning", "thinking"])
async def test_reasoning_is_a_span_of_its_own(field: str) -> None:
    async with ModelServer() as model, agent_of(model) as agent:
        events = await all_events(agent, ask(f"[{field}:let me see]"))

    assert kinds(events) == [
        "REASONING_START",
        "REASONING_MESSAGE_START",
        "REASONING_MESSAGE_CONTENT",
        "REASONING_MESSAGE_END",
        "REASONING_END",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        *(["REASONING_ENCRYPTED_VALUE"] if field == "reasoning" else []),  # DeepSeek's own field
        "RUN_FINISHED",
    ]
    spans = [event for event in events if event["type"] in SPAN]
    assert {event["messageId"] for event in spans} == {"chatcmpl-1-reasoning"}
    assert "".join(event.get("delta", "") for event in spans) == "let me see"


@pytest.mark.parametrize("order", ["", "[interleave]"])
async def test_parallel_tool_calls_keep_their_arguments_apart(order: str) -> None:
    request = ask(f"[text+tool] {SHELF} {order}", tools=[tool("find"), tool("count")])
    async with ModelServer() as model, agent_of(model) as agent:
        events = await all_events(agent, request)

    starts = [event for event in events if event["type"] == "TOOL_CALL_START"]
    assert starts == [
        {
            "type": "TOOL_CALL_START",
            "toolCallId": f"call_1_{index}",
            "toolCallName": name,
            "parentMessageId": "chatcmpl-1",
        }
        for index, name in enumerate(["find", "count"])
    ]
    arguments = {"call_1_0": "", "call_1_1": ""}
    for event in events:
        if event["type"] == "TOOL_CALL_ARGS":
            arguments[event["toolCallId"]] += event["delta"]
    assert arguments == {"call_1_0": '{"title":"Dune"}', "call_1_1": '{"shelf":7}'}
    assert kinds(events)[:4] == [
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "TOOL_CALL_START",
    ]
    assert [kind for kind in kinds(events) if kind == "TOOL_CALL_END"] == ["TOOL_CALL_END"] * 2


async def test_a_call_ends_as_soon_as_its_arguments_are_whole() -> None:
    request = ask(f"[text+tool] {SHELF}", tools=[tool("find"), tool("count")])
    async with ModelServer() as model, agent_of(model) as agent:
        events = await all_events(agent, request)
    ids = [str(each["toolCallId"]) for each in events if each["type"].startswith("TOOL_CALL")]
    assert ids == sorted(ids)  # the first one has ended when the second begins
    assert kinds(events)[-1] == "RUN_FINISHED"


async def test_text_after_a_tool_call_is_another_message() -> None:
    request = ask(f"[tool+text] {SHELF}", tools=[tool("find")])
    async with ModelServer() as model, agent_of(model) as agent:
        events = await all_events(agent, request)

    assert [e["messageId"] for e in events if e["type"] == "TEXT_MESSAGE_START"] == ["chatcmpl-1-2"]
    assert text(events) == "That was all. "


async def test_ids_that_a_server_leaves_out_are_made() -> None:
    request = ask(f"[text+tool] [noids] {SHELF}", tools=[tool("find"), tool("count")])
    async with ModelServer() as model, agent_of(model) as agent:
        events = await all_events(agent, request)

    parents = {e["parentMessageId"] for e in events if e["type"] == "TOOL_CALL_START"}
    assert parents == {events[0]["messageId"]}
    assert len({e["toolCallId"] for e in events if "toolCallId" in e}) == 2


async def test_ids_that_the_conversation_has_already_are_not_used_again() -> None:
    function = {"name": "find", "arguments": "{}"}
    earlier = {
        "id": "chatcmpl-1",
        "role": "assistant",
        "toolCalls": [{"id": "call_1_0", "type": "function", "function": function}],
    }
    result = {"id": "r", "role": "tool", "toolCallId": "call_1_0", "content": "there"}
    request = ask(earlier, result, SHELF, tools=[tool("find")])
    async with ModelServer() as model, agent_of(model) as agent:
        events = await all_events(agent, request)

    assert events[0]["parentMessageId"] == "chatcmpl-1-2"
    assert events[0]["toolCallId"] == "call_1_0-2"


async def test_the_run_ends_with_its_token_counts() -> None:
    async with ModelServer() as model, agent_of(model) as agent:
        events = await all_events(agent, ask("hello"))

    assert events[-1] == {
        "type": "RUN_FINISHED",
        "threadId": "t1",
        "runId": "r1",
        "usage": [
            {
                "provider": "openai-compatible",
                "model": "m",
                "inputTokens": 11,
                "outputTokens": 7,
                "totalTokens": 18,
                "reasoningTokens": 3,
                "cachedInputTokens": 4,
            }
        ],
    }


async def test_without_token_counts_there_is_no_usage() -> None:
    async with ModelServer() as model, agent_of(model, ChatOptions(include_usage=False)) as agent:
        events = await all_events(agent, ask("hello"))

    assert events[-1] == {"type": "RUN_FINISHED", "threadId": "t1", "runId": "r1"}
    assert "stream_options" not in model.seen[0].body


async def test_wrong_token_counts_are_ignored_and_reported_once_for_a_model(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = {"prompt_tokens": -5, "completion_tokens": 7, "total_tokens": "many"}
    monkeypatch.setattr(replies, "USAGE", wrong)
    async with ModelServer() as model, agent_of(model) as agent:
        for _ in range(3):
            events = await all_events(agent, ask("hello"))

    labels = {"provider": "openai-compatible", "model": "m"}
    assert events[-1]["usage"] == [{**labels, "outputTokens": 7}]
    assert [each.getMessage() for each in caplog.records] == [
        "m counts no tokens in prompt_tokens, total_tokens; that is ignored"
    ]


async def test_runs_at_once_do_not_mix() -> None:
    async with ModelServer() as model, agent_of(model) as agent:
        answers = await asyncio.gather(*(all_events(agent, ask(f"number {n}")) for n in range(8)))

    assert [text(events) for events in answers] == [f"You said: number {n}" for n in range(8)]


async def test_a_finished_run_leaves_its_connection_to_the_next() -> None:
    async with ModelServer() as model, agent_of(model) as agent:
        await all_events(agent, ask("one"))
        await all_events(agent, ask("two"))

    assert model.seen[0].port == model.seen[1].port


async def test_a_closed_agent_opens_new_connections() -> None:
    async with ModelServer() as model, agent_of(model) as agent:
        await all_events(agent, ask("one"))
        await agent.close()
        await all_events(agent, ask("two"))

    assert model.seen[0].port != model.seen[1].port


async def test_closing_a_run_hangs_up_on_the_model() -> None:
    async with ModelServer() as model, agent_of(model) as agent:
        async with aclosing(agent.run(ask("[hang:3]"))) as events:
            await anext(events)
        assert await model.seen[0].closed


@pytest.mark.parametrize("prompt", ["[hang]", "[hang:3]"])
async def test_cancelling_a_run_hangs_up_on_the_model(prompt: str) -> None:
    async with ModelServer() as model, agent_of(model) as agent:
        run = asyncio.create_task(all_events(agent, ask(prompt)))
        seen = await model.request()
        run.cancel()
        assert await seen.closed
        with pytest.raises(asyncio.CancelledError):
            await run


async def test_a_run_that_was_stopped_does_not_disturb_the_next() -> None:
    async with ModelServer() as model, agent_of(model) as agent:
        async with aclosing(agent.run(ask("[hang:3]"))) as events:
            await anext(events)
        assert text(await all_events(agent, ask("again"))) == "You said: again"


def test_openai_itself_is_not_asked_without_a_key() -> None:
    with pytest.raises(Misconfigured, match="api_key"):
        OpenAIAgent("gpt-4o-mini")


@pytest.mark.parametrize("base_url", ["localhost:11434/v1", "ftp://localhost/v1", "http://[::1"])
def test_a_base_url_is_a_url(base_url: str) -> None:
    with pytest.raises(Misconfigured, match="http://"):
        OpenAIAgent("m", base_url=base_url)


@pytest.mark.parametrize("api_key", ["sk-\u2026", "sk-1\nsk-2"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_told(api_key: str) -> None:
    with pytest.raises(Misconfigured, match="api_key") as caught:
        OpenAIAgent("m", base_url="http://localhost", api_key=api_key)
    assert "sk-" not in str(caught.value)
