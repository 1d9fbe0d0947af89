"""A page edits what it said under the id that it had: every generation sees it, also later."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from ag_ui.core import RunAgentInput

from agui_runtime.app import create_app
from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.support import served
from tests.wires.agui.serving import events, run_body
from tests.wires.graphql.runs import text
from tests.wires.graphql.serving import ACCEPT, PATH, body, chat, user

QUESTION = {"id": "u1", "role": "user"}


async def echo(request: RunAgentInput) -> AsyncIterator[Event]:
    """Repeats what you say."""
    for event in text(f"a-{request.run_id}", f"You said: {request.messages[-1].content}"):
        yield event


@asynccontextmanager
async def served_echo() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(CopilotRuntime(agents={"default": echo}))
    async with served(app) as origin, httpx.AsyncClient(base_url=origin) as client:
        yield client


async def asks_today(client: httpx.AsyncClient, content: str, run: str) -> list[Event]:
    sent = run_body(thread="thread-1", run=run, messages=[QUESTION | {"content": content}])
    return events((await client.post(f"{PATH}/agent/default/run", json=sent)).text)


async def asks_in_1_10(client: httpx.AsyncClient, content: str) -> None:
    session = {"agentName": "default", "threadId": "thread-1"}
    sent = chat(messages=[user("u1", content)], agentSession=session)
    answer = await client.post(PATH, json=sent, headers={"accept": ACCEPT})
    assert f"You said: {content}" in answer.text


async def loaded(client: httpx.AsyncClient) -> dict[str, list[str]]:
    """What each generation shows after a reload."""
    connect = run_body(thread="thread-1", run="c1", messages=[])
    log = events((await client.post(f"{PATH}/agent/default/connect", json=connect)).text)
    snapshot = next(event for event in log if event["type"] == "MESSAGES_SNAPSHOT")
    state = body("loadAgentState", {"data": {"threadId": "thread-1", "agentName": "default"}})
    answer = (await client.post(PATH, json=state)).json()["data"]["loadAgentState"]
    today = [message["content"] for message in snapshot["messages"]]
    history = (await client.get("/api/v1/agent/threads/thread-1/history")).json()["messages"]
    assert [each["content"] for each in history][: len(today)] == today
    return {"today": today, "1.10": [each["content"] for each in json.loads(answer["messages"])]}


async def test_an_edit_on_todays_page() -> None:
    async with served_echo() as client:
        await asks_today(client, "first", "r1")
        live = await asks_today(client, "second", "r2")
        after = await loaded(client)
    [snapshot] = [event for event in live if event["type"] == "MESSAGES_SNAPSHOT"]
    assert [message["content"] for message in snapshot["messages"]] == ["second"]
    assert after == {"today": ["second"], "1.10": ["second", "You said: second"]}


async def test_an_edit_on_a_page_of_1_10() -> None:
    async with served_echo() as client:
        await asks_in_1_10(client, "first")
        await asks_in_1_10(client, "second")
        after = await loaded(client)
    assert after == {"today": ["second"], "1.10": ["second", "You said: second"]}
