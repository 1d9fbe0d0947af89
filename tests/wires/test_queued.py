"""A run that waits for a worker, as each wire shows it: live, and not begun."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from agui_runtime.app import create_app
from agui_runtime.queues.here import HereQueue
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from tests.fakes.agents import scripted_agents
from tests.support import client_of

HERE = "/copilotkit"
RUNS = """query { thread(id: "t1") { runs { id status continuedBy } } }"""


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """No worker ever comes."""
    agents = {"default": next(iter(scripted_agents().values()))}
    runtime = CopilotRuntime(agents, options=Options(run_in=HereQueue()))
    app = create_app(runtime, wires=["rest", "openai", "a2a"])
    async with client_of(app) as client:
        command = {"agent": "default", "threadId": "t1", "runId": "r1", "messages": [MESSAGE]}
        answer = await client.post("/api/v1/agent/runs", json=command)
        assert answer.status_code == 202, answer.text
        yield client


MESSAGE = {"id": "m1", "role": "user", "content": "hi"}


async def test_graphql_and_the_routes_of_pages_list_it_as_queued(client: httpx.AsyncClient) -> None:
    answer = await client.post(HERE, json={"query": RUNS})
    assert answer.json()["data"]["thread"]["runs"] == [
        {"id": "r1", "status": "Queued", "continuedBy": None}
    ]
    listed = (await client.get(f"{HERE}/threads/t1/runs")).json()
    assert [each["status"] for each in listed["runs"]] == ["queued"]


async def test_agent_routes_show_it_in_the_history(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/agent/threads/t1/history")
    assert answer.status_code == 200, answer.text
    assert [each["status"] for each in answer.json()["runs"]] == ["queued"]


async def test_a_second_start_is_refused_and_a_stop_ends_it(client: httpx.AsyncClient) -> None:
    command = {"agent": "default", "threadId": "t1", "runId": "r2", "messages": [MESSAGE]}
    assert (await client.post("/api/v1/agent/runs", json=command)).status_code == 409
    stopped = await client.post("/api/v1/agent/runs/r1/stop", json={"threadId": "t1"})
    assert stopped.status_code == 200, stopped.text
    listed = (await client.get(f"{HERE}/threads/t1/runs")).json()
    assert [each["status"] for each in listed["runs"]] == ["stopped"]


async def test_a2a_shows_a_submitted_task(client: httpx.AsyncClient) -> None:
    request = {"jsonrpc": "2.0", "id": 1, "method": "ListTasks", "params": {}}
    headers = {"a2a-version": "1.0"}
    answer = await client.post("/a2a/default", json=request, headers=headers)
    (task,) = answer.json()["result"]["tasks"]
    assert task["status"]["state"] == "TASK_STATE_SUBMITTED"


async def test_a_response_in_the_background_waits(client: httpx.AsyncClient) -> None:
    body = {"model": "default", "input": "hi", "background": True}
    made = (await client.post("/v1/responses", json=body)).json()
    assert made["status"] in {"queued", "in_progress"}
    found = await client.get(f"/v1/responses/{made['id']}")
    assert found.status_code == 200, found.text
    assert found.json()["status"] in {"queued", "in_progress"}
    cancelled = await client.post(f"/v1/responses/{made['id']}/cancel")
    assert cancelled.json()["status"] == "cancelled"
