"""What is refused is counted, by wire and code, whichever limit it was."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from agui_runtime import Budget, CopilotRuntime, Options, ServerLimits, create_app
from agui_runtime.hooks.hook import Hook
from agui_runtime.hooks.telemetry.metrics import Metrics
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.wires.graphql.wire import GraphQLWire
from agui_runtime.wires.shared.sockets import SocketLimits
from tests.hooks.telemetry.test_metrics import scraped
from tests.ports import free_port
from tests.programs import serving as program
from tests.runtime.test_allowance import a_runtime
from tests.support import client_of
from tests.test_connections import LINE, Server
from tests.wires.agui.serving import run_body
from tests.wires.graphql.serving import chat
from tests.wires.graphql.subscribing import THREAD, socket
from tests.wires.guarded import exchanged
from tests.wires.shared.test_open_requests import RUN, Busy
from tests.wires.shared.test_slow_bodies import SLOW

REMOTE: dict[str, Any] = {"name": "default", "threadId": "t3", "messages": []}

STARTS: dict[str, dict[str, Any]] = {
    "TOO_MANY_STARTS": {"caller_starts": 1},
    "TOO_MANY_REQUESTS": {"caller_runs": 1},
}


def refusals(metrics: Metrics) -> Mapping[tuple[str, str], float]:
    """How many there were, by wire and code."""
    found = {}
    for name, value in scraped(metrics).items():
        if name.startswith("agui_refusals_total"):
            labels = dict(part.split("=") for part in name.split("{")[1].rstrip("}").split(","))
            found[labels["wire"], labels["code"]] = value
    return found


async def on_each_wire(client: httpx.AsyncClient) -> None:
    """One start on each."""
    await client.post(RUN, json=run_body(thread="t2", run="r2"))
    await client.post("/remote/agents/execute", json=REMOTE)
    await client.post("/copilotkit", json=chat(threadId="t4"))
    await client.post("/api/v1/agent/runs", json={"threadId": "t5", "messages": []})


def on_all(code: str) -> Mapping[tuple[str, str], float]:
    return {(wire, code): 1 for wire in ("agui", "copilotkit_remote", "graphql", "rest")}


def counted(busy: Busy) -> Metrics:
    metrics = Metrics()
    busy.runtime.add_hook(metrics)
    return metrics


@pytest.mark.parametrize("code", STARTS)
async def test_each_limit_of_starts_is_counted_on_each_wire(code: str) -> None:
    busy = Busy(**STARTS[code])
    metrics = counted(busy)
    async with busy.client() as client, busy.open_run(client, "t1"):
        await on_each_wire(client)
        busy.agent.released.set()
    assert refusals(metrics) == on_all(code)


async def test_a_budget_that_is_spent_is_counted_on_each_wire() -> None:
    metrics, runtime = Metrics(), a_runtime(MemoryStore(), budget=Budget(tokens_per_day=1000))
    runtime.add_hook(metrics)
    async with client_of(create_app(runtime, remote_path="/remote")) as client:
        client.headers["x-user"] = "ann"
        assert (await client.post(RUN, json=run_body())).status_code == 200
        await on_each_wire(client)
    assert refusals(metrics) == on_all("BUDGET_SPENT")


async def test_open_requests_over_the_limit_are_counted_on_each_wire() -> None:
    busy = Busy(ServerLimits(caller_requests=1))
    metrics = counted(busy)
    async with busy.client() as client, busy.open_run(client, "t1"):
        await on_each_wire(client)
        busy.agent.released.set()
    assert refusals(metrics) == on_all("TOO_MANY_REQUESTS")


async def test_strangers_large_bodies_and_what_no_wire_sees_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGUI_MAX_BODY", "200")
    metrics = Metrics()
    runtime = CopilotRuntime({}, authenticate=lambda request: None, hooks=[metrics])
    async with client_of(create_app(runtime)) as client:
        await client.post(RUN, json=run_body())
        await client.post("/copilotkit", json={"query": "{ hello }"})
        await client.post("/graphql", json={"query": "{ hello }" + " " * 200})
        await client.get("/copilotkit/threads", headers={"host": "elsewhere.example"})
        await client.get("/copilotkit/nothing/here")
    assert refusals(metrics) == {
        ("agui", "UNAUTHENTICATED"): 1,
        ("agui", "HTTP_404"): 1,
        ("graphql", "UNAUTHENTICATED"): 1,
        ("graphql", "TOO_LARGE"): 1,
        ("", "HOST_NOT_ALLOWED"): 1,
    }


async def test_a_body_that_comes_too_slowly_is_counted() -> None:
    busy = Busy(ServerLimits(body_stall=0.05))
    metrics = counted(busy)

    slow = SLOW.replace(b"cookie: session=ann", b"x-user: ann")
    async with busy.client() as client:
        assert (await exchanged(client, slow)).startswith(b"HTTP/1.1 408 ")
    assert refusals(metrics) == {("agui", "REQUEST_TIMEOUT"): 1}


REFUSED_AT_ONCE = {
    "HTTP_400": b"GET / HTTP/1.1\r\nno header\r\n\r\n",
    "HTTP_431": LINE + b"x: " + b"y" * 70_000,
    "REQUEST_TIMEOUT": LINE,
}
"""What never becomes a request, by the code that it counts under."""


@pytest.mark.parametrize("processes", ["1", "2"])
async def test_what_never_becomes_a_request_is_counted(processes: str, tmp_path: Path) -> None:
    metrics = f"127.0.0.1:{free_port()}"
    settings = {
        "AGUI_HEADER_SECONDS": "0.2",
        "AGUI_METRICS": metrics,
        "AGUI_PROCESSES": processes,
        "AGUI_STORE": f"sqlite:///{tmp_path}/threads.db",
    }
    async with program(**settings) as (_, origin, _), httpx.AsyncClient() as client:
        for code, sent in REFUSED_AT_ONCE.items():
            answer = await Server(httpx.URL(origin)).told(sent)
            assert answer.startswith(b"HTTP/1.1 4"), code
        page = (await client.get(f"http://{metrics}/metrics")).text
    for code in REFUSED_AT_ONCE:
        assert f'agui_refusals_total{{code="{code}",wire=""}} 1.0' in page


async def test_the_limits_of_web_sockets_are_counted() -> None:
    metrics = Metrics()
    runtime = CopilotRuntime({}, hooks=[metrics])
    limits = SocketLimits(connections=1, operations=1)
    app = create_app(runtime, wires=[GraphQLWire(socket_limits=limits)])
    async with client_of(app) as client, socket(client) as one:
        await one.initialised()
        await one.subscribe("a", THREAD, threadId="t1")
        await one.subscribe("b", THREAD, threadId="t1")
        while (await one.hear())["id"] != "b":
            pass
        async with socket(client) as two:
            assert (await two.closed())[0] == 1013
    counts = refusals(metrics)
    assert counts["graphql", "TOO_MANY_OPERATIONS"] == 1
    assert counts["graphql", "TOO_MANY_CONNECTIONS"] == 1


class Broken(Hook):
    """Fails at each refusal."""

    def refused(self, wire: str, code: str) -> None:
        raise RuntimeError("out of order")


async def test_a_hook_that_fails_changes_no_answer() -> None:
    metrics = Metrics()
    runtime = CopilotRuntime({}, hooks=[Broken(), metrics], options=Options())
    async with client_of(create_app(runtime)) as client:
        answer = await client.post(RUN, json=run_body())
    assert answer.status_code == 404
    assert refusals(metrics) == {("agui", "AGENT_NOT_FOUND"): 1}
