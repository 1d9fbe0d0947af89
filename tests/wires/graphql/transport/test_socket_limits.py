"""How long a WebSocket may be silent, and how many and how much of them there may be."""

from __future__ import annotations

import pytest

from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.graphql.wire import GraphQLWire
from agui_runtime.wires.shared.sockets import SocketLimits
from tests.clocks import LoopClock
from tests.wires.graphql.serving import PATH, serving
from tests.wires.graphql.subscribing import ANSWER, EVENTS, Halting, data, socket
from tests.wires.graphql.transport.test_transport_ws import HELLO, runtime


async def test_a_silent_client_is_pinged_and_at_last_given_up() -> None:
    limits = SocketLimits(keep_alive=0.05)
    wire = GraphQLWire(socket_limits=limits)
    async with serving(runtime(), wire) as client, socket(client) as ws:
        await ws.initialised()
        assert await ws.hear() == {"type": "ping"}
        assert await ws.closed() == (4499, "Terminated: a ping was not answered")


async def test_a_client_that_answers_pings_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, limits = LoopClock(monkeypatch), SocketLimits(keep_alive=6)
    wire = GraphQLWire(socket_limits=limits)
    async with serving(runtime(), wire) as client, socket(client) as ws:
        await ws.initialised()
        for _ in range(2):
            await clock.pass_by(6)
            assert await ws.hear() == {"type": "ping"}
            await ws.say("pong")


async def test_a_client_that_never_introduces_itself_is_given_up() -> None:
    limits = SocketLimits(init=0.05)
    wire = GraphQLWire(socket_limits=limits)
    async with serving(runtime(), wire) as client, socket(client) as ws:
        assert await ws.closed() == (4408, "Connection initialisation timeout")


async def test_a_connection_has_so_many_operations_and_a_completed_one_makes_room() -> None:
    agent, limits = Halting(), SocketLimits(operations=1)
    runtime = CopilotRuntime(agents={"default": agent})
    async with serving(runtime, GraphQLWire(socket_limits=limits)) as client, socket(client) as ws:
        await ws.initialised()
        await ws.subscribe("1", ANSWER, data=data())
        await agent.waiting.wait()
        await ws.say("subscribe", id="2", payload=HELLO)
        while (refused := await ws.hear())["type"] != "error":
            pass
        assert refused["id"] == "2"
        assert refused["payload"][0]["extensions"] == {"code": "TOO_MANY_OPERATIONS"}
        await ws.say("complete", id="1")
        await ws.say("subscribe", id="2", payload=HELLO)
        assert (await ws.hear())["payload"] == {"data": {"hello": "Hello World"}}


async def test_there_are_so_many_connections_and_one_that_closes_makes_room() -> None:
    limits = SocketLimits(connections=1)
    async with serving(runtime(), GraphQLWire(socket_limits=limits)) as client:
        async with socket(client) as first:
            await first.initialised()
            async with socket(client) as second:
                assert (await second.closed())[0] == 1013
            operation = {"query": EVENTS, "variables": {"threadId": "thread-1"}}
            events = {"accept": "text/event-stream"}
            streamed = await client.post(PATH, json=operation, headers=events)
            assert streamed.status_code == 503
            assert "1 subscribers are connected" in streamed.text
        async with socket(client) as third:
            await third.initialised()
