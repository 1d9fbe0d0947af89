"""Runs that recur, as a client of the agent routes makes and looks after them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from agui_runtime.core.schedules import changed
from agui_runtime.runtime import scheduler
from agui_runtime.stores.memory import MemoryStore
from tests.runtime.recurring import Watching
from tests.runtime.worlds import Scripted, text
from tests.wires.rest.serving import serving
from tests.wires.rest.test_openapi import described, operations, schema_of

WANTED = {"cron": "0 7 * * 1-5", "zone": "Europe/Berlin", "message": "good morning?"}


async def test_a_schedule_is_made_listed_read_paused_resumed_and_deleted() -> None:
    async with serving(Scripted()) as client:
        made = await client.post("/schedules", json={**WANTED, "threadId": "t1"})
        assert made.status_code == 201
        shown = made.json()
        assert shown.items() >= {**WANTED, "threadId": "t1", "paused": False}.items()
        assert (shown["agentId"], shown["last"]) == ("default", None)
        at = f"/schedules/{shown['id']}"
        assert (await client.get("/schedules")).json() == {"schedules": [shown]}
        assert (await client.get(at)).json() == shown
        paused = (await client.post(f"{at}/pause")).json()
        assert paused == {**shown, "paused": True, "nextAt": None}
        assert (await client.post(f"{at}/resume", json={})).json() == shown
        assert (await client.delete(at)).status_code == 204
        assert (await client.get("/schedules")).json() == {"schedules": []}
        for answer in (await client.get(at), await client.delete(at)):
            assert (answer.status_code, answer.json()["code"]) == (404, "SCHEDULE_NOT_FOUND")


@pytest.mark.parametrize(
    ("wrong", "status", "words"),
    [
        ({"cron": "61 * * * *"}, 400, "minutes are 0 to 59"),
        ({"cron": "0 0 30 2 *"}, 400, "as far as the month has them"),
        ({"cron": "* * * * * *"}, 400, "this server allows 60 or more"),
        ({"cron": None}, 400, "cron"),
        ({"zone": "Mars/Olympus"}, 400, "no time zone"),
        ({"message": ""}, 400, "say what the agent is to be sent"),
        ({"threadId": ""}, 400, "threadId"),
        ({"headers": {"authorization": "x"}}, 400, "headers"),
        ({"agent": "nobody"}, 404, "no agent 'nobody'"),
        ({"message": "x" * 70_000}, 413, "a schedule takes 65536"),
    ],
)
async def test_what_can_be_no_schedule_is_refused_with_what_to_do(
    wrong: dict[str, Any], status: int, words: str
) -> None:
    async with serving(Scripted()) as client:
        answer = await client.post("/schedules", json={**WANTED, **wrong})
        assert answer.status_code == status
        assert words in answer.json()["message"]
        assert (await client.get("/schedules")).json() == {"schedules": []}


async def test_what_became_of_a_firing_is_shown_as_it_is_described(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scheduler, "EVERY", 0.01)
    store, seen, document = MemoryStore(), Watching(), await described()
    agent = Scripted(*text("m1", "Good morning"))
    async with serving(agent, store=store, hooks=[seen]) as client, asyncio.timeout(20):
        made = await client.post("/schedules", json=WANTED)
        schedule = await store.schedules.get(made.json()["id"])
        assert schedule is not None
        due = changed(replace(schedule, next_at=1000.0))
        assert await store.schedules.swap(schedule.version, due)
        await seen.fired.get()
        run = await seen.ended.get()
        listed = await client.get("/schedules")
        last = listed.json()["schedules"][0]["last"]
        assert (
            last.items()
            >= {
                "dueAt": "1970-01-01T00:16:40.000Z",
                "outcome": "started",
                "threadId": run.thread_id,
                "runId": run.run_id,
                "runStatus": "finished",
            }.items()
        )
        assert last["missed"] == 1000
        history = await client.get(f"/threads/{run.thread_id}/history")
        said = [each["content"] for each in history.json()["messages"]]
        assert said == ["good morning?", "Good morning"]
    for method, path, answer in (("POST", "schedules", made), ("GET", "schedules", listed)):
        operation = operations(document)[method, f"/api/v1/agent/{path}"]
        schema = schema_of(document, operation["responses"][str(answer.status_code)])
        Draft202012Validator(schema).validate(answer.json())


async def test_a_caller_has_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGUI_CALLER_SCHEDULES", "1")
    async with serving(Scripted()) as client:
        assert (await client.post("/schedules", json=WANTED)).status_code == 201
        answer = await client.post("/schedules", json=WANTED)
        assert (answer.status_code, answer.json()["code"]) == (409, "TOO_MANY_SCHEDULES")
