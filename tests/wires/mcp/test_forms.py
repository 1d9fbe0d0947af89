"""What agents ask for, as the forms that MCP's clients show."""

from __future__ import annotations

import pytest

from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json, JsonObject
from tests.wires.mcp.serving import (
    GENERATIONS,
    META,
    OLD,
    STATELESS,
    Asker,
    User,
    a_runtime,
    calling,
    client_of,
    events_in,
    message,
    plain,
    serving,
    session_of,
)

CHOICES: Event = {
    "id": "i1",
    "reason": "input_required",
    "message": "Which?",
    "responseSchema": {
        "type": "object",
        "properties": {
            "seat": {"type": "string", "oneOf": [{"const": "a", "title": "Aisle"}, {"const": "w"}]},
            "meals": {"type": "array", "items": {"type": "string", "enum": ["soup", "cake"]}},
            "mail": {"type": "string", "format": "email", "maxLength": 50, "pattern": "@"},
        },
        "required": ["seat"],
    },
}


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_choices_are_put_as_forms_have_them(generation: str) -> None:
    filled_in = {"seat": "w", "meals": ["soup", "cake"], "mail": "ann@example.com"}
    asker, user = Asker(CHOICES), User(content=filled_in)
    async with (
        serving(a_runtime(asker=asker)) as origin,
        client_of(origin, generation, user=user) as client,
    ):
        await client.call_tool("asker", {"message": "book"})
    titled = [{"const": "a", "title": "Aisle"}, {"const": "w", "title": "w"}]
    assert user.forms[0].requested_schema["properties"] == {
        "seat": {"type": "string", "oneOf": titled},
        "meals": {"type": "array", "items": {"type": "string", "enum": ["soup", "cake"]}},
        "mail": {"type": "string", "format": "email", "maxLength": 50},
    }
    assert asker.answers == [("i1", "resolved", filled_in)]


async def test_a_form_of_a_session_that_is_not_filled_in_refuses_and_the_call_ends() -> None:
    asker, user = Asker(CHOICES), User(content={"meals": ["soup"]})
    async with (
        serving(a_runtime(asker=asker)) as origin,
        client_of(origin, OLD, user=user) as client,
    ):
        result = await client.call_tool("asker", {"message": "book"})
    assert result.structured_content is not None
    assert result.structured_content["outcome"] == "success"
    assert asker.answers == [("i1", "cancelled", None)]


@pytest.mark.parametrize(
    "responses",
    [
        {},
        {"another": {"action": "accept", "content": {"approved": True}}},
        {"answer": {"action": "accept", "content": {"wrong": True}}},
        {"answer": {"action": "accept"}},
    ],
)
async def test_a_call_that_comes_back_without_the_answer_is_asked_again(
    responses: JsonObject,
) -> None:
    asker = Asker()
    meta = {**META, "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}}
    headers = STATELESS | {"mcp-method": "tools/call", "mcp-name": "asker"}
    called = {"name": "asker", "arguments": {"message": "book"}, "_meta": meta}
    async with serving(a_runtime(asker=asker)) as origin, plain(origin) as client:

        async def call(**more: Json) -> JsonObject:
            body = message("tools/call", {**called, **more})
            answer = await client.post("/mcp", json=body, headers=headers)
            if answer.headers["content-type"] == "application/json":
                found: JsonObject = answer.json()
            else:
                found = events_in(answer.text)[-1][1]
            result: JsonObject = found["result"]
            return result

        first = await call()
        state = first["requestState"]
        second = await call(requestState=state, inputResponses=responses)
        approved = {"answer": {"action": "accept", "content": {"approved": True}}}
        third = await call(requestState=second["requestState"], inputResponses=approved)
    assert second["resultType"] == "input_required"
    assert second["inputRequests"] == first["inputRequests"]
    assert third["structuredContent"]["text"] == "Well.\n\nBooked."
    assert asker.answers == [("i1", "resolved", {"approved": True})]


@pytest.mark.parametrize(
    ("schema", "shown", "given", "answer"),
    [
        ({"type": "string"}, {"type": "string"}, "42", "42"),
        ({}, {"type": "string", "description": "Your answer"}, "42", 42),
        (
            {"type": "string", "oneOf": [{"const": "a", "title": "Aisle"}]},
            {"type": "string", "enum": ["a"], "enumNames": ["Aisle"]},
            *("a", "a"),
        ),
        (
            {"type": "array", "items": {"enum": ["soup"]}},
            {"type": "string", "description": 'JSON: {"type":"array","items":{"enum":["soup"]}}'},
            *('["soup"]', ["soup"]),
        ),
        (
            {
                "type": "object",
                "properties": {"meals": {"type": "array", "items": {"enum": ["s"]}}},
            },
            {
                "type": "string",
                "description": 'JSON: {"type":"object","properties":{"meals":{"type":"array",'
                '"items":{"enum":["s"]}}}}',
            },
            *('{"meals":["s"]}', {"meals": ["s"]}),
        ),
    ],
)
async def test_clients_of_older_versions_are_asked_in_the_forms_that_they_know(
    schema: Json, shown: Json, given: str, answer: Json
) -> None:
    asker = Asker({"id": "i1", "reason": "input_required", "responseSchema": schema})
    questions = []
    async with serving(a_runtime(asker=asker)) as origin, plain(origin) as client:
        headers = await session_of(client, asks=True, version="2025-06-18")
        body = calling("asker", message="book")
        async with client.stream("POST", "/mcp", json=body, headers=headers) as stream:
            async for piece in stream.aiter_text():
                if "elicitation/create" in piece:
                    questions += events_in(piece)
                    result = {"action": "accept", "content": {"answer": given}}
                    reply = {"jsonrpc": "2.0", "id": questions[0][1]["id"], "result": result}
                    await client.post("/mcp", json=reply, headers=headers)
    [(_, question)] = questions
    assert question["params"]["requestedSchema"]["properties"] == {"answer": shown}
    assert asker.answers == [("i1", "resolved", answer)]
