"""Runs are started, resumed and stopped by requests that nobody waits for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from agui_runtime import CopilotRuntime, Options, create_app
from agui_runtime.core.errors import Misconfigured
from tests.runtime.worlds import Scripted, Waiting, call, text
from tests.support import client_of
from tests.wires.agui.scripted import scripted_agents
from tests.wires.agui.serving import run_body, types
from tests.wires.rest.plain import read
from tests.wires.rest.serving import AT, HELLO, asks, events_at, serving, started


async def test_a_plain_client_reads_run_text_and_tool_in_order() -> None:
    agent = Scripted(*text("m1", "Let ", "me see."), *call("c1", "look", '{"n": 1}'))
    async with serving(agent) as client:
        run = await started(client, tools=[{"name": "look", "description": "", "parameters": {}}])
        found = [pair async for pair in read(client, run["events"])]
    assert types([event for _, event in found]) == [
        "RUN_STARTED",
        *("TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END"),
        *("TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END"),
        "RUN_FINISHED",
    ]
    epoch = run["cursor"].partition(".")[0]
    assert [identity for identity, _ in found] == [f"{epoch}.{n}" for n in range(1, 10)]
    assert found[0][1]["runId"] == run["runId"]


async def test_a_run_is_accepted_before_it_ends_and_goes_on_without_a_reader() -> None:
    agent = Waiting(*text("m1", "Hello"))
    async with serving(agent) as client:
        run = await started(client)
        agent.go.set()
        assert types(await events_at(client, run["events"]))[-1] == "RUN_FINISHED"


async def test_the_same_command_again_is_the_same_run() -> None:
    agent = Scripted(*text("m1", "Hello"))
    async with serving(agent) as client:
        runs = [await started(client, threadId="t1", runId="r1") for _ in range(3)]
        await events_at(client, runs[0]["events"])
        assert await started(client, threadId="t1", runId="r1") == runs[0]
        other = await started(client, threadId="t1", runId="r2")
    assert runs[0] == runs[1] == runs[2]
    assert other["cursor"] != runs[0]["cursor"]
    assert len(agent.asked) <= 2


async def test_the_thread_of_a_page_goes_on_here_and_the_other_way_round() -> None:
    runtime = CopilotRuntime(agents=scripted_agents(), options=Options(history="thread"))
    async with client_of(create_app(runtime)) as client:
        await client.post("/copilotkit/agent/default/run", json=run_body("on the page"))
        answer = await client.post(f"{AT}/runs", json={"threadId": "t1", "messages": HELLO})
        await client.get(answer.headers["location"])
        page = await client.get("/copilotkit/threads/t1/messages")
        history = await client.get(f"{AT}/threads/t1/history")
    said = [each["content"] for each in page.json()["messages"]]
    assert said == ["on the page", "Echo: on the page", "hi", "Echo: hi"]
    assert [each["content"] for each in history.json()["messages"]] == said


async def test_a_busy_thread_refuses_another_run_and_a_stop_frees_it() -> None:
    agent = Waiting(*text("m1", "Hello"))
    async with serving(agent) as client:
        run = await started(client, threadId="t1")
        busy = await client.post("/runs", json={"threadId": "t1", "messages": HELLO})
        stop = f"/runs/{run['runId']}/stop"
        stopped = await client.post(stop, json={"threadId": "t1"})
        found = await events_at(client, run["events"])
        again = await client.post(stop, json={"threadId": "t1"})
    assert (busy.status_code, busy.json()["code"]) == (409, "THREAD_BUSY")
    assert run["runId"] in busy.json()["message"]
    ids = {"threadId": "t1", "runId": run["runId"]}
    assert stopped.json() == {**ids, "stopped": True}
    assert found[-1]["outcome"] == {"type": "cancelled"}
    assert (again.status_code, again.json()) == (200, {**ids, "stopped": False})


ANSWER = {"interruptId": "i1", "status": "resolved", "payload": {"yes": True}}


async def test_an_answer_is_a_run_of_its_own_and_accepted_once() -> None:
    agent = asks()
    async with serving(agent) as client:
        run = await started(client, threadId="t1", runId="r1")
        await events_at(client, run["events"])
        agent.events = tuple(text("m2", "So be it"))
        resume = {"threadId": "t1", "resume": [ANSWER]}
        answers = [await client.post("/runs/r1/resume", json=resume) for _ in range(2)]
        await client.get("/threads/t1/events")
        answers.append(await client.post("/runs/r1/resume", json=resume))
        no = {**resume, "resume": [{"interruptId": "i1", "status": "cancelled"}]}
        refused = await client.post("/runs/r1/resume", json=no)
    assert [each.status_code for each in answers] == [202] * 3
    assert len({each.text for each in answers}) == 1
    given = agent.asked[-1]
    assert len(agent.asked) == 2
    assert [each.interrupt_id for each in given.resume or ()] == ["i1"]
    assert [each.content for each in given.messages] == ["hi", "Well"]
    assert (refused.status_code, refused.json()["code"]) == (409, "RUN_NOT_RESUMABLE")
    assert "went on with" in refused.json()["message"]


@pytest.mark.parametrize(
    ("run", "command", "status", "words"),
    [
        ("r1", {"resume": [ANSWER]}, 400, "threadId"),
        ("r1", {"threadId": "t1", "resume": []}, 400, "resume"),
        ("r1", {"threadId": "t1", "resume": [ANSWER | {"interruptId": "i2"}]}, 400, "'i1'"),
        ("r1", {"threadId": "t1", "resume": [ANSWER | {"status": "maybe"}]}, 400, "resume.0"),
        ("r1", {"threadId": "t1", "resume": [ANSWER], "answers": []}, 400, "answers"),
        ("r2", {"threadId": "t1", "resume": [ANSWER]}, 404, "no run 'r2'"),
        ("r1", {"threadId": "t9", "resume": [ANSWER]}, 404, "no thread 't9'"),
    ],
)
async def test_an_answer_that_fits_nothing_is_refused(
    run: str, command: dict[str, Any], status: int, words: str
) -> None:
    async with serving(asks()) as client:
        await events_at(client, (await started(client, threadId="t1", runId="r1"))["events"])
        refused = await client.post(f"/runs/{run}/resume", json=command)
    assert refused.status_code == status
    assert words in refused.json()["message"]


async def test_a_run_that_waits_for_nothing_takes_no_answer() -> None:
    async with serving(Scripted(*text("m1", "Hello"))) as client:
        await events_at(client, (await started(client, threadId="t1", runId="r1"))["events"])
        resume = {"threadId": "t1", "resume": [ANSWER]}
        refused = await client.post("/runs/r1/resume", json=resume)
    assert (refused.status_code, refused.json()["code"]) == (409, "RUN_NOT_RESUMABLE")
    assert "it is finished" in refused.json()["message"]


@pytest.mark.parametrize(
    ("command", "status", "code", "words"),
    [
        ({}, 400, "INVALID_INPUT", "messages"),
        ([], 400, "INVALID_INPUT", "JSON object"),
        ({"messages": "hi"}, 400, "INVALID_INPUT", "messages"),
        ({"messages": [{"role": "user"}]}, 400, "INVALID_INPUT", "messages.0"),
        ({"message": HELLO}, 400, "INVALID_INPUT", "message: a RunCommand has"),
        ({"messages": HELLO, "agent": 3}, 400, "INVALID_INPUT", "agent"),
        ({"messages": HELLO, "agent": "wether"}, 404, "AGENT_NOT_FOUND", "default"),
        ({"messages": HELLO, "threadId": "a\nb"}, 400, "INVALID_INPUT", "thread_id"),
    ],
)
async def test_a_command_that_cannot_be_meant_is_refused_in_one_shape(
    command: object, status: int, code: str, words: str
) -> None:
    async with serving(Scripted()) as client:
        refused = await client.post("/runs", json=command, headers={"x-request-id": "mine-1"})
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (status, code)
    assert problem.keys() == {"code", "message", "requestId"}
    assert problem["requestId"] == refused.headers["x-request-id"] == "mine-1"
    assert words in problem["message"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/runs", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/nothing", 404, "NOT_FOUND"),
        ("POST", "/runs/r1/stop", 404, "THREAD_NOT_FOUND"),
        ("GET", "/threads/t1/events", 404, "THREAD_NOT_FOUND"),
        ("GET", "/threads/t1/history", 404, "THREAD_NOT_FOUND"),
    ],
)
async def test_what_there_is_not_is_refused_in_the_same_shape(
    method: str, path: str, status: int, code: str
) -> None:
    body = {"threadId": "t1"} if method == "POST" else None
    async with serving(Scripted()) as client:
        refused = await client.request(method, path, json=body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert (refused.headers.get("allow") == "POST") == (status == 405)


async def test_a_failure_of_ours_shows_nothing_of_it(caplog: pytest.LogCaptureFixture) -> None:
    def broken(request: object) -> None:
        raise RuntimeError("/srv/passwords")

    async with serving(Scripted(), authenticate=broken) as client:
        refused = await client.post("/runs", json={"messages": HELLO})
    assert (refused.status_code, refused.json()["code"]) == (500, "ACCESS_UNDECIDED")
    assert "passwords" not in refused.text
    assert "passwords" in caplog.text


async def test_more_than_one_may_start_at_once() -> None:
    async with serving(Scripted(*text("m1", "Hello"))) as client:
        runs = await asyncio.gather(*(started(client) for _ in range(5)))
        for run in runs:
            assert types(await events_at(client, run["events"]))[-1] == "RUN_FINISHED"
    assert len({run["threadId"] for run in runs}) == 5


@pytest.mark.parametrize("path", ["/api/v1/agent", "/api/v1/agent/here/"])
def test_a_runtime_url_in_the_place_of_the_agent_routes_is_refused(path: str) -> None:
    runtime = CopilotRuntime({"default": Scripted()})
    with pytest.raises(Misconfigured, match="leave rest out of AGUI_WIRES"):
        create_app(runtime, path=path)
    create_app(runtime, path="/api/v1")


async def test_below_a_mount_the_address_of_the_events_is_there() -> None:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello"))})
    outer = Starlette(
        routes=[Mount("/ai", create_app(runtime))], lifespan=lambda _: runtime.lifespan()
    )
    async with client_of(outer) as client:
        answer = await client.post(f"/ai{AT}/runs", json={"messages": HELLO})
        assert answer.headers["location"].startswith(f"/ai{AT}/threads/")
        assert "RUN_FINISHED" in (await client.get(answer.headers["location"])).text
        described = (await client.get("/ai/openapi.json")).json()
    assert described["servers"] == [{"url": "/ai"}]


async def test_a_wire_that_is_not_named_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGUI_WIRES", "")
    async with client_of(create_app(CopilotRuntime({"default": Scripted()}))) as client:
        for path in (f"{AT}/threads/t1/history", "/openapi.json", "/docs"):
            assert (await client.get(path)).status_code == 404
