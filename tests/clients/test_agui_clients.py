"""The published AG-UI clients of all generations against this server: live, replayed, resumed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from agui_runtime.connectors.demo import DemoAgent
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.agui.wire import AguiWire
from tests.clients.browser import node
from tests.wires.agui.scenarios import SCENARIOS
from tests.wires.agui.serving import frames, run_body, serving

CLIENT = Path(__file__).parent / "agui" / "client.mjs"
CLIENTS = ("1.0.0", "0.0.59", "0.0.57", "0.0.52", "0.0.47", "0.0.42")
DROP_PATCHES = {"0.0.52", "0.0.47"}
"""They refuse a state patch right behind its snapshot; a replay has no patches."""

OLDEST = {"0.0.47", "0.0.42"}

CONFIRMED = "confirmed"
"""What `client.mjs` answers calls with."""

Job = dict[str, Any]


async def read(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """What the clients make of the streams, one after the other."""
    process = await asyncio.create_subprocess_exec(
        node(), str(CLIENT), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    report, _ = await process.communicate(json.dumps(jobs).encode())
    assert process.returncode == 0
    found: list[dict[str, Any]] = json.loads(report)
    return found


def asked_for(server: httpx.AsyncClient, method: str, agent: str, enveloped: bool) -> Job:
    """Where the request goes, and the envelope that it goes in."""
    if not enveloped:
        return {"url": f"{server.base_url}agent/{agent}/{method}"}
    envelope = {"method": f"agent/{method}", "params": {"agentId": agent}}
    return {"url": str(server.base_url), "envelope": envelope}


def assert_framed(streams: Sequence[Mapping[str, str]]) -> None:
    """As clients need it: they know no other line end than LF, and no frame without its end."""
    for stream in streams:
        assert stream["type"].startswith("text/event-stream")
        assert "\r" not in stream["raw"]
        assert stream["raw"].endswith("\n\n")


def plain(messages: Sequence[Any]) -> list[Any]:
    """Without ids, which two readers of the same run agree on anyway."""
    return [(each["role"], each.get("content"), each.get("toolCalls")) for each in messages]


@pytest.mark.parametrize(
    ("client", "enveloped"),
    [*((client, False) for client in CLIENTS), ("1.0.0", True), ("0.0.59", True)],
)
async def test_every_run_is_read_live_and_later(client: str, enveloped: bool) -> None:
    agents = {**SCENARIOS, "demo": DemoAgent()}
    wire = AguiWire(oldest_clients=client in OLDEST)
    async with serving(CopilotRuntime(agents=agents), wire) as server:
        live, later = (
            [
                {"client": client, "threadId": name, **asked_for(server, method, name, enveloped)}
                for name in agents
            ]
            for method in ("run", "connect")
        )
        live = [{**job, "text": "hello"} for job in live]
        first, again = await read(live), await read(later)
    assert first[list(agents).index("frontend_tool")]["messages"][-1]["content"] == CONFIRMED
    for name, was, now in zip(agents, first, again, strict=True):
        assert "error" not in was, (name, was)
        assert "error" not in now, (name, now)
        assert was["types"][-1] in {"RUN_FINISHED", "RUN_ERROR"}, name
        assert now["types"][-1] == was["types"][-1], name
        assert plain(now["messages"]) == plain(was["messages"]), name
        assert_framed([*was["streams"], *now["streams"]])
        if client not in DROP_PATCHES:
            assert now["state"] == was["state"], name


@pytest.mark.parametrize("client", CLIENTS)
async def test_attachments_come_back_as_the_page_sent_them(client: str) -> None:
    source = {"type": "data", "value": "aGk=", "mimeType": "image/png"}
    today = {"type": "image", "source": source, "metadata": {"filename": "a.png"}}
    before = {"type": "binary", "mimeType": "image/png", "data": "aGk=", "filename": "a.png"}
    sent = [{"type": "text", "text": "look"}, before if client in OLDEST else today]
    user = {"id": "u1", "role": "user", "content": sent}
    async with serving(CopilotRuntime(agents=dict(SCENARIOS))) as server:
        await server.post("/agent/chat/run", json=run_body(thread="t1", messages=[user]))
        url = f"{server.base_url}agent/chat/connect"
        [report] = await read([{"client": client, "url": url, "threadId": "t1"}])
    assert report["messages"][0]["content"] == sent


@pytest.mark.parametrize("client", ["1.0.0", "0.0.59", "0.0.52"])
async def test_a_stream_that_broke_off_is_taken_up_anywhere(client: str) -> None:
    agents = {name: SCENARIOS[name] for name in ("activity", "interrupt", "reasoning", "subagent")}
    version = {"protocolVersion": "1.0"} if client == "1.0.0" else {}
    jobs: list[Job] = []
    async with serving(CopilotRuntime(agents=dict(agents))) as server:
        for name in agents:
            body = run_body("hello", thread=name, **version)
            whole = frames((await server.post(f"/agent/{name}/run", json=body)).text)
            url = f"{server.base_url}agent/{name}/connect"
            jobs += [
                {"client": client, "url": url, "threadId": name, "headers": {"last-event-id": id_}}
                for id_, _ in whole[:-1]
            ]
        found = await read(jobs)
    for job, report in zip(jobs, found, strict=True):
        assert "error" not in report, (job, report)
        assert report["types"][0] == "RUN_STARTED"
        assert report["types"][-1] == "RUN_FINISHED"


async def test_a_busy_thread_is_an_error_that_the_page_sees() -> None:
    async def waits(request: object) -> Any:  # noqa: ANN401
        yield {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}
        await asyncio.Event().wait()

    async with serving(CopilotRuntime(agents={"default": waits})) as server:
        url = f"{server.base_url}agent/default/run"
        body = run_body("hello", thread="t1")
        async with server.stream("POST", url, json=body) as first:
            await anext(first.aiter_bytes())
            [report] = await read([{"client": "0.0.59", "url": url, "threadId": "t1", "text": "x"}])
    assert "409" in report["error"]
