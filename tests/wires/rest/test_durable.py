"""Threads and runs as read-only streams of the Durable Streams protocol."""

from __future__ import annotations

import asyncio
import gc
import json

import pytest

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.core.events import ANONYMOUS
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.wires.rest import durable
from tests.runtime.worlds import Scripted, Waiting, text
from tests.support import client_of
from tests.wires.agui.serving import types
from tests.wires.rest.serving import AT, events_at, serving, started

STREAM = "/threads/t1/stream"
OF_RUN = "/threads/t1/runs/r1/stream"


async def test_each_answer_says_where_the_next_one_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(durable, "PIECE", 2)
    async with serving(Scripted(*text("m1", "Hello"))) as client:
        whole = await events_at(client, (await started(client, threadId="t1"))["events"])
        offset, found, offsets = "-1", [], []
        while True:
            answer = await client.get(STREAM, params={"offset": offset})
            found += answer.json()
            offset = answer.headers["stream-next-offset"]
            offsets.append(offset)
            if "stream-up-to-date" in answer.headers:
                break
    assert found == whole
    assert len(offsets) == 3
    assert offsets == sorted(offsets)
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "stream-closed" not in answer.headers


async def test_the_store_that_a_server_gives_to_its_runtime_is_read() -> None:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello"))})
    app = create_app(runtime)
    runtime.store_in(MemoryStore())  # as `serve` does, when all apps are made
    async with client_of(app) as client:
        command = {"threadId": "t1", "runId": "r1", "messages": []}
        await client.post(f"{AT}/runs", json=command)
        await client.get(f"{AT}/threads/t1/events")  # which ends with the run
        whole = types((await client.get(f"{AT}{STREAM}")).json())
        assert whole == types((await client.get(f"{AT}{OF_RUN}")).json())
    assert whole[-1] == "RUN_FINISHED"


async def test_the_stream_of_a_run_has_that_run_alone_and_is_closed_with_it() -> None:
    async with serving(Scripted(*text("m1", "Hello"))) as client:
        first = await events_at(
            client, (await started(client, threadId="t1", runId="r1"))["events"]
        )
        await events_at(client, (await started(client, threadId="t1", runId="r2"))["events"])
        answer = await client.get(OF_RUN)
        at_end = await client.get(
            OF_RUN, params={"offset": answer.headers["stream-next-offset"], "live": "long-poll"}
        )
        unknown = await client.get("/threads/t1/runs/r9/stream")
    assert answer.json() == first
    assert answer.headers["stream-closed"] == "true"
    assert at_end.headers["stream-closed"] == "true"
    assert (unknown.status_code, unknown.json()["code"]) == (404, "RUN_NOT_FOUND")


async def test_a_long_poll_waits_for_what_comes_or_for_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    agent = Waiting(*text("m1", "Hello"))
    async with serving(agent) as client:
        await started(client, threadId="t1", runId="r1")
        while types((before := await client.get(STREAM)).json())[-1] != "TEXT_MESSAGE_END":
            pass
        query = {"offset": before.headers["stream-next-offset"], "live": "long-poll"}
        waiting = asyncio.create_task(client.get(STREAM, params=query))
        agent.go.set()
        found = await waiting
        assert types(found.json()) == ["RUN_FINISHED"]
        query["offset"] = found.headers["stream-next-offset"]
        monkeypatch.setattr(durable, "PATIENCE", 0.01)
        nothing = await client.get(STREAM, params=query)
    assert (nothing.status_code, nothing.content) == (204, b"")
    assert nothing.headers["stream-up-to-date"] == "true"
    assert nothing.headers["stream-next-offset"]
    assert nothing.headers["stream-cursor"]


async def test_an_event_stream_says_after_each_piece_where_it_ends() -> None:
    async with serving(Scripted(*text("m1", "Hello"))) as client:
        whole = await events_at(
            client, (await started(client, threadId="t1", runId="r1"))["events"]
        )
        answer = await client.get(OF_RUN, params={"offset": "-1", "live": "sse"})
    frames = [frame.split("\n") for frame in answer.text.strip().split("\n\n")]
    assert [frame[0] for frame in frames] == ["event: data", "event: control"]
    assert json.loads(frames[0][1].removeprefix("data: ")) == whole
    control = json.loads(frames[1][1].removeprefix("data: "))
    assert control["streamClosed"] is True


async def test_an_archived_thread_is_closed() -> None:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello"))})
    async with client_of(create_app(runtime)) as client:
        client.base_url = client.base_url.join(AT)
        await events_at(client, (await started(client, threadId="t1"))["events"])
        await runtime.threads.update("t1", ANONYMOUS, archived=True)
        answer = await client.get(STREAM)
    assert answer.headers["stream-closed"] == "true"


async def test_nothing_new_is_not_sent_again() -> None:
    async with serving(Scripted(*text("m1", "Hello"))) as client:
        await events_at(client, (await started(client, threadId="t1"))["events"])
        tail = await client.get(STREAM, params={"offset": "now"})
        same = await client.get(
            STREAM,
            params={"offset": tail.headers["stream-next-offset"]},
            headers={"if-none-match": tail.headers["etag"]},
        )
        head = await client.head(STREAM)
    assert tail.json() == []
    assert (same.status_code, same.content) == (304, b"")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["stream-next-offset"] == tail.headers["stream-next-offset"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("offset=nonsense", 400, "INVALID_INPUT"),
        ("offset=x_1", 400, "INVALID_INPUT"),
        ("offset=0123456789ab_0000000000000001", 410, "HISTORY_GONE"),
        ("offset=-1&live=always", 400, "INVALID_INPUT"),
        ("live=sse", 400, "INVALID_INPUT"),
    ],
)
async def test_what_no_client_can_mean_is_refused(query: str, status: int, code: str) -> None:
    async with serving(Scripted()) as client:
        await started(client, threadId="t1")
        refused = await client.get(f"{STREAM}?{query}")
    assert (refused.status_code, refused.json()["code"]) == (status, code)


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
async def test_it_can_only_be_read(method: str) -> None:
    async with serving(Scripted()) as client:
        await started(client, threadId="t1")
        refused = await client.request(method, STREAM, json=[])
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")


async def test_a_reader_that_waits_holds_no_events() -> None:
    def made() -> list[object]:
        found = [each for each in gc.get_objects() if type(each) is dict]
        return [each for each in found if each.get("name") == "seen once"]

    agent = Scripted({"type": "CUSTOM", "name": "seen once", "value": {"is": ["read"]}})
    async with serving(agent) as client:
        await events_at(client, (await started(client, threadId="t1"))["events"])
        before = len(made())
        live = {"offset": "-1", "live": "sse"}
        async with client.stream("GET", STREAM, params=live) as answer:
            parts = answer.aiter_text()
            assert "seen once" in await anext(parts)
            assert len(made()) == before
