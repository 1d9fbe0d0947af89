"""GraphQL over HTTP: what is answered to whom, and in which form."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.shared.bodies import BodyLimits
from tests.wires.graphql.merging import merged
from tests.wires.graphql.runs import text
from tests.wires.graphql.serving import PATH, chat, payloads, serving

GRAPHQL = "application/graphql-response+json; charset=utf-8"
JSON = "application/json; charset=utf-8"
AS_JSON = {"content-type": "application/json"}
HELLO = {"query": "{ hello }"}


async def greeter(request: RunAgentInput) -> AsyncIterator[Event]:
    for event in text("m1", "Hello ", "there"):
        yield event


def runtime() -> CopilotRuntime:
    return CopilotRuntime(agents={"default": greeter})


def told(response: httpx.Response) -> Any:  # noqa: ANN401  # JSON
    return orjson.loads(response.content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"query": "{ hello ', "POST body sent invalid JSON."),
        (b"", "POST body sent invalid JSON."),
        (b"[" * 100, "POST body sent invalid JSON."),
        (b'{"query": "\xff"}', "POST body sent invalid JSON."),
        (b"{}", "Must provide query string."),
        (b'{"query": ""}', "Must provide query string."),
        (b'[{"query": "{hello}"}]', "Batching is not supported."),
        (b'"{hello}"', "The POST body must be a JSON object."),
        (b'{"query": 1}', "query must be a string."),
        (b'{"query": "{hello}", "operationName": 1}', "operationName must be a string."),
        (b'{"query": "{hello}", "variables": []}', "variables must be an object."),
        (b'{"method": "info"}', "Only GraphQL is spoken here: `method` means nothing."),
    ],
)
async def test_a_body_that_is_no_graphql_request_is_a_bad_request(
    content: bytes, message: str
) -> None:
    async with serving(runtime()) as client:
        response = await client.post(PATH, content=content, headers=AS_JSON)
    assert (response.status_code, response.headers["content-type"]) == (400, GRAPHQL)
    assert told(response) == {
        "errors": [{"message": message, "extensions": {"code": "BAD_REQUEST"}}]
    }


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
async def test_only_json_bodies_are_read(kind: str | None) -> None:
    headers = {"content-type": kind} if kind else {}
    async with serving(runtime()) as client:
        response = await client.post(PATH, content=b'{"query":"{hello}"}', headers=headers)
    assert response.status_code == 415
    assert "application/json" in told(response)["errors"][0]["message"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_told_the_right_ones(method: str) -> None:
    async with serving(runtime()) as client:
        response = await client.request(method, PATH, json=HELLO)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")
    assert told(response)["errors"][0]["message"] == (
        "GraphQL only supports GET and POST requests."
    )


async def test_options_tell_the_methods() -> None:
    async with serving(runtime()) as client:
        response = await client.options(PATH)
    assert (response.status_code, response.headers["allow"]) == (204, "GET, POST")


async def test_a_query_may_come_by_get_and_a_mutation_may_not() -> None:
    mutation = (
        "mutation { generateCopilotResponse(data: {metadata: {}, messages: [],"
        " frontend: {actions: []}}) { threadId } }"
    )
    async with serving(runtime()) as client:
        hello = await client.get(PATH, params={"query": "{hello}", "variables": "{}"})
        refused = await client.get(PATH, params={"query": mutation})
        empty = await client.get(PATH)
        malformed = await client.get(PATH, params={"query": "{hello}", "variables": "{"})
    assert told(hello) == {"data": {"hello": "Hello World"}}
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert "from a POST request" in told(refused)["errors"][0]["message"]
    assert (empty.status_code, malformed.status_code) == (400, 400)


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("{ hello", "GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name, found <EOF>."),
        ("{" * 400, "GRAPHQL_PARSE_FAILED", "Syntax Error: "),
        ("{" + " hello" * 1001 + "}", "GRAPHQL_PARSE_FAILED", "Syntax Error: "),
        ("# " + "x" * 64_000 + "\n{hello}", "GRAPHQL_PARSE_FAILED", ""),
        ("{ helo }", "GRAPHQL_VALIDATION_FAILED", "Cannot query field 'helo' on type 'Query'."),
        ("{" + "a:hello b:hello " * 8 + "}", "GRAPHQL_VALIDATION_FAILED", "16 aliases; at most 15"),
        ("{a" * 20 + "}" * 20, "GRAPHQL_VALIDATION_FAILED", "20 levels of fields; at most 12"),
        (
            "mutation { generateCopilotResponse { threadId } ...B }"
            " fragment B on Mutation { b: generateCopilotResponse { threadId } }",
            "GRAPHQL_VALIDATION_FAILED",
            "a mutation may have one field only",
        ),
        (
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
            "GRAPHQL_VALIDATION_FAILED",
            "Cannot spread fragment 'A' within itself",
        ),
        ("query A {hello} query B {hello}", "OPERATION_RESOLUTION_FAILURE", "Must provide"),
        ("fragment A on Query { hello }", "GRAPHQL_VALIDATION_FAILED", "Fragment 'A' is never"),
    ],
)
async def test_an_operation_that_cannot_be_executed_is_refused(
    query: str, code: str, message: str
) -> None:
    async with serving(runtime()) as client:
        strict = await client.post(PATH, json={"query": query})
        lenient = await client.post(PATH, json={"query": query}, headers={"accept": JSON})
    assert (strict.status_code, strict.headers["content-type"]) == (400, GRAPHQL)
    assert (lenient.status_code, lenient.headers["content-type"]) == (200, JSON)
    error = told(strict)["errors"][0]
    assert error["message"].startswith(message)
    assert error["extensions"] == {"code": code}
    assert "Did you mean" not in error["message"]


@pytest.mark.parametrize("accept", ["*/*", "", "application/json", "text/html, */*;q=0.1", None])
async def test_whoever_does_not_ask_for_graphqls_own_type_gets_json(accept: str | None) -> None:
    async with serving(runtime()) as client:
        if accept is None:
            del client.headers["accept"]
        headers = {} if accept is None else {"accept": accept}
        answer = await client.post(PATH, json=HELLO, headers=headers)
        refused = await client.post(PATH, json={"query": "{ helo }"}, headers=headers)
        malformed = await client.post(PATH, content=b"{", headers=AS_JSON | headers)
    kinds = {each.headers["content-type"] for each in (answer, refused, malformed)}
    assert kinds == {JSON}
    assert [answer.status_code, refused.status_code, malformed.status_code] == [200, 200, 400]
    assert told(refused)["errors"][0]["message"] == "Cannot query field 'helo' on type 'Query'."


PERSISTED = {"persistedQuery": {"version": 1, "sha256Hash": "ab" * 32}}
NOT_PERSISTED = {
    "message": "PersistedQueryNotSupported",
    "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"},
}


async def test_the_hash_of_a_query_is_answered_so_that_the_client_sends_its_text() -> None:
    extensions = orjson.dumps(PERSISTED).decode()
    async with serving(runtime()) as client:
        posted = await client.post(PATH, json={"variables": {}, "extensions": PERSISTED})
        got = await client.get(PATH, params={"extensions": extensions, "variables": "{}"})
        both = await client.post(PATH, json=HELLO | {"extensions": PERSISTED})
        neither = await client.post(PATH, json={"extensions": {"other": 1}})
        malformed = await client.get(PATH, params={"extensions": "{"})
    for response in (posted, got):
        assert response.status_code == 200
        assert told(response) == {"errors": [NOT_PERSISTED]}
    assert told(both) == {"data": {"hello": "Hello World"}}
    assert (neither.status_code, malformed.status_code) == (400, 400)


async def test_an_unknown_operation_name_is_refused() -> None:
    async with serving(runtime()) as client:
        response = await client.post(PATH, json={**HELLO, "operationName": "other"})
    assert response.status_code == 400
    assert told(response)["errors"][0]["message"] == "Unknown operation named 'other'."


@pytest.mark.parametrize(
    "data",
    [
        {"metadata": {"requestType": "Chatter"}},
        {"messages": [{"id": "u1", "textMessage": {"content": "x", "role": "user"}}]},
        {"messages": [{"id": "u1", "createdAt": "yesterday"}]},
        {"frontend": None},
        {"surprise": 1},
    ],
)
async def test_input_that_does_not_fit_the_schema_is_refused(data: dict[str, Any]) -> None:
    async with serving(runtime()) as client:
        response = await client.post(PATH, json=chat(**data))
        missing = await client.post(PATH, json=chat() | {"variables": {}})
    for each in (response, missing):
        assert each.status_code == 400
        assert list(told(each)) == ["errors"]
        assert "extensions" not in told(each)["errors"][0]
        assert "Did you mean" not in told(each)["errors"][0]["message"]


@pytest.mark.parametrize("value", [None, 3, "yes"])
async def test_a_variable_that_decides_what_is_asked_must_fit(value: object) -> None:
    query = (
        "mutation ($no: Boolean = false) { generateCopilotResponse(data: {metadata: {},"
        " messages: [], frontend: {actions: []}}) { threadId @skip(if: $no) } }"
    )
    async with serving(runtime()) as client:
        response = await client.post(PATH, json={"query": query, "variables": {"no": value}})
    assert response.status_code == 400
    assert list(told(response)) == ["errors"]


async def test_a_client_that_goes_while_it_sends_leaves_nothing_behind() -> None:
    async with serving(runtime()) as client:
        host, port = client.base_url.host, client.base_url.port
        _, writer = await asyncio.open_connection(host, port)
        writer.write(
            f"POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            "content-length: 100\r\n\r\n{".encode()
        )
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert told(await client.post(PATH, json=HELLO)) == {"data": {"hello": "Hello World"}}


async def test_a_body_over_the_limit_is_refused_whether_or_not_it_tells_its_length() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b" " * 10

    async with serving(runtime(), body=BodyLimits(bytes=1000)) as client:
        told_length = await client.post(PATH, content=b" " * 1001, headers=AS_JSON)
        chunked = await client.post(PATH, content=chunks(), headers=AS_JSON)
        small = await client.post(PATH, json=HELLO)
    for response in (told_length, chunked):
        assert response.status_code == 413
        assert told(response)["errors"][0]["extensions"] == {"code": "TOO_LARGE"}
    assert small.status_code == 200


async def test_introspection_is_no_deeper_than_the_limit_allows() -> None:
    query = "{ __schema { types { fields { type { ofType { ofType { ofType { ofType { name"
    query += "}" * query.count("{")
    async with serving(
        runtime(),
    ) as client:
        response = await client.post(PATH, json={"query": query})
    assert told(response)["data"]["__schema"]["types"]


@pytest.mark.parametrize("accept", ["application/json", "text/html", "application/*"])
async def test_nothing_is_started_for_a_client_that_accepts_no_parts(accept: str) -> None:
    asked: list[RunAgentInput] = []

    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        asked.append(request)
        yield {"type": "STATE_SNAPSHOT", "snapshot": {}}

    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        response = await client.post(PATH, json=chat(), headers={"accept": accept})
    assert response.status_code == 406
    assert response.headers["accept"] == "text/event-stream; charset=utf-8, multipart/mixed"
    assert told(response)["errors"] == [
        {
            "message": "This operation is answered as multipart/mixed or text/event-stream;"
            " accept one of them.",
            "extensions": {"code": "NOT_ACCEPTABLE"},
        }
    ]
    assert asked == []


@pytest.mark.parametrize("accept", ["image/png", "*/*;q=0", "application/json;q=0"])
async def test_a_client_that_accepts_no_answer_hears_what_is_served(accept: str) -> None:
    async with serving(runtime()) as client:
        for asked in (HELLO, {"query": "{ helo }"}, chat()):
            response = await client.post(PATH, json=asked, headers={"accept": accept})
            assert (response.status_code, response.headers["content-type"]) == (406, JSON)
            assert "multipart/mixed" in told(response)["errors"][0]["message"]


@pytest.mark.parametrize("accept", [None, "*/*", "multipart/mixed", "text/html, multipart/*;q=0.1"])
async def test_parts_have_their_lengths_and_the_delimiter_follows_each(accept: str | None) -> None:
    headers = {"accept": accept} if accept else {}
    async with serving(runtime()) as client:
        response = await client.post(PATH, json=chat(), headers=headers)
    assert response.headers["content-type"] == 'multipart/mixed; boundary="-"'
    assert response.status_code == 200
    answer = merged(payloads(response.content))["data"]["generateCopilotResponse"]
    assert answer["threadId"] == "thread-1"
    assert answer["status"]["code"] == "Success"
    assert answer["messages"][0]["content"] == ["Hello ", "there"]


async def test_parts_come_as_events_to_a_client_that_asks_for_events() -> None:
    async with serving(runtime()) as client:
        response = await client.post(PATH, json=chat(), headers={"accept": "text/event-stream"})
    assert response.headers["content-type"] == "text/event-stream"
    opening, *events, complete, rest = response.content.split(b"\n\n")
    assert (opening, complete, rest) == (b":", b"event: complete\ndata:", b"")
    parts = [event.removeprefix(b"event: next\ndata: ") for event in events]
    answer = merged(parts)["data"]["generateCopilotResponse"]
    assert answer["messages"][0]["content"] == ["Hello ", "there"]


async def test_without_directives_the_answer_comes_whole_as_json() -> None:
    asked = chat()
    asked["query"] = asked["query"].replace("@stream", "").replace("@defer", "")
    async with serving(runtime()) as client:
        response = await client.post(PATH, json=asked)
        events = await client.post(PATH, json=asked, headers={"accept": "text/event-stream"})
    assert response.headers["content-type"] == GRAPHQL
    answer = told(response)["data"]["generateCopilotResponse"]
    assert answer["messages"][0]["content"] == ["Hello ", "there"]
    assert answer["status"] == {"code": "Success", "__typename": "SuccessResponseStatus"}
    assert events.content.startswith(b':\n\nevent: next\ndata: {"data":')


async def test_each_answer_carries_the_requests_correlation_id() -> None:
    async with serving(runtime()) as client:
        for asked in (HELLO, chat(), {}):
            response = await client.post(PATH, json=asked, headers={"x-request-id": "r-1"})
            assert response.headers["x-request-id"] == "r-1"
        made = await client.post(PATH, json=HELLO, headers={"x-request-id": "two\twords"})
    assert len(made.headers["x-request-id"]) == 32


async def test_health_is_answered_below_the_path() -> None:
    async with serving(runtime()) as client:
        assert (await client.get(f"{PATH}/health")).status_code == 200
