"""One-route requests: what they stand for, what is wrong with them."""

from __future__ import annotations

import pytest

from agui_runtime.runtime.runtime import CopilotRuntime
from tests.wires.agui.scripted import Gate, scripted_agents
from tests.wires.agui.serving import events, reading, run_body, serving, text, types


async def test_whatever_has_a_path_has_an_envelope() -> None:
    gate = Gate()
    agent = {"agentId": "default"}
    async with serving(CopilotRuntime(agents=scripted_agents(gate))) as client:
        suggest = {"method": "agent/suggest", "params": agent, "body": run_body(thread="t9")}
        suggested = await client.post("", json=suggest)
        run = {"method": "agent/run", "params": agent, "body": run_body("slow")}
        async with reading(client, "", run) as live:
            await gate.reached.wait()
            stop = {"method": "agent/stop", "params": {**agent, "threadId": "t1"}}
            other = await client.post("", json=stop | {"body": {"runId": "r9"}})
            stopped = await client.post("", json=stop)
            await live.until("RUN_FINISHED")
        body = run_body(messages=[])
        connect = {"method": "agent/connect", "params": agent, "body": body}
        replayed = await client.post("", json=connect)
    assert types(events(suggested.text))[-1] == "RUN_FINISHED"
    assert other.json()["stopped"] is False
    assert stopped.json()["stopped"] is True
    assert text(events(replayed.text)) == "w0 w1 w2 w3 w4 w5 "


async def test_info_says_that_threads_can_be_requested_in_envelopes() -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        enveloped = (await client.post("", json={"method": "info"})).json()
        plain = (await client.get("/info")).json()
    single = enveloped.pop("singleRoute")
    assert single["resourceOperations"] is True
    assert single["threadEndpoints"] == plain["threadEndpoints"]
    assert enveloped == plain


async def test_nothing_is_claimed_that_nobody_holds() -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        info = (await client.get("/info")).text
    assert "licen" not in info
    assert "ntitlement" not in info


@pytest.mark.parametrize(
    ("envelope", "message"),
    [
        ([], "Invalid JSON payload"),
        ({"method": ""}, "Missing method field"),
        ({"method": "zzz"}, "Unsupported method 'zzz'"),
        ({"method": "agent/run", "params": {"agentId": 3}}, "invalid parameter 'agentId'"),
        ({"method": "agent/stop", "params": {"agentId": "a"}}, "invalid parameter 'threadId'"),
        ({"method": "resource/request"}, "Resource path must be Runtime-relative"),
        ({"method": "resource/request", "params": {"path": "//evil"}}, "Runtime-relative"),
        ({"method": "resource/request", "params": {"path": "threads"}}, "Runtime-relative"),
        (
            {"method": "resource/request", "params": {"path": "/threads", "httpMethod": 1}},
            "invalid parameter 'httpMethod'",
        ),
    ],
)
async def test_the_answer_says_what_is_wrong(envelope: object, message: str) -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        answer = await client.post("", json=envelope)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"
    assert message in answer.json()["message"]


@pytest.mark.parametrize("path", ["/info", "/agent/default/run", "/threads/../info"])
async def test_only_resources_are_reached_by_a_path_of_their_own(path: str) -> None:
    params = {"path": path, "httpMethod": "GET"}
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        answer = await client.post("", json={"method": "resource/request", "params": params})
    assert answer.status_code == 404
