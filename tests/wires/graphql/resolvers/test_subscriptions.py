"""What subscriptions tell: answers as they grow, a thread's log, a thread's comings and goings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx
import pytest
from ag_ui.core import RunAgentInput
from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport
from starlette.requests import Request

from agui_runtime.core.events import Caller, Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.shared.limits import ServerLimits
from tests.wires.graphql.runs import open_text, say, text
from tests.wires.graphql.serving import PATH, by_header, chat, serving
from tests.wires.graphql.subscribing import ANSWER, EVENTS, PROTOCOL, THREAD, Halting, data, socket

AS_EVENTS = {"accept": "text/event-stream"}


async def greeter(request: RunAgentInput) -> AsyncIterator[Event]:
    for event in text("m1", "Hello ", "there"):
        yield event


async def caller(request: RunAgentInput) -> AsyncIterator[Event]:
    yield {"type": "TOOL_CALL_START", "toolCallId": "c1", "toolCallName": "paint"}
    yield {"type": "TOOL_CALL_ARGS", "toolCallId": "c1", "delta": '{"colour":'}
    yield {"type": "TOOL_CALL_ARGS", "toolCallId": "c1", "delta": '"red"}'}
    yield {"type": "TOOL_CALL_END", "toolCallId": "c1"}


async def asking(request: RunAgentInput) -> AsyncIterator[Event]:
    yield {"type": "CUSTOM", "name": "on_interrupt", "value": "Shall I?"}


async def failing(request: RunAgentInput) -> AsyncIterator[Event]:
    yield open_text("m1")
    raise KeyError("/srv/secret")


AGENTS = {"default": greeter, "caller": caller, "asking": asking, "failing": failing}


def runtime(agent: object = greeter, **options: Any) -> CopilotRuntime:  # noqa: ANN401  # of the runtime
    return CopilotRuntime(agents=AGENTS | {"default": agent}, **options)


@asynccontextmanager
async def session(client: httpx.AsyncClient) -> AsyncIterator[AsyncClientSession]:
    """Python's `gql`, over a WebSocket."""
    url = str(client.base_url.join(PATH)).replace("http", "ws", 1)
    transport = WebsocketsTransport(url=url, subprotocols=[PROTOCOL])
    async with Client(transport=transport) as session:
        yield session


def request(query: str, **variables: Any) -> GraphQLRequest:  # noqa: ANN401  # JSON
    return GraphQLRequest(query, variable_values=variables)


async def received(session: AsyncClientSession, query: str, **variables: Any) -> list[Any]:  # noqa: ANN401  # JSON
    """Everything that a subscription tells until it ends."""
    return [
        value
        async for result in session.subscribe(request(query, **variables))
        for value in result.values()
    ]


async def first(
    session: AsyncClientSession,
    count: int,
    query: str,
    **variables: Any,  # noqa: ANN401  # JSON
) -> list[Any]:
    """The first results of a subscription that may have no end."""
    results: AsyncGenerator[dict[str, Any], None] = session.subscribe(request(query, **variables))
    values: list[Any] = []
    async with aclosing(results):
        async for result in results:
            values.extend(result.values())
            if len(values) == count:
                break
    return values


async def test_an_answer_is_told_as_it_grows() -> None:
    async with serving(runtime()) as client, session(client) as gql:
        updates = await received(gql, ANSWER, data=data())
    assert {each["threadId"] for each in updates} == {"thread-1"}
    assert "".join(each["delta"] or "" for each in updates) == "Hello there"
    contents = [each["message"]["content"] for each in updates if each["message"]]
    assert contents[-1] == ["Hello ", "there"]
    assert [each["metaEvent"] for each in updates if each["metaEvent"]] == [
        {"event": "Started", "status": "Running"},
        {"event": "Finished", "status": "Finished"},
    ]
    assert updates[-1]["status"] == {"code": "Success"}
    assert [each["status"] for each in updates[:-1]] == [None] * (len(updates) - 1)


