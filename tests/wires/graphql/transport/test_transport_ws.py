"""The graphql-transport-ws protocol, word by word, on a real WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from ag_ui.core import RunAgentInput
from starlette.requests import Request

from agui_runtime.app import create_app
from agui_runtime.core.access import Undecided
from agui_runtime.core.events import Caller, Event
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.support import client_of
from tests.wires.graphql.runs import text
from tests.wires.graphql.serving import PATH, QUERIES, serving
from tests.wires.graphql.subscribing import ANSWER, EVENTS, Halting, data, socket

HELLO = {"query": "{ hello }"}

WHOLE = """mutation Whole($data: GenerateCopilotResponseInput!) {
  generateCopilotResponse(data: $data) { status { ... on BaseResponseStatus { code } } }
}"""


async def greeter(request: RunAgentInput) -> AsyncIterator[Event]:
    for event in text("m1", "Hello ", "there"):
        yield event


def runtime() -> CopilotRuntime:
    return CopilotRuntime(agents={"default": greeter})


def knows_ann(request: Request) -> Caller | None:
    return Caller("ann") if request.headers.get("authorization") == "Bearer ann" else None


async def test_a_query_and_a_mutation_are_answered_as_well() -> None:
    async with serving(runtime()) as client, socket(client) as ws:
        await ws.initialised()
        await ws.say("subscribe", id="q", payload=HELLO)
        answered = [await ws.hear(), await ws.hear()]
        assert answered == [
            {"id": "q", "type": "next", "payload": {"data": {"hello": "Hello World"}}},
            {"id": "q", "type": "complete"},
        ]
        await ws.subscribe("m", WHOLE, data=data())
        answer = await ws.hear()
        assert answer["payload"] == {
            "data": {"generateCopilotResponse": {"status": {"code": "Success"}}}
        }
        assert await ws.hear() == {"id": "m", "type": "complete"}


async def test_a_growing_answer_comes_in_parts() -> None:
    async with serving(runtime()) as client, socket(client) as ws:
        await ws.initialised()
        await ws.subscribe("m", QUERIES["generateCopilotResponse"], data=data())
        messages = [await ws.hear()]
        while messages[-1]["type"] == "next":
            messages.append(await ws.hear())
    payloads = [each["payload"] for each in messages[:-1]]
    assert [each["hasNext"] for each in payloads] == [True] * (len(payloads) - 1) + [False]
    assert "incremental" in payloads[1]


async def test_operations_run_side_by_side_and_their_ids_are_free_again() -> None:
    agent = Halting()
    async with serving(CopilotRuntime(agents={"default": agent})) as client, socket(client) as ws:
        await ws.initialised()
        await ws.subscribe("a", ANSWER, data=data())
        await agent.waiting.wait()
        await ws.say("subscribe", id="b", payload=HELLO)
        while (await ws.hear())["id"] != "b":
            pass
        assert await ws.hear() == {"id": "b", "type": "complete"}
        await ws.say("subscribe", id="b", payload=HELLO)
        assert (await ws.hear())["payload"] == {"data": {"hello": "Hello World"}}
        agent.go.set()
        while await ws.hear() != {"id": "a", "type": "complete"}:
            pass


async def test_what_cannot_be_executed_is_an_error_of_that_operation_alone() -> None:
    async with serving(runtime()) as client, socket(client) as ws:
        await ws.initialised()
        await ws.say("subscribe", id="1", payload={"query": "{ nonsense }"})
        refused = await ws.hear()
        assert (refused["id"], refused["type"]) == ("1", "error")
        assert refused["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        await ws.say("subscribe", id="2", payload={"query": "{ hello"})
        assert (await ws.hear())["payload"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
        await ws.subscribe("3", EVENTS, threadId=7)
        assert "threadId" in (await ws.hear())["payload"][0]["message"]
        await ws.say("subscribe", id="4", payload=HELLO)
        assert (await ws.hear())["payload"] == {"data": {"hello": "Hello World"}}


async def test_the_hash_of_a_query_is_an_error_after_which_the_client_sends_its_text() -> None:
    hashed = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "ab" * 32}}}
    async with serving(runtime()) as client, socket(client) as ws:
        await ws.initialised()
        await ws.say("subscribe", id="1", payload=hashed)
        refused = await ws.hear()
        await ws.say("subscribe", id="1", payload=HELLO | hashed)
        assert (await ws.hear())["payload"] == {"data": {"hello": "Hello World"}}
    assert (refused["id"], refused["type"]) == ("1", "error")
    assert refused["payload"][0]["message"] == "PersistedQueryNotSupported"


async def test_a_ping_is_answered_with_its_payload() -> None:
    async with serving(runtime()) as client, socket(client) as ws:
        await ws.say("ping")
        assert await ws.hear() == {"type": "pong"}
        await ws.initialised()
        await ws.say("ping", payload={"n": 1})
        assert await ws.hear() == {"type": "pong", "payload": {"n": 1}}


@pytest.mark.parametrize("letter", ["x", "ß", "\N{GRINNING FACE}"])
async def test_a_message_of_an_unknown_type_is_refused_however_long_its_name(letter: str) -> None:
    async with serving(runtime()) as client, socket(client) as ws:
        await ws.initialised()
        await ws.say(letter * 200)
        code, reason = await ws.closed()
    assert code == 4400
    assert (reason or "").startswith(f"Unknown message type '{letter * 20}")


async def test_another_protocol_is_not_spoken() -> None:
    async with serving(runtime()) as client:
        async with socket(client, protocol="graphql-ws") as ws:
            assert (await ws.closed())[0] == 4406
        async with socket(client, protocol=None) as ws:
            assert await ws.closed() == (4406, "Subprotocol not acceptable")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", 4400),
        (b"{}", 4400),
        ("[]", 4400),
        ("{}", 4400),
        ('{"type": 1}', 4400),
        ('{"type": "start"}', 4400),
        ('{"type": "connection_init"}', 4429),
        ('{"type": "subscribe", "payload": {"query": "{ hello }"}}', 4400),
        ('{"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}}', 4400),
        ('{"type": "subscribe", "id": "1"}', 4400),
        ('{"type": "subscribe", "id": "1", "payload": {"query": 1}}', 4400),
        (
            '{"type": "subscribe", "id": "1", "payload": {"query": "{hello}", "variables": []}}',
            4400,
        ),
        ('{"type": "complete"}', 4400),
        ("[" * 100, 4400),
        ("[" * 100_000, 1009),
        ('"' + "x" * 4_000_000 + '"', 1009),
    ],
)
async def test_what_breaks_the_protocol_ends_the_connection(
    message: str | bytes, code: int
) -> None:
    async with serving(runtime()) as client, socket(client) as ws:
        await ws.initialised()
        await ws.connection.send(message)
        assert (await ws.closed())[0] == code


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "subscribe", "id": "1", "payload": HELLO}, 4401),
        ({"type": "complete", "id": "1"}, 4400),
        ({"type": "connection_init", "payload": "ann"}, 4400),
    ],
)
async def test_nothing_is_served_before_the_introduction(
    message: dict[str, Any], code: int
) -> None:
    async with serving(runtime()) as client, socket(client) as ws:
        await ws.say(message.pop("type"), **message)
        assert (await ws.closed())[0] == code


async def test_an_id_in_use_cannot_be_used_again() -> None:
    agent = Halting()
    async with serving(CopilotRuntime(agents={"default": agent})) as client, socket(client) as ws:
        await ws.initialised()
        await ws.subscribe("1", ANSWER, data=data())
        await ws.subscribe("1", ANSWER, data=data())
        assert await ws.closed() == (4409, "Subscriber already exists")


async def test_an_unknown_id_may_be_completed() -> None:
    async with serving(runtime()) as client, socket(client) as ws:
        await ws.initialised()
        await ws.say("complete", id="long gone")
        await ws.say("ping")
        assert await ws.hear() == {"type": "pong"}


async def test_connection_init_says_who_is_asking() -> None:
    known = CopilotRuntime(agents={"default": greeter}, authenticate=knows_ann)
    async with serving(known) as client:
        for payload in (
            {"Authorization": "Bearer ann"},
            {"headers": {"authorization": "Bearer ann"}},
        ):
            async with socket(client) as ws:
                await ws.initialised(payload)
        async with socket(client, headers={"authorization": "Bearer ann"}) as ws:
            await ws.initialised()
        for stranger in (None, {"authorization": "Bearer bob"}):
            async with socket(client) as ws:
                await ws.say("connection_init", payload=stranger)
                assert await ws.closed() == (4403, "Forbidden")


async def test_all_of_the_payload_is_there_for_whoever_authenticates() -> None:
    seen: list[object] = []

    def note(request: Request) -> Caller:
        seen.extend((request.state.connection_init, request.method, request.url.path))
        seen.append(request.headers.get("x-forwarded-user"))
        return Caller("ann")

    known = CopilotRuntime(agents={"default": greeter}, authenticate=note)
    async with serving(known) as client, socket(client) as ws:
        await ws.initialised({"ticket": 7, "x-forwarded-user": "root"})
    assert seen == [{"ticket": 7, "x-forwarded-user": "root"}, "GET", PATH, None]


async def test_an_authenticate_that_fails_tells_nothing_but_that(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(request: Request) -> Caller:
        raise KeyError("/srv/secret")

    failing = CopilotRuntime(agents={"default": greeter}, authenticate=broken)
    async with serving(failing) as client, socket(client) as ws:
        await ws.say("connection_init")
        assert await ws.closed() == (4500, str(Undecided("authenticate")))
    assert "/srv/secret" in caplog.text


async def test_a_page_of_another_origin_must_bring_its_own_credentials() -> None:
    known = CopilotRuntime(agents={"default": greeter}, authenticate=knows_ann)
    ambient = {"authorization": "Bearer ann", "origin": "http://evil.test"}
    async with client_of(create_app(known)) as client:
        async with socket(client, headers=ambient) as ws:
            await ws.say("connection_init")
            assert await ws.closed() == (4403, "Forbidden")
        async with socket(client, headers=ambient) as ws:
            await ws.initialised({"authorization": "Bearer ann"})
        own = str(client.base_url).rstrip("/")
        async with socket(client, headers=ambient | {"origin": own}) as ws:
            await ws.initialised()
    page = {"origin": "http://page.test"}
    listing = create_app(known, cors_origins=["http://page.test"])
    async with client_of(listing) as client, socket(client, headers=ambient | page) as ws:
        await ws.initialised()


async def test_completing_or_leaving_ends_the_reader_and_never_the_run() -> None:
    agent = Halting()
    runtime = CopilotRuntime(agents={"default": agent})
    async with serving(runtime) as client:
        async with socket(client) as ws:
            await ws.initialised()
            await ws.subscribe("1", ANSWER, data=data())
            await agent.waiting.wait()
            await ws.say("complete", id="1")
            await ws.say("ping")
            while await ws.hear() != {"type": "pong"}:
                pass
            await ws.subscribe("2", EVENTS, threadId="thread-1")
            await ws.hear()
        agent.go.set()
        await runtime.store.log.wait_idle("thread-1")
        [run] = await runtime.store.threads.runs("thread-1")
    assert run.status == "finished"


async def test_no_task_is_left_of_a_connection_that_closed() -> None:
    agent = Halting()
    runtime = CopilotRuntime(agents={"default": agent})
    async with serving(runtime) as client:
        before = asyncio.all_tasks()
        async with socket(client) as ws:
            await ws.initialised()
            await ws.subscribe("1", ANSWER, data=data())
            await agent.waiting.wait()
        agent.go.set()
        await runtime.store.log.wait_idle("thread-1")
        remaining = asyncio.all_tasks() - before
        _, pending = await asyncio.wait(remaining, timeout=10) if remaining else (set(), set())
    assert pending == set()
