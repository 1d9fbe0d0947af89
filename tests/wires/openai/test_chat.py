"""Chat completions, as OpenAI's own Python client has them from a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime, Options, RunLimits
from agui_runtime.core.errors import GuardrailDenied, ModelFailure
from agui_runtime.core.events import Event
from agui_runtime.core.requests import request_props
from tests.runtime.worlds import call, text
from tests.wires.openai import snippets
from tests.wires.openai.serving import (
    TOOL,
    USAGE,
    Held,
    Recorder,
    chunks_in,
    client_of,
    plain_client_of,
    serving,
    thought,
    two_calls,
    user,
)


async def chunks(client: Any, **more: Any) -> list[Any]:  # noqa: ANN401  # JSON
    asked = {"model": "default", "messages": [user("hi")], "stream": True, **more}
    return [chunk async for chunk in await client.chat.completions.create(**asked)]


async def test_an_answer_comes_as_a_whole() -> None:
    agent = Recorder(*thought("Well."), *text("m1", "Hello ", "world"), end={"usage": [USAGE]})
    async with client_of(CopilotRuntime({"default": agent})) as client:
        answer = await client.chat.completions.create(model="default", messages=[user("hi")])
    assert answer.id.startswith("chatcmpl-")
    assert answer.object == "chat.completion"
    assert answer.model == "default"
    [choice] = answer.choices
    assert choice.finish_reason == "stop"
    assert choice.message.content == "Hello world"
    assert choice.message.model_extra["reasoning_content"] == "Well."
    assert choice.message.tool_calls is None
    assert answer.usage.model_dump(exclude_none=True) == {
        "prompt_tokens": 11,
        "prompt_tokens_details": {"cached_tokens": 3},
        "completion_tokens": 7,
        "completion_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 18,
    }


async def test_an_answer_comes_piece_by_piece() -> None:
    agent = Recorder(*thought("Well", "."), *text("m1", "Hello ", "world"), end={"usage": [USAGE]})
    async with client_of(CopilotRuntime({"default": agent})) as client:
        got = await chunks(client, stream_options={"include_usage": True})
    assert len({chunk.id for chunk in got}) == 1
    deltas = [each.choices[0].delta for each in got if each.choices]
    assert deltas[0].role == "assistant"
    assert "".join(each.content or "" for each in deltas) == "Hello world"
    thoughts = [(each.model_extra or {}).get("reasoning_content", "") for each in deltas]
    assert "".join(thoughts) == "Well."
    finishes = [each.choices[0].finish_reason for each in got if each.choices]
    assert finishes == [None] * (len(finishes) - 1) + ["stop"]
    assert [each.usage for each in got[:-1]] == [None] * (len(got) - 1)
    assert (got[-1].choices, got[-1].usage.total_tokens) == ([], 18)


async def test_usage_is_not_sent_unless_it_is_requested() -> None:
    runtime = CopilotRuntime({"default": Recorder(end={"usage": [USAGE]})})
    async with plain_client_of(runtime) as client:
        body = {"model": "default", "messages": [user("hi")], "stream": True}
        answer = await client.post("/v1/chat/completions", json=body)
    assert answer.headers["content-type"] == "text/event-stream"
    *got, done = chunks_in(answer.text)
    assert done == "[DONE]"
    assert all("usage" not in chunk for chunk in got)


async def test_a_client_carries_out_tools() -> None:
    """Two calls at once, then an answer that knows their results."""
    agents = {"calling": Recorder(*two_calls()), "default": (answering := Recorder())}
    async with client_of(CopilotRuntime(agents)) as client:
        got = await chunks(client, model="calling", tools=[TOOL])
        pieces = [piece for each in got for piece in each.choices[0].delta.tool_calls or ()]
        called = [(piece.index, piece.function.name) for piece in pieces if piece.id]
        assert called == [(0, "get_weather"), (1, "get_weather")]
        arguments = [
            "".join(p.function.arguments for p in pieces if p.index == index) for index in (0, 1)
        ]
        assert arguments == ['{"city":"Rome"}', '{"city":"Oslo"}']
        assert got[-1].choices[0].finish_reason == "tool_calls"

        whole = await client.chat.completions.create(
            model="calling", messages=[user("hi")], tools=[TOOL]
        )
        [choice] = whole.choices
        assert choice.finish_reason == "tool_calls"
        assert choice.message.content is None
        calls = choice.message.tool_calls
        assert [each.function.arguments for each in calls] == arguments
        results = [{"role": "tool", "tool_call_id": each.id, "content": "sunny"} for each in calls]
        await client.chat.completions.create(
            model="default", messages=[user("hi"), choice.message, *results], tools=[TOOL]
        )
    found: list[Any] = list(answering.requests[0].messages)
    [_, assistant, rome, oslo] = found
    assert [each.id for each in assistant.tool_calls] == [rome.tool_call_id, oslo.tool_call_id]
    assert rome.content == "sunny"
    assert [each.name for each in answering.requests[0].tools or ()] == ["get_weather"]


async def test_no_tool_is_offered_where_the_client_chose_none() -> None:
    agent = Recorder()
    async with client_of(CopilotRuntime({"default": agent})) as client:
        await chunks(client, tools=[TOOL], tool_choice="none")
    assert agent.requests[0].tools == []


async def test_what_the_server_carries_out_itself_is_no_call_for_the_client() -> None:
    """A client would try to carry it out."""
    result = {"type": "TOOL_CALL_RESULT", "messageId": "t", "toolCallId": "c1", "content": "42"}
    events = [*text("m1", "One."), *call("c1", "look", "{}"), result, *text("m2", "Two.")]
    async with client_of(CopilotRuntime({"default": Recorder(*events)})) as client:
        answer = await client.chat.completions.create(
            model="default", messages=[user("hi")], tools=[TOOL]
        )
    [choice] = answer.choices
    assert (choice.finish_reason, choice.message.tool_calls) == ("stop", None)
    assert choice.message.content == "One.\n\nTwo."


async def test_two_texts_at_the_same_time_come_one_after_the_other() -> None:
    one, two = text("m1", "a", "b"), text("m2", "c", "d")
    mixed = [one[0], two[0], one[1], two[1], one[2], two[2], two[3], one[3]]
    async with client_of(CopilotRuntime({"default": Recorder(*mixed)})) as client:
        answer = await client.chat.completions.create(model="default", messages=[user("hi")])
    assert answer.choices[0].message.content == "ab\n\ncd"


async def test_an_answer_that_is_stated_and_not_streamed_is_there() -> None:
    async def stating(request: RunAgentInput) -> AsyncIterator[Event]:
        sent = [each.model_dump(by_alias=True, exclude_none=True) for each in request.messages]
        said = {"id": "a1", "role": "assistant", "content": "As a whole"}
        yield {"type": "MESSAGES_SNAPSHOT", "messages": [*sent, said]}

    async with client_of(CopilotRuntime({"default": stating})) as client:
        got = await chunks(client)
    assert "".join(each.choices[0].delta.content or "" for each in got) == "As a whole"


async def test_pictures_sounds_and_files_reach_the_agent() -> None:
    agent = Recorder()
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,eA=="}}
    linked = {"type": "image_url", "image_url": {"url": "https://x.test/y.png", "detail": "low"}}
    sound = {"type": "input_audio", "input_audio": {"data": "eA==", "format": "wav"}}
    paper = {"file_data": "data:application/pdf;base64,eA==", "filename": "a.pdf"}
    parts = [{"type": "text", "text": "Look"}, picture, linked, sound]
    message: Any = {"role": "user", "content": [*parts, {"type": "file", "file": paper}]}
    async with client_of(CopilotRuntime({"default": agent})) as client:
        await chunks(client, messages=[message])
    given: Any = agent.requests[0].messages[0]
    found = [each.model_dump(by_alias=True, exclude_none=True) for each in given.content]
    assert [each["type"] for each in found] == ["text", "image", "image", "audio", "document"]
    assert found[1]["source"] == {"type": "data", "value": "eA==", "mimeType": "image/png"}
    assert found[2]["source"] == {"type": "url", "value": "https://x.test/y.png"}
    assert found[4]["metadata"] == {"filename": "a.pdf"}


async def test_how_to_sample_and_prompts_reach_the_agent() -> None:
    agent = Recorder()
    prompts: Any = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
    ]
    async with client_of(CopilotRuntime({"default": agent})) as client:
        await client.chat.completions.create(
            model="default",
            messages=[*prompts, user("hi")],
            temperature=0.5,
            max_completion_tokens=9,
            stop="x",
            tools=[TOOL],
            tool_choice={"type": "function", "function": {"name": "get_weather"}},
        )
    props = request_props(agent.requests[0])
    assert {key: props[key] for key in ("temperature", "maxTokens", "stop")} == {
        "temperature": 0.5,
        "maxTokens": 9,
        "stop": ["x"],
    }
    assert props["toolChoice"] == {"type": "function", "function": {"name": "get_weather"}}
    assert agent.messages == [("system", "Be brief."), ("developer", "Be kind."), ("user", "hi")]


async def test_a_question_of_the_agent_is_text() -> None:
    interrupt = {"id": "i1", "reason": "input_required", "message": "Which one?"}
    end = {"outcome": {"type": "interrupt", "interrupts": [interrupt]}}
    async with client_of(CopilotRuntime({"default": Recorder(end=end)})) as client:
        answer = await client.chat.completions.create(model="default", messages=[user("hi")])
    [choice] = answer.choices
    assert (choice.finish_reason, choice.message.content) == ("stop", "Hello world\n\nWhich one?")


async def failing(request: RunAgentInput) -> AsyncIterator[Event]:
    """At once for the word `now`, and else in the middle of its answer."""
    if request.messages[-1].content != "now":
        for event in text("m1", "Hel"):
            yield event
    raise ModelFailure("RATE_LIMITED", "slow down", 429)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_failure_before_the_first_word_is_a_status(stream: bool) -> None:
    async with client_of(CopilotRuntime({"default": failing})) as client:
        with pytest.raises(openai.RateLimitError, match="slow down") as caught:
            await client.chat.completions.create(
                model="default", messages=[user("now")], stream=stream
            )
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.response.headers["x-should-retry"] == "false"


async def test_a_failure_in_the_middle_is_no_short_answer() -> None:
    async with client_of(CopilotRuntime({"default": failing})) as client:
        stream = await client.chat.completions.create(
            model="default", messages=[user("hi")], stream=True
        )
        words = ""
        with pytest.raises(openai.APIError, match="slow down"):
            async for chunk in stream:
                words += chunk.choices[0].delta.content or ""
    assert words == "Hel"


async def test_a_run_that_somebody_else_stops_is_no_short_answer() -> None:
    agent = Held()
    runtime = CopilotRuntime({"default": agent})
    async with client_of(runtime, headers={"x-thread-id": "t1"}) as client:

        async def read() -> None:
            await chunks(client)

        reading = asyncio.create_task(read())
        await agent.reached.wait()
        [live] = [await runtime.store.log.active("t1")]
        assert live
        await runtime.store.log.ask_stop("t1")
        with pytest.raises(openai.APIError, match="stopped"):
            await reading


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_goes_away_stops_the_run(stream: bool) -> None:
    agent = Held()
    async with client_of(CopilotRuntime({"default": agent})) as client:

        async def read() -> None:
            answer = await client.chat.completions.create(
                model="default", messages=[user("hi")], stream=stream
            )
            if stream:
                async for _ in answer:
                    pass

        reading = asyncio.create_task(read())
        await agent.reached.wait()
        reading.cancel()
        await asyncio.wait([reading])
        await agent.closed.wait()


async def test_what_a_guardrail_denies_is_a_finish_of_its_own() -> None:
    async def denied(request: RunAgentInput) -> AsyncIterator[Event]:
        yield {"type": "STEP_STARTED", "stepName": "check"}
        raise GuardrailDenied("not about that")

    async with client_of(CopilotRuntime({"default": denied})) as client:
        answer = await client.chat.completions.create(model="default", messages=[user("hi")])
    [choice] = answer.choices
    assert (choice.finish_reason, choice.message.refusal) == ("content_filter", "not about that")


async def test_an_answer_that_was_too_long_says_so() -> None:
    agent = Recorder(*text("m1", *"a" * 500))
    runtime = CopilotRuntime({"default": agent}, options=Options(limits=RunLimits(events=100)))
    async with client_of(runtime) as client:
        answer = await client.chat.completions.create(model="default", messages=[user("hi")])
    assert answer.choices[0].finish_reason == "length"
    assert set(answer.choices[0].message.content) == {"a"}


async def test_every_agent_is_a_model() -> None:
    agents = {"default": Recorder(), "team/writer": Recorder()}
    async with client_of(CopilotRuntime(agents)) as client:
        found = [each.id async for each in client.models.list()]
        one = await client.models.retrieve("team/writer")
        with pytest.raises(openai.NotFoundError, match="there are default, team/writer") as caught:
            await client.models.retrieve("gpt")
    assert found == ["default", "team/writer"]
    assert (one.id, one.object) == ("team/writer", "model")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


@pytest.mark.parametrize(
    "word",
    ["client.chat.completions", "previous_response_id", "conversations.create"],
)
async def test_a_snippet_of_the_documentation_works(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving(CopilotRuntime({"default": Recorder()})) as origin:
        await snippets.run(word, origin)
    assert capsys.readouterr().out.strip() == "Hello world"
