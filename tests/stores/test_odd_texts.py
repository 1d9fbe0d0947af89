"""Texts that not every database holds, over all stores as users reach them: U+0000, halves of
characters, and ids that are longer than a database's index takes.
"""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
from ag_ui.core import RunAgentInput
from starlette.requests import Request

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import Caller, Event
from agui_runtime.stores.base import Store
from tests.runtime.worlds import text
from tests.support import client_of


def long_text(characters: int) -> str:
    """Of characters that take four bytes each and that no database compresses."""
    draw = random.Random(1)
    return "".join(chr(draw.randrange(0x20000, 0x2A000)) for _ in range(characters))


MESSAGE_IDS = {
    "a U+0000": "a\0b",
    "nothing but a U+0000": "\0",
    "what stands for a U+0000": "a\ufffdb",
    "quotation marks": "a\"b'c",
    "much": "x" * 100_000,
    "half a character": "a\ud83d",
    "long": long_text(900),
    "very long": long_text(20_000),
}


JSON = {"content-type": "application/json"}


def caller(request: Request) -> Caller:
    return Caller(json.loads(request.headers.get("x-user") or '"ann"'))


async def echo(request: RunAgentInput) -> AsyncIterator[Event]:
    """Answers under an id that is as odd as that of the latest message."""
    latest = request.messages[-1]
    for each in text(f"{latest.id}-answer", f"You: {latest.content}"):
        yield each


@asynccontextmanager
async def serving(store: Store, agent: str = "default") -> AsyncIterator[httpx.AsyncClient]:
    runtime = CopilotRuntime({agent: echo}, store=store, authenticate=caller)
    async with client_of(create_app(runtime)) as client:
        yield client


async def run(
    client: httpx.AsyncClient,
    thread: str,
    *messages: dict[str, str],
    user: str = "ann",
    agent: str = "default",
) -> httpx.Response:
    lists: dict[str, object] = {"tools": [], "context": [], "forwardedProps": {}, "state": {}}
    body = {"threadId": thread, "runId": uuid4().hex, "messages": list(messages), **lists}
    headers = {"x-user": json.dumps(user)}
    url = f"/copilotkit/agent/{quote(agent)}/run"
    return await client.post(url, content=json.dumps(body), headers=headers | JSON)


async def messages_of(client: httpx.AsyncClient, thread: str) -> list[tuple[str, str]]:
    answer = await client.get(f"/copilotkit/threads/{thread}/messages")
    assert answer.status_code == 200, answer.text
    return [(each["id"], each["content"]) for each in answer.json()["messages"]]


def said(id_: str, content: str) -> dict[str, str]:
    return {"id": id_, "role": "user", "content": content}


@pytest.mark.parametrize("id_", MESSAGE_IDS.values(), ids=MESSAGE_IDS)
async def test_a_message_is_recognised_whatever_its_id_is(each_store: Store, id_: str) -> None:
    async with serving(each_store) as client:
        first = await run(client, "t1", said(id_, "one"))
        assert "RUN_FINISHED" in first.text, first.text
        before = await messages_of(client, "t1")
        shown = id_.replace("\ud83d", "\ufffd")
        assert before == [(shown, "one"), (f"{shown}-answer", "You: one")]
        answer = {"id": f"{id_}-answer", "role": "assistant", "content": "You: one"}
        again = await run(client, "t1", said(id_, "one"), answer, said("u2", "two"))
        assert "RUN_FINISHED" in again.text
        after = await messages_of(client, "t1")
        assert after == [*before, ("u2", "two"), ("u2-answer", "You: two")]


async def test_no_message_is_taken_for_another_whose_id_begins_alike(each_store: Store) -> None:
    async with serving(each_store) as client:
        for id_ in ("a\0b", "a", "a\0c", "a\ufffdb"):
            answer = await run(client, "t1", said(id_, f"of {id_}"))
            assert "RUN_FINISHED" in answer.text
        await each_store.close()
        await each_store.open()
        found = await messages_of(client, "t1")
        assert [id_ for id_, _ in found if not id_.endswith("answer")] == [
            *("a\0b", "a", "a\0c", "a\ufffdb"),
        ]


@pytest.mark.parametrize(
    ("user", "fault"),
    [
        ("an\0n", "owner: holds U+0000"),
        ("ann\ud83d", "owner: holds U+D83D"),
        ("l" * 5000, "owner: 5000 characters"),
        (long_text(251), "owner: 1004 bytes"),
    ],
    ids=["a U+0000", "half a character", "long", "long, in bytes"],
)
async def test_a_user_whose_name_no_store_could_hold_is_refused(
    each_store: Store, user: str, fault: str
) -> None:
    async with serving(each_store) as client:
        answer = await run(client, "t1", said("u1", "one"), user=user)
        assert (answer.status_code, fault in answer.text) == (400, True), answer.text


@pytest.mark.parametrize("title", ["nu\0l", "cut\ud83d"])
async def test_a_title_may_be_any_text(each_store: Store, title: str) -> None:
    async with serving(each_store) as client:
        await run(client, "t1", said("u1", "one"))
        body = json.dumps({"name": title})
        answer = await client.patch("/copilotkit/threads/t1", content=body, headers=JSON)
        assert answer.status_code == 200
        listed = await client.get("/copilotkit/threads")
        shown = listed.json()["threads"][0]["name"]
        assert shown in {title, title.replace("\0", "\ufffd").replace("\ud83d", "\ufffd")}


async def test_ids_and_names_may_be_as_long_as_any_together(each_store: Store) -> None:
    longest = long_text(250)
    async with serving(each_store, longest) as client:
        answer = await run(client, longest, said(longest, "one"), user=longest, agent=longest)
        assert "RUN_FINISHED" in answer.text
        headers = {"x-user": json.dumps(longest)}
        listed = await client.get("/copilotkit/threads", headers=headers)
        assert [each["id"] for each in listed.json()["threads"]] == [longest]


@pytest.mark.parametrize("name", ["a\0b", "\ud83d", "a\nb", "x" * 1001])
def test_an_agent_s_name_that_no_store_could_hold_is_refused(name: str) -> None:
    with pytest.raises(Misconfigured, match="agents: the name"):
        CopilotRuntime({name: echo})