async def test_the_arguments_of_a_call_grow_as_well() -> None:
    query = ANSWER.replace("content }", "content } ... on ActionExecutionMessageOutput { name }")
    session_of = {"agentName": "caller"}
    async with serving(runtime()) as client, session(client) as gql:
        updates = await received(gql, query, data=data(agentSession=session_of))
    assert "".join(each["delta"] or "" for each in updates) == '{"colour":"red"}'
    calls = [each["message"] for each in updates if each["message"]]
    assert calls[-1] == {"__typename": "ActionExecutionMessageOutput", "name": "paint"}


async def test_what_an_agent_asks_is_told() -> None:
    query = ANSWER.replace(
        "event status }", "event status } ... on LangGraphInterruptEvent { value }"
    )
    async with serving(runtime()) as client, session(client) as gql:
        updates = await received(gql, query, data=data(agentSession={"agentName": "asking"}))
    assert {"value": "Shall I?"} in [each["metaEvent"] for each in updates]


async def test_a_run_that_fails_ends_the_answer_and_not_the_subscription() -> None:
    async with serving(runtime()) as client, session(client) as gql:
        updates = await received(gql, ANSWER, data=data(agentSession={"agentName": "failing"}))
    assert updates[-1]["status"] == {"code": "Failed"}


async def test_the_cursor_of_an_answer_resumes_the_thread() -> None:
    agent = Halting()
    async with serving(runtime(agent)) as client, session(client) as gql:
        updates = gql.subscribe(request(ANSWER, data=data()))
        async with aclosing(updates):
            async for update in updates:
                cursor = update["generateCopilotResponse"]["cursor"]
                if update["generateCopilotResponse"]["delta"] == "Hel":
                    break
        agent.go.set()
        rest = await first(gql, 3, EVENTS, threadId="thread-1", after=cursor)
    assert [each["type"] for each in rest] == [
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "RUN_FINISHED",
    ]


async def test_a_side_request_has_no_cursor_because_it_is_not_in_its_thread() -> None:
    async with serving(runtime()) as client, session(client) as gql:
        updates = await received(gql, ANSWER, data=data(metadata={"requestType": "Suggestion"}))
    assert {each["cursor"] for each in updates} == {None}
    assert updates[-1]["status"] == {"code": "Success"}


async def test_a_log_is_read_from_its_start_then_live_without_gap_or_repetition() -> None:
    agent = Halting()
    async with serving(runtime(agent)) as client, session(client) as gql:
        answering = asyncio.create_task(received(gql, ANSWER, data=data()))
        await agent.waiting.wait()
        results = gql.subscribe(request(EVENTS, threadId="thread-1"))
        seen: list[Any] = []
        async with aclosing(results):
            async for result in results:
                seen.append(result["runEvents"])
                if len(seen) == 3:
                    agent.go.set()
                if seen[-1]["type"] == "RUN_FINISHED":
                    break
        await answering
        again = await first(gql, 3, EVENTS, threadId="thread-1", after=seen[2]["cursor"])
    assert [each["seq"] for each in seen] == list(range(1, len(seen) + 1))
    assert again == seen[3:]


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"threadId": "thread-1", "after": "elsewhere.3"}, "HISTORY_GONE"),
        ({"threadId": "thread-1", "after": "no cursor"}, "INVALID_INPUT"),
        ({"threadId": "thread-2"}, "THREAD_NOT_FOUND"),
    ],
)
async def test_a_log_that_cannot_be_read_is_an_error_with_its_code(
    variables: dict[str, str], code: str
) -> None:
    async with serving(runtime()) as client, session(client) as gql:
        await received(gql, ANSWER, data=data())
        with pytest.raises(TransportQueryError) as refused:
            await received(gql, EVENTS, **variables)
    [error] = refused.value.errors or []
    assert error["extensions"]["runtimeCode"] == code


async def test_a_thread_is_told_now_and_when_its_runs_start_and_end() -> None:
    async with serving(runtime()) as client, session(client) as gql:
        await received(gql, ANSWER, data=data())
        threads = gql.subscribe(request(THREAD, threadId="thread-1"))
        async with aclosing(threads):
            now = await anext(threads)
            assert [run["status"] for run in now["threadUpdated"]["runs"]] == ["Finished"]
            await received(gql, ANSWER, data=data())
            async for each in threads:
                runs = [run["status"] for run in each["threadUpdated"]["runs"]]
                if runs == ["Finished", "Finished"]:
                    break


