"""Odd values in each place of a request: an answer in OpenAI's form, and never a fault of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from agui_runtime import CopilotRuntime, ServerOptions
from agui_runtime.core.events import ANONYMOUS
from agui_runtime.wires.openai.response_ids import (
    ApprovalPlace,
    ItemPlace,
    Place,
    approval_id,
    item_id,
    response_id,
)
from agui_runtime.wires.shared.bodies import BodyLimits
from tests.wires.openai.serving import TOOL, Recorder, client_of, plain_client_of, user
from tests.wires.openai.test_refusals import error_of
from tests.wires.openai.test_responses import TOOLS, respond

Json = Any

ODD: list[Json] = [None, 7, True, "", "x" * 2000, "\u0000", [[]], {"a": []}]

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,eA=="}}

CHAT = {
    "model": "default",
    "messages": [
        user("hi"),
        {"role": "assistant", "content": "Well", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "1"},
        {"role": "user", "content": [PICTURE]},
    ],
    "tools": [TOOL],
    "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
    "stream_options": {"include_usage": True},
    "metadata": {"thread_id": "t1"},
}

RESPONSE = {
    "model": "default",
    "instructions": "Be brief.",
    "input": [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
        {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "1"},
        {"type": "item_reference", "id": item_id(ItemPlace("msg", "t1", "m1"))},
        {
            "type": "mcp_approval_response",
            "approval_request_id": approval_id(ApprovalPlace("t1", "r1", "i1")),
            "approve": True,
            "reason": "why not",
        },
    ],
    "tools": TOOLS,
    "conversation": {"id": "t1"},
    "previous_response_id": response_id(Place("t1", "r1", "e.1")),
    "metadata": {"key": "value"},
    "text": {"format": {"type": "text"}},
    "reasoning": {"effort": "low"},
    "store": True,
    "background": False,
    "stream": False,
}

CONVERSATION = {"items": RESPONSE["input"][:3], "metadata": {"key": "value"}}


def damaged(body: Json, value: Json) -> Iterator[Json]:
    """The body with that in each of its places, one after the other."""
    yield value
    if isinstance(body, dict):
        for key, held in body.items():
            yield from ({**body, key: each} for each in damaged(held, value))
            yield {name: it for name, it in body.items() if name != key}
    if isinstance(body, list):
        for index, held in enumerate(body):
            for each in damaged(held, value):
                yield [*body[:index], each, *body[index + 1 :]]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("chat/completions", CHAT),
        ("responses", RESPONSE),
        ("conversations", CONVERSATION),
        ("conversations/t1/items", CONVERSATION),
    ],
    ids=["chat", "responses", "conversations", "items"],
)
async def test_odd_values_are_answered_in_openai_s_form(path: str, body: Json) -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    async with plain_client_of(runtime) as client:
        await client.post("/v1/responses", json=RESPONSE | {"input": "hi", "conversation": "t1"})
        for value in ODD:
            for sent in damaged(body, value):
                answer = await client.post(f"/v1/{path}", json=sent)
                assert answer.status_code in {200, 400, 404, 409, 413}, sent
                if answer.status_code != 200:
                    error_of(answer)


async def test_what_is_no_object_of_json_or_too_much_is_refused_on_each_path() -> None:
    small = ServerOptions(body=BodyLimits(bytes=3000, messages=3))
    made = {"content-type": "application/json"}
    async with plain_client_of(CopilotRuntime({"default": Recorder()}), small) as client:
        for path in ("responses", "conversations"):
            for text in (b"", b"{", b"[]", b"null", b"\xff", b'{"input": ' + b"[" * 500):
                answer = await client.post(f"/v1/{path}", content=text, headers=made)
                assert answer.status_code in {400, 413}, text
                error_of(answer)
        huge = {"model": "default", "input": "x" * 4000}
        many = {"model": "default", "input": [user("hi")] * 4}
        for path, body in (
            ("responses", huge),
            ("responses", many),
            ("conversations", {"items": [user("hi")] * 4}),
        ):
            answer = await client.post(f"/v1/{path}", json=body)
            assert (answer.status_code, error_of(answer)["code"]) == (413, "request_too_large")


async def test_an_output_answers_one_call_once() -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    call = {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "c1", "output": "1"}
    async with plain_client_of(runtime) as client:
        for given, code in (
            ([output], "invalid_value"),
            ([{**call, "call_id": "c2"}, output], "invalid_value"),
            ([call, output, output], "duplicate_output"),
        ):
            body = {"model": "default", "input": given}
            answer = await client.post("/v1/responses", json=body)
            assert (answer.status_code, error_of(answer)["code"]) == (400, code)
        assert (await runtime.threads.list(ANONYMOUS)).threads == []
    async with client_of(runtime) as client:
        await respond(client, [call, output], conversation="t1")
        with pytest.raises(Exception, match="has an output already"):
            await respond(client, [output], conversation="t1")
