"""A caller who asks for much at once, in one request or in many, gets no more than one who asks for
one after the other; ways around a path or a method lead nowhere.
"""

from __future__ import annotations

import asyncio

import httpx
import pytest

from agui_runtime import CopilotRuntime, Options, create_app
from tests.runtime.worlds import ANN, Waiting
from tests.support import client_of
from tests.wires.agui.serving import run_body
from tests.wires.callers.world import SECRET, world
from tests.wires.graphql.serving import by_header, chat
from tests.wires.graphql.subscribing import socket

RUN = "/copilotkit/agent/default/run"
MOST = 2
FIELD = "generateCopilotResponse"


async def by_aliases(client: httpx.AsyncClient) -> None:
    """One operation with as many fields as an operation may have."""
    given = [chat(threadId=f"a{n}")["variables"]["data"] for n in range(15)]
    declared = ", ".join(f"$d{n}: GenerateCopilotResponseInput!" for n in range(15))
    fields = " ".join(f"f{n}: {FIELD}(data: $d{n}) {{ threadId }}" for n in range(15))
    variables = {f"d{n}": each for n, each in enumerate(given)}
    body = {"query": f"mutation A({declared}) {{ {fields} }}", "variables": variables}
    answer = await client.post("/graphql", json=body)
    assert "a mutation may have one field only" in answer.text


async def by_a_batch(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql", json=[chat(threadId=f"b{n}") for n in range(15)])
    assert answer.status_code == 400


async def by_requests_at_once(client: httpx.AsyncClient) -> None:
    async def run(number: int) -> None:
        body = run_body(thread=f"c{number}", run=f"r{number}")
        async with client.stream("POST", RUN, json=body) as answer:
            assert answer.status_code in (200, 429)

    await asyncio.gather(*map(run, range(15)))


async def by_subscriptions_at_once(client: httpx.AsyncClient) -> None:
    declared = "$data: GenerateCopilotResponseInput!"
    text = f"subscription A({declared}) {{ {FIELD}(data: $data) {{ __typename }} }}"
    async with socket(client, headers={"x-user": "ann"}) as ws:
        await ws.initialised()
        for number in range(15):
            data = chat(threadId=f"d{number}")["variables"]["data"]
            await ws.subscribe(str(number), text, data=data)
        refused = 0
        while refused < 15 - MOST:
            refused += (await ws.hear())["type"] == "error"


MANY = (by_requests_at_once, by_subscriptions_at_once)
"""Ways that ask for what may be had, but for too much of it."""


@pytest.mark.parametrize(
    "start", [by_aliases, by_a_batch, by_requests_at_once, by_subscriptions_at_once]
)
async def test_no_way_of_asking_starts_more_than_may_be_live(start: object) -> None:
    agent = Waiting()
    options = Options(caller_runs=MOST, stop_on_disconnect=False)
    runtime = CopilotRuntime({"default": agent}, authenticate=by_header, options=options)
    async with client_of(create_app(runtime)) as client:
        client.headers["x-user"] = "ann"
        await start(client)  # type: ignore[operator]  # one of these
        page = await runtime.store.threads.list(ANN.owner)
        assert len(page.threads) == (MOST if start in MANY else 0)
        agent.go.set()


PATHS = [
    *("t%31", "%74%31", "x%2F..%2Ft1", "x/../t1", "t1%00", "t%2531", "t1;x", "T1", "\uff541"),
    *("./t1", "t1%2F", "t1%20", "t1\u200b", "%C0%AEt1"),
]


@pytest.mark.parametrize("part", ["messages", "state", "events", "runs"])
@pytest.mark.parametrize("path", PATHS)
async def test_no_spelling_of_a_path_shows_what_is_another_callers(path: str, part: str) -> None:
    async with world("bob") as site:
        answer = await site.client.get(f"/copilotkit/threads/{path}/{part}")
        assert answer.status_code < 500
        assert SECRET not in answer.text


@pytest.mark.parametrize("header", ["x-http-method-override", "x-method-override", "x-http-method"])
async def test_no_header_makes_another_method_of_a_request(header: str) -> None:
    async with world("ann") as site:
        before = await site.of_ann()
        for path in ("/copilotkit/threads/t1", "/copilotkit/threads/t1?_method=DELETE"):
            answer = await site.client.post(path, json={}, headers={header: "DELETE"})
            assert answer.status_code == 405
        assert await site.of_ann() == before
