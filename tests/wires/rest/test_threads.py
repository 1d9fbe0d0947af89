"""A thread's events from any place on, and what they add up to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

import httpx
import pytest

from agui_runtime import CopilotRuntime, RestWire, create_app
from agui_runtime.core.events import ANONYMOUS
from agui_runtime.runtime.saved_states import StateUpdate
from tests.runtime.worlds import Scripted, Waiting, text
from tests.support import client_of
from tests.wires.agui.serving import Reader, types
from tests.wires.rest.plain import read
from tests.wires.rest.serving import AT, events_at, serving, started

EVENTS = "/threads/t1/events"


async def test_from_any_event_on_nothing_is_lost_or_sent_twice() -> None:
    async with serving(Scripted(*text("m1", "Hello ", "there"))) as client:
        await events_at(client, (await started(client, threadId="t1"))["events"])
        whole = [pair async for pair in read(client, EVENTS)]
        for place, (cursor, _) in enumerate(whole[:-1], 1):
            rest = [pair async for pair in read(client, f"{EVENTS}?after={cursor}")]
            assert rest == whole[place:]
            resumed = await client.get(
                f"{EVENTS}?after={whole[0][0]}", headers={"last-event-id": cursor}
            )
            assert resumed.text.startswith(f"id: {whole[place][0]}\n")


async def test_a_reader_at_the_end_is_told_that_there_is_nothing() -> None:
    async with serving(Scripted(*text("m1", "Hello"))) as client:
        await events_at(client, (await started(client, threadId="t1"))["events"])
        last = [cursor async for cursor, _ in read(client, EVENTS)][-1]
        answer = await client.get(EVENTS, headers={"last-event-id": last})
    assert (answer.status_code, answer.content) == (204, b"")


async def test_a_reader_for_ever_gets_each_run_that_comes() -> None:
    async with serving(Scripted(*text("m1", "Hello"))) as client:
        first = await started(client, threadId="t1")
        await events_at(client, first["events"])
        async with aclosing(read(client, f"{EVENTS}?until=live")) as reader:
            found = [(await anext(reader))[1] for _ in range(5)]
            await started(client, threadId="t1")
            found += [(await anext(reader))[1] for _ in range(5)]
    assert types(found).count("RUN_FINISHED") == 2


async def test_the_answer_to_a_reader_who_waits_at_the_end_begins_at_once() -> None:
    async with serving(Scripted(*text("m1", "Hello"))) as client:
        await events_at(client, (await started(client, threadId="t1"))["events"])
        last = [cursor async for cursor, _ in read(client, EVENTS)][-1]
        where = f"{EVENTS}?until=live&after={last}"
        async with client.stream("GET", where) as answer:
            assert answer.status_code == 200
            await started(client, threadId="t1", runId="r2")
            lines = cast(AsyncGenerator[str, None], answer.aiter_lines())  # typed as an iterator
            async with aclosing(lines):
                await Reader(lines).until("RUN_FINISHED")


async def test_a_live_run_is_read_to_its_end_and_no_further() -> None:
    agent = Waiting(*text("m1", "Hello"))
    async with serving(agent) as client:
        run = await started(client, threadId="t1")
        reading = asyncio.create_task(events_at(client, f"{EVENTS}?after={run['cursor']}"))
        agent.go.set()
        assert types(await reading)[-1] == "RUN_FINISHED"


async def test_silence_is_filled_with_comments() -> None:
    agent = Waiting(*text("m1", "Hello"))
    app = create_app(CopilotRuntime({"default": agent}), wires=[RestWire(keep_alive=0.01)])
    async with client_of(app) as client:
        client.base_url = client.base_url.join(AT)
        run = await started(client)
        async with client.stream("GET", run["events"]) as answer:
            lines = answer.aiter_lines()
            while await anext(lines) != ": keep-alive":
                pass
            agent.go.set()
            assert "RUN_FINISHED" in "".join([line async for line in lines])


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("after=nonsense", 400, "INVALID_INPUT"),
        ("after=0123456789ab.1", 410, "HISTORY_GONE"),
        ("after={epoch}.9999", 410, "HISTORY_GONE"),
    ],
)
@pytest.mark.parametrize("until", ["end", "live"])
async def test_a_place_that_leads_nowhere_is_refused(
    query: str, until: str, status: int, code: str
) -> None:
    async with serving(Scripted()) as client:
        run = await started(client, threadId="t1")
        query = query.format(epoch=run["cursor"].partition(".")[0])
        refused = await client.get(f"{EVENTS}?{query}&until={until}")
    assert (refused.status_code, refused.json()["code"]) == (status, code)


async def test_how_far_to_read_has_to_be_known() -> None:
    async with serving(Scripted()) as client:
        await started(client, threadId="t1")
        refused = await client.get(f"{EVENTS}?until=tomorrow")
    assert refused.status_code == 400
    assert refused.json()["message"] == "until: end or live"


async def test_a_head_tells_what_a_get_would_be_without_its_events() -> None:
    async with serving(Scripted()) as client:
        await events_at(client, (await started(client, threadId="t1"))["events"])
        answer = await client.head(f"{EVENTS}?until=live")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")


async def test_the_history_goes_on_where_its_cursor_is() -> None:
    agent = Scripted(
        *text("m1", "Hello"),
        {"type": "STATE_SNAPSHOT", "snapshot": {"n": 1}},
        {"type": "RUN_FINISHED", "usage": [{"model": "gpt-4o-mini", "inputTokens": 5}]},
    )
    async with serving(agent) as client:
        run = await started(client, threadId="t1")
        await events_at(client, run["events"])
        found = (await client.get("/threads/t1/history")).json()
        await started(client, threadId="t1", runId="r2")
        rest = await events_at(client, f"{EVENTS}?after={found['cursor']}")
    assert [each["content"] for each in found["messages"]] == ["hi", "Hello"]
    assert found["state"] == {"n": 1}
    [summary] = found["runs"]
    assert (summary["id"], summary["status"], summary["inputTokens"]) == (
        run["runId"],
        "finished",
        5,
    )
    assert summary["milliseconds"] >= summary["firstEventMilliseconds"] >= 0
    assert rest[0]["runId"] == "r2"
    assert types(rest)[-1] == "RUN_FINISHED"


async def test_a_state_that_was_saved_by_hand_is_the_one_of_the_history() -> None:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello"))})
    async with client_of(create_app(runtime)) as client:
        client.base_url = client.base_url.join(AT)
        await events_at(client, (await started(client, threadId="t1"))["events"])
        await runtime.saved_states.save("t1", "default", ANONYMOUS, StateUpdate({"n": 7}))
        found = (await client.get("/threads/t1/history")).json()
        shown = await events_at(client, EVENTS)
    assert found["state"] == {"n": 7}
    assert [each["snapshot"] for each in shown if "snapshot" in each] == [{"n": 7}]


async def pages(client: httpx.AsyncClient, limit: int) -> list[list[str]]:
    """The ids on each page, from the latest."""
    found, query = [], f"limit={limit}"
    while True:
        answer = (await client.get(f"/threads/t1/history?{query}")).json()
        assert answer["page"]["limit"] == limit
        found.append([each["id"] for each in answer["messages"]])
        if answer["page"]["before"] is None:
            return found
        query = f"limit={limit}&before={answer['page']['before']}"


async def test_messages_come_in_pages_from_the_latest_on() -> None:
    said = [{"id": f"u{n}", "role": "user", "content": str(n)} for n in range(5)]
    async with serving(Scripted(*text("m1", "Hello"))) as client:
        await events_at(client, (await started(client, threadId="t1", messages=said))["events"])
        assert await pages(client, 4) == [["u2", "u3", "u4", "m1"], ["u0", "u1"]]
        assert await pages(client, 6) == [["u0", "u1", "u2", "u3", "u4", "m1"]]
        for query in ("limit=0", "limit=x", "before=nobody"):
            refused = await client.get(f"/threads/t1/history?{query}")
            assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_INPUT")
