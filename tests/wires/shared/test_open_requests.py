"""How many requests and runs a caller, and all callers, may have open; the same on every wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from agui_runtime import CopilotRuntime, Options, ServerLimits, create_app
from agui_runtime.core.errors import Misconfigured, TooManyRequests
from tests.runtime.worlds import ANN, BOB, asking
from tests.support import client_of
from tests.wires.agui.serving import run_body
from tests.wires.graphql.runs import Waiting
from tests.wires.graphql.serving import ACCEPT, by_header, chat

RUN = "/copilotkit/agent/default/run"


class Busy:
    """A server whose agent waits to be released, as two callers see it."""

    def __init__(self, limits: ServerLimits | None = None, **options: Any) -> None:  # noqa: ANN401
        self.agent = Waiting()
        self.runtime = CopilotRuntime(
            {"default": self.agent}, authenticate=by_header, options=Options(**options)
        )
        self.app = create_app(self.runtime, limits=limits or ServerLimits(), remote_path="/remote")

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        async with client_of(self.app) as client:
            client.headers["x-user"] = "ann"
            yield client
            self.agent.released.set()

    @asynccontextmanager
    async def open_run(self, client: httpx.AsyncClient, thread: str) -> AsyncIterator[None]:
        """A run whose stream is open in the block."""
        body = run_body(thread=thread)
        async with client.stream("POST", RUN, json=body) as answer:
            assert answer.status_code == 200
            await self.agent.speaking.acquire()
            yield


async def attempts(client: httpx.AsyncClient, **headers: str) -> list[httpx.Response]:
    """One request of each wire."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    new = run_body(thread="new")
    envelope = {"method": "agent/connect", "params": {"agentId": "default"}, "body": new}
    return [
        await client.post(RUN.replace("run", "connect"), json=new, headers=more),
        await client.post("/copilotkit", json=envelope, headers=more),
        await client.get("/copilotkit/threads", headers=more),
        await client.post("/remote/info", json={}, headers=more),
        await client.get("/api/v1/agent/threads/t1/history", headers=more),
        await client.post("/graphql", json={"query": "{ hello }"}, headers=more),
    ]


async def test_a_caller_with_too_many_open_requests_waits_and_others_do_not() -> None:
    busy = Busy(ServerLimits(caller_requests=2))
    async with busy.client() as client:
        async with busy.open_run(client, "t1"), busy.open_run(client, "t2"):
            refused = await attempts(client)
            others = await attempts(client, x_user="bob")
        busy.agent.released.set()
        for thread in ("t1", "t2"):
            await busy.runtime.store.log.wait_idle(thread)
        again = await attempts(client)
    assert [answer.status_code for answer in refused] == [429, 429, 429, 429, 429, 200]
    assert {answer.headers["retry-after"] for answer in refused} == {"2"}
    for answer in refused:
        assert "you have 2 requests open" in answer.text
    assert refused[0].json()["code"] == "TOO_MANY_REQUESTS"
    assert refused[3].json()["error"].startswith("you have 2")
    assert refused[4].json()["code"] == "TOO_MANY_REQUESTS"
    [error] = refused[5].json()["errors"]
    assert error["extensions"]["statusCode"] == 429
    assert [others.pop(4).status_code, again.pop(4).status_code] == [404, 200]  # bob has none
    for answer in (*others, *again):
        assert answer.status_code == 200
        assert "errors" not in answer.text


async def test_all_callers_together_have_a_limit_too() -> None:
    busy = Busy(ServerLimits(requests=1))
    async with busy.client() as client, busy.open_run(client, "t1"):
        refused = await attempts(client, x_user="bob")
    assert [answer.status_code for answer in refused] == [429, 429, 429, 429, 429, 200]
    assert "1 requests are open here" in refused[0].text


async def test_a_run_counts_until_it_ends_though_nobody_reads_it() -> None:
    busy = Busy(caller_runs=2)
    async with busy.client() as client:
        for thread in ("t1", "t2"):
            async with busy.open_run(client, thread):
                pass
        body = chat(threadId="t3")
        refused = await client.post(RUN, json=run_body(thread="t3"))
        graphql = await client.post("/graphql", json=body, headers={"accept": ACCEPT})
        remote = {"name": "default", "threadId": "t3"}
        elsewhere = await client.post("/remote/agents/execute", json=remote)
        assert await busy.runtime.store.threads.get("t3") is None
        busy.agent.released.set()
        while (served := await client.post(RUN, json=run_body(thread="t3"))).status_code == 429:
            pass
    assert (refused.status_code, elsewhere.status_code, served.status_code) == (429, 429, 200)
    assert refused.headers["retry-after"] == "2"
    assert "you have 2 runs open" in refused.text
    assert '"runtimeCode":"TOO_MANY_REQUESTS"' in graphql.text


async def test_the_same_run_again_takes_no_second_place() -> None:
    busy = Busy(caller_runs=2)
    async with busy.client() as client, busy.open_run(client, "t1"):
        for _ in range(3):
            async with client.stream("POST", RUN, json=run_body(thread="t1")) as same:
                assert same.status_code == 200
        async with busy.open_run(client, "t2"):
            pass


async def test_a_start_that_fails_gives_its_place_back() -> None:
    agent = Waiting()
    runtime = CopilotRuntime({"default": agent}, options=Options(caller_runs=2, runs=2))
    await runtime.open()
    first = await runtime.start(asking())
    for _ in range(3):
        with pytest.raises(Exception, match="is busy with run"):
            await runtime.start(asking("again"))
    second = await runtime.start(asking(thread="t2"))
    with pytest.raises(TooManyRequests, match="2 runs are open here"):
        await runtime.start(asking(thread="t3", caller=BOB))
    agent.released.set()
    for handle in (first, second):
        assert handle.ended
        await handle.ended
    assert (await runtime.start(asking(thread="t3", caller=ANN))).run.thread_id == "t3"
    await runtime.close()


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(Misconfigured, match="caller_runs must be a whole number from 1"):
        CopilotRuntime({}, options=Options(caller_runs=0))
