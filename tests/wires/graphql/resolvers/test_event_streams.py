"""Subscriptions that are read as event streams, without a WebSocket."""

from __future__ import annotations

import orjson

from agui_runtime.runtime.runtime import Options
from agui_runtime.wires.graphql.wire import GraphQLWire
from agui_runtime.wires.shared.sockets import SocketLimits
from tests.wires.graphql.resolvers.test_subscriptions import (
    AS_EVENTS,
    runtime,
)
from tests.wires.graphql.serving import PATH, serving
from tests.wires.graphql.subscribing import ANSWER, EVENTS, Halting, data


async def test_an_event_stream_tells_the_same() -> None:
    async with serving(runtime()) as client:
        operation = {"query": ANSWER, "variables": {"data": data()}}
        answer = await client.post(PATH, json=operation, headers=AS_EVENTS)
    assert answer.headers["content-type"] == "text/event-stream"
    opening, *events, closing, rest = answer.text.split("\n\n")
    assert (opening, closing, rest) == (":", "event: complete\ndata:", "")
    updates = [
        orjson.loads(event.removeprefix("event: next\ndata: "))["data"]["generateCopilotResponse"]
        for event in events
    ]
    assert "".join(each["delta"] or "" for each in updates) == "Hello there"
    assert updates[-1]["status"] == {"code": "Success"}


async def test_an_event_stream_that_fails_says_so_and_ends() -> None:
    async with serving(runtime()) as client:
        operation = {"query": EVENTS, "variables": {"threadId": "nowhere"}}
        answer = await client.post(PATH, json=operation, headers=AS_EVENTS)
    _, event, closing, _ = answer.text.split("\n\n")
    [error] = orjson.loads(event.removeprefix("event: next\ndata: "))["errors"]
    assert error["extensions"]["runtimeCode"] == "THREAD_NOT_FOUND"
    assert closing == "event: complete\ndata:"


async def test_a_subscription_needs_an_event_stream_and_a_post() -> None:
    async with serving(runtime()) as client:
        operation = {"query": EVENTS, "variables": {"threadId": "thread-1"}}
        plain = await client.post(PATH, json=operation, headers={"accept": "application/json"})
        fetched = await client.get(PATH, params={"query": EVENTS}, headers=AS_EVENTS)
    assert plain.status_code == 406
    assert (fetched.status_code, fetched.headers["allow"]) == (405, "POST")


async def test_leaving_an_event_stream_never_stops_the_run() -> None:
    agent = Halting()
    served = runtime(agent, options=Options(stop_on_disconnect=True))
    async with serving(served) as client:
        operation = {"query": ANSWER, "variables": {"data": data()}}
        async with client.stream("POST", PATH, json=operation, headers=AS_EVENTS):
            await agent.waiting.wait()
        agent.go.set()
        await served.store.log.wait_idle("thread-1")
        [run] = await served.store.threads.runs("thread-1")
    assert run.status == "finished"


async def test_a_silent_event_stream_shows_that_it_is_alive() -> None:
    agent, limits = Halting(), SocketLimits(keep_alive=0.05)
    async with serving(runtime(agent), GraphQLWire(socket_limits=limits)) as client:
        operation = {"query": ANSWER, "variables": {"data": data()}}
        async with client.stream("POST", PATH, json=operation, headers=AS_EVENTS) as stream:
            seen = ""
            async for chunk in stream.aiter_text():
                seen += chunk
                if agent.waiting.is_set() and seen.endswith("\n\n:\n\n"):
                    agent.go.set()
    assert seen.endswith("event: complete\ndata:\n\n")
    assert '"delta":"lo"' in seen
