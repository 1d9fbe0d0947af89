"""Responses, as OpenAI's own Python client has them from a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime
from agui_runtime.core.events import ANONYMOUS, Event
from agui_runtime.wires.openai.response_ids import place_of
from tests.runtime.worlds import text
from tests.wires.openai.serving import (
    TOOL,
    USAGE,
    Recorder,
    chunks_in,
    client_of,
    plain_client_of,
    thought,
    two_calls,
)
from tests.wires.openai.story import failing
from tests.wires.openai.test_threads import HELLO, HI, MORE, spoken, stored

TOOLS: Any = [{"type": "function", **TOOL["function"]}]  # type: ignore[dict-item]  # an object


async def respond(client: Any, words: Any = "hi", **more: Any) -> Any:  # noqa: ANN401  # JSON
    return await client.responses.create(**{"model": "default", "input": words, **more})


def thread_of(response: Any) -> str:  # noqa: ANN401  # the client's
    place = place_of(response.id)
    assert place is not None
    return place.thread_id


async def test_a_response_comes_as_a_whole() -> None:
    agent = Recorder(*thought("Well."), *text("m1", "Hello ", "world"), end={"usage": [USAGE]})
    async with client_of(CopilotRuntime({"default": agent})) as client:
        response = await respond(client, instructions="Be brief.", temperature=0.5)
    assert (response.status, response.model, response.error) == ("completed", "default", None)
    assert response.output_text == "Hello world"
    assert [item.type for item in response.output] == ["reasoning", "message"]
    assert response.output[0].summary[0].text == "Well."
    assert (response.instructions, response.temperature) == ("Be brief.", 0.5)
    assert (response.usage.input_tokens, response.usage.output_tokens) == (11, 7)
    assert response.usage.input_tokens_details.cached_tokens == 3
    assert response.usage.output_tokens_details.reasoning_tokens == 2
    assert agent.messages == [("system", "Be brief."), ("user", "hi")]


async def test_the_stream_helper_accepts_each_event_and_ends_with_the_same() -> None:
    agent = Recorder(
        *thought("Well", "."), *text("m1", "Hello ", "world"), *two_calls(), end={"usage": [USAGE]}
    )
    async with (
        client_of(CopilotRuntime({"default": agent})) as client,
        client.responses.stream(model="default", input="hi", tools=TOOLS) as stream,
    ):
        events = [event async for event in stream]
        final = await stream.get_final_response()
    words = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(words) == final.output_text == "Hello world"
    calls = [item for item in final.output if item.type == "function_call"]
    assert [each.arguments for each in calls] == ['{"city":"Rome"}', '{"city":"Oslo"}']
    assert [item.type for item in final.output[:2]] == ["reasoning", "message"]
    numbers = [event.sequence_number for event in events]
    assert numbers[0] == 0
    assert numbers == sorted(set(numbers))


async def test_a_client_carries_out_tools_and_goes_on_from_the_response() -> None:
    runtime = CopilotRuntime({"default": Recorder(*two_calls()), "after": (after := Recorder())})
    async with client_of(runtime) as client:
        first = await respond(client, tools=TOOLS)
        results = [
            {"type": "function_call_output", "call_id": item.call_id, "output": "sunny"}
            for item in first.output
        ]
        second = await respond(
            client, results, model="after", tools=TOOLS, previous_response_id=first.id
        )
    assert second.previous_response_id == first.id
    assert thread_of(second) == thread_of(first)
    roles = [each.role for each in after.requests[0].messages]
    assert (roles[0], roles.count("tool"), roles.count("user")) == ("user", 2, 1)


async def test_a_client_that_sends_all_items_again_needs_no_thread() -> None:
    runtime = CopilotRuntime(
        {"default": Recorder(*thought("Hm."), *two_calls()), "after": (after := Recorder())}
    )
    async with client_of(runtime) as client:
        first = await respond(client, tools=TOOLS, store=False)
        items = [item.model_dump(exclude_none=True) for item in first.output]
        results = [
            {"type": "function_call_output", "call_id": item["call_id"], "output": "sunny"}
            for item in items
            if item["type"] == "function_call"
        ]
        await respond(
            client,
            [{"role": "user", "content": "hi"}, *items, *results],
            model="after",
            store=False,
        )
        assert (await runtime.threads.list(ANONYMOUS)).threads == []
        with pytest.raises(openai.NotFoundError):
            await client.responses.retrieve(first.id)
    assert [each.content for each in after.requests[0].messages if each.role == "tool"] == [
        "sunny",
        "sunny",
    ]


async def test_a_response_goes_on_from_the_one_before() -> None:
    runtime = CopilotRuntime({"default": (agent := Recorder())})
    async with client_of(runtime) as client:
        first = await respond(client)
        second = await respond(client, "more", previous_response_id=first.id)
        assert spoken(await stored(runtime, thread_of(first))) == [HI, HELLO, MORE, HELLO]
    assert thread_of(second) == thread_of(first)
    assert agent.messages == [HI, HELLO, MORE]


async def test_going_on_from_an_older_response_takes_nothing_back() -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    async with client_of(runtime) as client:
        first = await respond(client)
        await respond(client, "more", previous_response_id=first.id)
        other = await respond(client, "other", previous_response_id=first.id)
        assert spoken(await stored(runtime, thread_of(first))) == [HI, HELLO, MORE, HELLO]
        fork = spoken(await stored(runtime, thread_of(other)))
    assert fork == [HI, HELLO, ("user", "other"), HELLO]


async def test_a_conversation_is_a_thread() -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    async with client_of(runtime) as client:
        first = await respond(client, conversation="t1")
        assert first.conversation.id == "t1"
        await respond(client, "more", conversation={"id": "t1"})
        assert spoken(await stored(runtime)) == [HI, HELLO, MORE, HELLO]


async def test_a_failure_is_an_event_of_the_stream_and_else_a_status() -> None:
    async with client_of(CopilotRuntime({"default": failing})) as client:
        with pytest.raises(openai.InternalServerError, match="the model broke off"):
            await respond(client)
        events = [event async for event in await respond(client, stream=True)]
        assert events[-1].type == "response.failed"
        assert events[-1].response.error.message == "the model broke off"
        assert events[-1].response.output[0].content[0].text == "Hel"
        found = await client.responses.retrieve(events[-1].response.id)
    assert (found.status, found.error.message) == ("failed", "the model broke off")


async def test_items_have_ids_of_their_own_where_an_agent_uses_one_twice() -> None:
    async def again(request: RunAgentInput) -> AsyncIterator[Event]:
        """Says two messages under one id."""
        for event in [*text("m1", "One"), *text("m1", "Two")]:
            yield event

    async with (
        client_of(CopilotRuntime({"default": again})) as client,
        client.responses.stream(model="default", input="hi") as stream,
    ):
        final = await stream.get_final_response()
    assert [item.content[0].text for item in final.output] == ["One", "Two"]
    assert len({item.id for item in final.output}) == 2


async def test_what_a_guardrail_denied_is_a_refusal() -> None:
    async def denied(request: RunAgentInput) -> AsyncIterator[Event]:
        """Ends as a run does whose guardrail denies."""
        code = "GUARDRAILS_VALIDATION_FAILED"
        yield {"type": "RUN_ERROR", "message": "not about bombs", "code": code}

    async with client_of(CopilotRuntime({"default": denied})) as client:
        response = await respond(client)
        async with client.responses.stream(model="default", input="hi") as stream:
            types = [event.type async for event in stream]
    assert response.status == "incomplete"
    assert response.incomplete_details.reason == "content_filter"
    [item] = response.output
    assert (item.content[0].type, item.content[0].refusal) == ("refusal", "not about bombs")
    assert types[-1] == "response.incomplete"
    assert types.count("response.output_item.added") == types.count("response.output_item.done")


async def test_the_ends_of_a_stream_are_as_open_responses_demands() -> None:
    body = {"model": "default", "input": "hi", "stream": True, "tools": TOOLS}
    async with plain_client_of(CopilotRuntime({"default": Recorder()})) as client:
        answer = await client.post("/v1/responses", json=body)
    *events, done = chunks_in(answer.text)
    assert done == "[DONE]"
    assert [line[7:] for line in answer.text.splitlines() if line.startswith("event: ")] == [
        event["type"] for event in events
    ]
    for event in (events[0], events[-1]):
        assert event["response"].keys() >= REQUIRED
    assert events[-1]["response"]["tools"][0].keys() >= {"description", "parameters", "strict"}


REQUIRED = {
    *(
        "id",
        "object",
        "created_at",
        "completed_at",
        "status",
        "incomplete_details",
    ),
    *(
        "model",
        "previous_response_id",
        "instructions",
        "output",
        "error",
        "tools",
    ),
    *(
        "tool_choice",
        "truncation",
        "parallel_tool_calls",
        "text",
        "top_p",
    ),
    *(
        "presence_penalty",
        "frequency_penalty",
        "top_logprobs",
        "temperature",
        "reasoning",
    ),
    *(
        "usage",
        "max_output_tokens",
        "max_tool_calls",
        "store",
        "background",
    ),
    *(
        "service_tier",
        "metadata",
        "safety_identifier",
        "prompt_cache_key",
    ),
}
"""Keys of a response that Open Responses (2026-04-24) requires to be present."""

SERVER_CALL = {"type": "mcp_call", "id": "c1", "name": "look", "arguments": "{}"}

BAD = [
    ({"input": "hi"}, "model"),
    ({"input": None}, "input"),
    ({"input": []}, "input"),
    ({"input": [{"type": []}]}, "input.0.type"),
    ({"input": [{"type": "web_search_call"}]}, "input.0.type"),
    ({"input": [{"role": "robot", "content": "hi"}]}, "input.0.role"),
    ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, None),
    ({"input": [{"type": "function_call", "call_id": "c"}]}, "input.0.name"),
    ({"input": [{"type": "function_call_output", "output": "1"}]}, "input.0.call_id"),
    ({"background": True, "store": False}, "background"),
    ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input"),
    ({"input": [{"type": "item_reference"}]}, "input.0.id"),
    ({"input": [{"type": "function_call_output", "call_id": "c", "output": "1"}]}, "input"),
    ({"input": [{"type": "mcp_approval_response", "approve": True}]}, None),
    ({"input": [{"type": "mcp_approval_response", "approval_request_id": "x"}]}, None),
    ({"input": [{**SERVER_CALL, "output": {"odd": 1}}]}, "input.0.output"),
    ({"prompt": {"id": "pmpt_1"}}, "prompt"),
    ({"metadata": "x"}, "metadata"),
    ({"temperature": "hot"}, "temperature"),
    ({"max_output_tokens": []}, "max_output_tokens"),
    ({"text": 7}, "text"),
    ({"reasoning": []}, "reasoning"),
    ({"conversation": 7}, "conversation"),
    ({"conversation": {}}, "conversation"),
    ({"conversation": ""}, "conversation"),
    ({"conversation": "t1", "previous_response_id": "resp_x"}, "conversation"),
    ({"previous_response_id": "resp_x"}, "previous_response_id"),
    ({"previous_response_id": 7}, "previous_response_id"),
    ({"instructions": []}, "instructions"),
    ({"tools": [{"type": "file_search"}]}, "tools.0.type"),
]


@pytest.mark.parametrize(("wrong", "param"), BAD)
async def test_a_field_that_is_wrong_is_named(wrong: dict[str, Any], param: str | None) -> None:
    body = wrong if param == "model" else {"model": "default", "input": "hi", **wrong}
    async with plain_client_of(CopilotRuntime({"default": Recorder()})) as client:
        answer = await client.post("/v1/responses", json=body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert param is None or error["param"] == param


async def test_responses_that_there_are_not_are_not_found() -> None:
    async with plain_client_of(CopilotRuntime({"default": Recorder()})) as client:
        for id_ in ("resp_x", "resp_%00", "resp_" + "x" * 5000, "nothing"):
            for request in (
                client.get(f"/v1/responses/{id_}"),
                client.post(f"/v1/responses/{id_}/cancel"),
            ):
                answer = await request
                assert answer.status_code == 404
                assert answer.json()["error"]["code"] == "not_found"
        made = await client.post("/v1/responses", json={"model": "default", "input": "hi"})
        path = f"/v1/responses/{made.json()['id']}"
        wrong = await client.get(path, params={"starting_after": "x"})
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "starting_after")