async def test_a_thread_that_is_deleted_ends_its_subscriptions() -> None:
    served = runtime()
    async with serving(served) as client, session(client) as gql:
        await received(gql, ANSWER, data=data())
        threads = gql.subscribe(request(THREAD, threadId="thread-1"))
        async with aclosing(threads):
            await anext(threads)
            await served.threads.delete("thread-1", Caller("anonymous"))
            with pytest.raises(TransportQueryError, match="THREAD_NOT_FOUND"):
                await anext(threads)


async def test_a_thread_of_somebody_else_is_unknown() -> None:
    async with serving(runtime(authenticate=by_header)) as client:
        await client.post(PATH, json=chat(), headers={"x-user": "ann"})
        for query in (EVENTS, THREAD):
            operation = {"query": query, "variables": {"threadId": "thread-1"}}
            answer = await client.post(PATH, json=operation, headers={**AS_EVENTS, "x-user": "bob"})
            assert "THREAD_NOT_FOUND" in answer.text


async def test_a_refused_start_is_an_error_with_its_code() -> None:
    agent = Halting()
    async with serving(runtime(agent)) as client, session(client) as gql:
        answering = asyncio.create_task(received(gql, ANSWER, data=data()))
        await agent.waiting.wait()
        for operation, code in (
            (data(), "THREAD_BUSY"),
            (data(threadId="t2", agentSession={"agentName": "nobody"}), "AGENT_NOT_FOUND"),
        ):
            with pytest.raises(TransportQueryError, match=code):
                await received(gql, ANSWER, data=operation)
        agent.go.set()
        await answering


async def test_an_unknown_error_is_masked_and_its_cause_is_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    served = runtime()
    async with serving(served) as client, socket(client) as ws:
        await ws.initialised({"x-request-id": "given"})
        served.threads = None  # type: ignore[assignment]  # the least that breaks a resolver
        await ws.subscribe("1", EVENTS, threadId="thread-1")
        refused = await ws.hear()
    assert refused["payload"][0]["extensions"]["requestId"] == "given.1"
    assert "NoneType" not in str(refused)
    assert "given.1" in caplog.text
    assert "NoneType" in caplog.text


async def test_a_caller_has_so_many_requests_open_subscriptions_among_them() -> None:
    agent = Halting()
    async with serving(runtime(agent), limits=ServerLimits(1, 9)) as client, session(client) as gql:
        answering = asyncio.create_task(received(gql, ANSWER, data=data()))
        await agent.waiting.wait()
        with pytest.raises(TransportQueryError, match="TOO_MANY_REQUESTS"):
            await received(gql, EVENTS, threadId="thread-1")
        agent.go.set()
        await answering


async def test_headers_and_properties_of_a_connection_reach_the_agent() -> None:
    seen: list[Any] = []

    async def noting(request: RunAgentInput) -> AsyncIterator[Event]:
        seen.append(request.forwarded_props)
        yield open_text("m1")
        yield say("m1", "Noted")

    def anybody(request: Request) -> Caller:
        return Caller(request.headers["authorization"])

    query = ANSWER.replace(
        "($data: GenerateCopilotResponseInput!)",
        "($data: GenerateCopilotResponseInput!, $properties: JSONObject)",
    ).replace("(data: $data)", "(data: $data, properties: $properties)")
    served = runtime(noting, authenticate=anybody)
    async with serving(served) as client, socket(client) as ws:
        await ws.initialised({"authorization": "ann"})
        await ws.subscribe("1", query, data=data(), properties={"colour": "red"})
        while (await ws.hear())["type"] != "complete":
            pass
        thread = await served.store.threads.get("thread-1")
    assert thread is not None
    assert thread.owner == "ann"
    assert seen[0]["colour"] == "red"
