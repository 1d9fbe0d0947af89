"""Whatever can be asked of a server, by whichever wire: another caller learns and changes nothing,
and `authorize` is obeyed.

The cases are made of the route table, the envelopes, the schema and the table of socket frames, so
that what is added to one of them is tried, or has no example, which fails.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from agui_runtime.wires.graphql.transport.transport_ws import _HANDLERS
from tests.wires.callers.operations import EMPTY, OPEN, SHOWS_NOTHING, Operation, operations
from tests.wires.callers.routes import OF_EVERYBODY, Case, cases, of_route
from tests.wires.callers.world import SECRET, World, deny, world
from tests.wires.fuzz.offers import Offer
from tests.wires.graphql.serving import PATH
from tests.wires.graphql.subscribing import PROTOCOL, Socket

CASES = [pytest.param(each, id=each.name) for each in cases()]
OPERATIONS = [pytest.param(each, id=each.name) for each in operations()]


async def answered(client: httpx.AsyncClient, case: Case) -> tuple[int, str]:
    """The status and the text of the answer, or of the beginning of one without an end."""
    headers = case.example.headers
    async with client.stream(case.method, case.path, json=case.body, headers=headers) as answer:
        if not case.example.endless or answer.status_code != 200:
            return answer.status_code, (await answer.aread()).decode()
        async with aclosing(answer.aiter_text()) as parts:  # type: ignore[type-var]  # a generator, typed as less
            return answer.status_code, await anext(parts)


async def executed(world: World, operation: Operation) -> str:
    """The answer over HTTP; of a subscription, what a socket gets."""
    if operation.kind == "subscription":
        return await subscribed(world, operation)
    body = {"query": operation.text, "variables": operation.variables}
    return (await world.client.post(PATH, json=body)).text


async def subscribed(world: World, operation: Operation) -> str:
    """What a socket gets, to the end or to the first words that are the secret."""
    received = ""
    async with opened(world, world.client.headers["x-user"]) as socket:
        await socket.subscribe("1", operation.text, **operation.variables)
        while True:
            message = await socket.hear()
            received += json.dumps(message)
            if message["type"] in ("complete", "error") or SECRET in received:
                return received


@asynccontextmanager
async def opened(world: World, owner: str) -> AsyncIterator[Socket]:
    address = str(world.client.base_url).replace("http", "ws").rstrip("/") + PATH
    headers = {"x-user": owner}
    protocols = [Subprotocol(PROTOCOL)]
    async with connect(address, subprotocols=protocols, additional_headers=headers) as connection:
        yield await Socket(connection).initialised()


@pytest.mark.parametrize("case", CASES)
async def test_the_example_of_a_route_does_what_it_is_for(case: Case) -> None:
    """Else a refusal would prove nothing."""
    async with world("ann") as site:
        status, text = await answered(site.client, case)
        assert status == case.example.status
        assert (SECRET in text) == case.example.shows


async def test_another_caller_learns_and_changes_nothing_by_a_route() -> None:
    async with world("bob") as site:
        for case in cases():
            before = await site.of_ann()
            status, text = await answered(site.client, case)
            assert status < 500, case.name
            if case.name not in OF_EVERYBODY:
                assert SECRET not in text, case.name
                assert await site.of_ann() == before, case.name


async def test_a_route_obeys_authorize() -> None:
    async with world("ann", deny) as site:
        before = await site.of_ann()
        for case in cases():
            status, text = await answered(site.client, case)
            expected = case.example.status if case.example.open or case.example.empty else 403
            assert (case.name, status) == (case.name, expected), text
            assert SECRET not in text, case.name
            assert await site.of_ann() == before, case.name


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_the_example_of_an_operation_does_what_it_is_for(operation: Operation) -> None:
    async with world("ann") as site:
        text = await executed(site, operation)
        assert '"errors"' not in text
        assert (SECRET in text) == (operation.name not in SHOWS_NOTHING)


@pytest.mark.parametrize("ask", [executed, subscribed])
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_another_caller_learns_and_changes_nothing_by_an_operation(
    operation: Operation, ask: Callable[[World, Operation], Any]
) -> None:
    async with world("bob") as site:
        before = await site.of_ann()
        text = await ask(site, operation)
        assert operation.name in OF_EVERYBODY or SECRET not in text
        assert await site.of_ann() == before


@pytest.mark.parametrize("ask", [executed, subscribed])
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_an_operation_obeys_authorize(
    operation: Operation, ask: Callable[[World, Operation], Any]
) -> None:
    async with world("ann", deny) as site:
        before = await site.of_ann()
        text = await ask(site, operation)
        assert ("FORBIDDEN" in text) == (operation.name not in OPEN | EMPTY), text
        assert SECRET not in text
        assert await site.of_ann() == before


FRAMES: Mapping[str, Mapping[str, Any]] = {
    "connection_init": {"payload": {"x-user": "ann", "headers": {"x-user": "ann"}}},
    "subscribe": {
        "id": "1",
        "payload": {"query": 'subscription { runEvents(threadId: "t1") { event } }'},
    },
    "complete": {"id": "1"},
}
"""What another caller might try with each kind of frame, on a socket of their own."""


@pytest.mark.parametrize("kind", [*_HANDLERS, "ping", "pong"])
async def test_no_frame_reaches_what_another_socket_has_subscribed_to(kind: str) -> None:
    frame = FRAMES[kind] if kind in _HANDLERS else {}
    async with world("bob") as site, opened(site, "ann") as anns:
        follow = 'subscription { runEvents(threadId: "t2") { type } }'
        await anns.subscribe("1", follow)
        assert (await anns.hear())["type"] == "next"
        async with opened(site, "bob") as bobs:
            await bobs.say(kind, **frame)
            with suppress(ConnectionClosed):
                await bobs.say("ping")
                while "pong" not in (received := json.dumps(await bobs.hear())):
                    assert SECRET not in received
        assert await site.runtime.store.log.ask_stop("t2")
        received = ""
        while "RUN_FINISHED" not in received:
            received = json.dumps(await anns.hear())


def test_a_route_without_an_example_fails() -> None:
    with pytest.raises(KeyError, match="GET /copilotkit/added-later"):
        of_route(Offer("GET", "/copilotkit/added-later"))
