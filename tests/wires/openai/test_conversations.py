"""Conversations, as OpenAI's own Python client has them: threads under another name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import openai
import pytest

from agui_runtime import CopilotRuntime
from agui_runtime.core.events import ANONYMOUS
from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.redis import RedisStore
from agui_runtime.stores.sql import SqliteStore
from agui_runtime.stores.sql.postgres import PostgresStore
from tests.runtime.worlds import call, text
from tests.stores.conftest import postgres as postgres, redis as redis
from tests.wires.graphql.serving import by_header
from tests.wires.openai.serving import (
    Held,
    Recorder,
    client_of,
    plain_client_of,
    thought,
    two_calls,
)
from tests.wires.openai.test_refusals import error_of
from tests.wires.openai.test_responses import TOOLS, respond, thread_of
from tests.wires.openai.test_threads import HELLO, HI, MORE, spoken, stored

Json = dict[str, Any]
SAID: Json = {"type": "message", "role": "user", "content": "hi"}
PATH = "/v1/conversations"


@pytest.fixture(params=["memory", "redis", "sqlite", "postgres"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """Makes the store, which the second time has what the first one has."""
    if request.param == "memory":
        return lambda: MemoryStore()
    if request.param == "redis":
        url, prefix = request.getfixturevalue("redis").url, uuid4().hex
        return lambda: RedisStore(url, prefix=prefix)
    if request.param == "postgres":
        database = request.getfixturevalue("postgres").database()
        return lambda: PostgresStore(database)
    return lambda: SqliteStore(f"sqlite:///{tmp_path}/threads.db")


@pytest.fixture
def store(stores: Callable[[], Store]) -> Store:
    return stores()


async def all_items(client: Any, conversation: str, **query: Any) -> list[Any]:  # noqa: ANN401  # JSON
    pages = client.conversations.items.list(conversation, **query)
    return [each async for each in pages]


def texts(items: list[Any]) -> list[tuple[str, str]]:
    return [(each.role, each.content[0].text) for each in items if each.type == "message"]


async def test_a_conversation_is_begun_described_and_forgotten(store: Store) -> None:
    runtime = CopilotRuntime({"default": Recorder()}, store=store)
    async with client_of(runtime) as client:
        made = await client.conversations.create(metadata={"topic": "demo"})
        assert (made.object, made.metadata) == ("conversation", {"topic": "demo"})
        assert await client.conversations.retrieve(made.id) == made
        changed = await client.conversations.update(made.id, metadata={"topic": "other"})
        assert changed.metadata == {"topic": "other"}
        assert (await client.conversations.retrieve(made.id)) == changed
        deleted = await client.conversations.delete(made.id)
        assert (deleted.object, deleted.deleted) == ("conversation.deleted", True)
        with pytest.raises(openai.NotFoundError, match="not found"):
            await client.conversations.retrieve(made.id)


@pytest.mark.parametrize("stores", ["redis", "sqlite", "postgres"], indirect=True)
async def test_any_server_goes_on_with_a_conversation(stores: Callable[[], Store]) -> None:
    async with AsyncExitStack() as stack:
        one, two = [
            await stack.enter_async_context(
                client_of(CopilotRuntime({"default": Recorder()}, store=stores()))
            )
            for _ in range(2)
        ]
        made = await one.conversations.create(items=[SAID], metadata={"topic": "demo"})
        assert await two.conversations.retrieve(made.id) == made
        await respond(two, "more", conversation=made.id)
        answer = {"type": "message", "role": "assistant", "content": "Hello world"}
        await one.conversations.items.create(made.id, items=[answer])
        items = await all_items(one, made.id)
        assert await all_items(two, made.id) == items
        assert len(items) == 4
        await two.conversations.delete(made.id)
        with pytest.raises(openai.NotFoundError, match="not found"):
            await one.conversations.retrieve(made.id)


async def test_a_response_goes_on_from_what_was_put_into_a_conversation(store: Store) -> None:
    runtime = CopilotRuntime({"default": (agent := Recorder())}, store=store)
    async with client_of(runtime) as client:
        made = await client.conversations.create(items=[SAID])
        answer = {"type": "message", "role": "assistant", "content": "Hello world"}
        added = await client.conversations.items.create(made.id, items=[answer])
        assert texts(added.data) == [HELLO]
        response = await respond(client, "more", conversation=made.id)
        assert response.conversation.id == made.id
        assert agent.messages == [HI, HELLO, MORE]
        assert spoken(await stored(runtime, made.id)) == [HI, HELLO, MORE, HELLO]
        assert texts(await all_items(client, made.id, order="asc")) == [HI, HELLO, MORE, HELLO]


async def test_items_come_in_pages_and_one_by_one(store: Store) -> None:
    runtime = CopilotRuntime({"default": Recorder()}, store=store)
    async with client_of(runtime) as client:
        given = [{"role": "user", "content": f"{number}"} for number in range(5)]
        made = await client.conversations.create(items=given)
        first = await client.conversations.items.list(made.id, limit=2)
        assert (texts(first.data), first.has_more) == ([("user", "4"), ("user", "3")], True)
        assert [first.first_id, first.last_id] == [each.id for each in first.data]
        every = await all_items(client, made.id, limit=2)
        assert [text for _, text in texts(every)] == ["4", "3", "2", "1", "0"]
        up = await all_items(client, made.id, limit=3, order="asc")
        assert up == every[::-1]
        one = await client.conversations.items.retrieve(up[1].id, conversation_id=made.id)
        assert one == up[1]


async def test_the_items_of_a_response_are_those_of_its_conversation(store: Store) -> None:
    result = {"type": "TOOL_CALL_RESULT", "messageId": "t", "toolCallId": "c1", "content": "42"}
    server = [*call("c1", "look", "{}"), result]
    agent = Recorder(*thought("Hm."), *text("m1", "Hello"), *server, *two_calls())
    async with client_of(CopilotRuntime({"default": agent}, store=store)) as client:
        response = await respond(client, conversation="t1", tools=TOOLS)
        found = await all_items(client, "t1", order="asc")
        kinds = ["message", "message", "mcp_call", "function_call", "function_call"]
        assert [each.type for each in found if each.type != "reasoning"] == kinds
        ids = {each.id: each for each in found}
        for item in response.output:
            same = ids[item.id]
            assert same.type == item.type
            assert getattr(same, "arguments", None) == getattr(item, "arguments", None)
            assert getattr(same, "output", None) == getattr(item, "output", None)


async def test_a_client_s_results_are_items_too() -> None:
    runtime = CopilotRuntime({"default": Recorder(*two_calls()), "after": Recorder()})
    async with client_of(runtime) as client:
        first = await respond(client, conversation="t1", tools=TOOLS)
        results = [
            {"type": "function_call_output", "call_id": each.call_id, "output": "sunny"}
            for each in first.output
        ]
        await respond(client, results, model="after", conversation="t1", tools=TOOLS)
        kinds = [each.type for each in await all_items(client, "t1", order="asc")]
    calls, outputs = ["function_call"] * 2, ["function_call_output"] * 2
    assert kinds == ["message", *calls, *outputs, "message"]


async def test_an_item_that_is_taken_out_is_gone_for_everybody(store: Store) -> None:
    runtime = CopilotRuntime({"default": (agent := Recorder())}, store=store)
    async with client_of(runtime) as client:
        await respond(client, conversation="t1")
        question, answered = await all_items(client, "t1", order="asc")
        rest = await client.conversations.items.delete(answered.id, conversation_id="t1")
        assert (rest.id, rest.object) == ("t1", "conversation")
        assert spoken(await stored(runtime)) == [HI]
        assert [each.id for each in await all_items(client, "t1")] == [question.id]
        with pytest.raises(openai.NotFoundError):
            await client.conversations.items.retrieve(answered.id, conversation_id="t1")
        saved = await runtime.states.load("t1", "default")
        assert saved is not None
        assert [each["role"] for each in saved.messages] == ["user"]
        await respond(client, "more", conversation="t1")
        assert agent.messages == [HI, MORE]


async def test_a_call_goes_with_its_result(store: Store) -> None:
    result = {"type": "TOOL_CALL_RESULT", "messageId": "t", "toolCallId": "c1", "content": "42"}
    agent = Recorder(*text("m1", "Hello"), *call("c1", "look", "{}"), result)
    runtime = CopilotRuntime({"default": agent}, store=store)
    async with client_of(runtime) as client:
        response = await respond(client, conversation="t1")
        [done] = [each for each in response.output if each.type == "mcp_call"]
        await client.conversations.items.delete(done.id, conversation_id="t1")
        assert spoken(await stored(runtime)) == [HI, ("assistant", "Hello")]


async def test_a_thread_of_a_page_is_a_conversation() -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    async with client_of(runtime) as client:
        await client.chat.completions.create(
            model="default",
            messages=[{"role": "user", "content": "hi"}],
            extra_headers={"x-thread-id": "t1"},
        )
        found = await client.conversations.retrieve("t1")
        assert (found.id, found.metadata) == ("t1", {})
        assert texts(await all_items(client, "t1", order="asc")) == [HI, HELLO]


async def test_nothing_is_put_into_a_conversation_that_is_running() -> None:
    held = Held()
    async with client_of(CopilotRuntime({"default": held})) as client:
        running = await respond(client, conversation="t1", background=True)
        await held.reached.wait()
        with pytest.raises(openai.ConflictError):
            await client.conversations.items.create("t1", items=[SAID])
        with pytest.raises(openai.ConflictError):
            await client.conversations.delete("t1")
        await client.responses.cancel(running.id)


async def test_conversations_of_somebody_else_are_as_unknown_as_those_that_there_are_not() -> None:
    runtime = CopilotRuntime({"default": Recorder()}, authenticate=by_header)
    async with plain_client_of(runtime) as client:
        ann, bob = {"x-user": "ann"}, {"x-user": "bob"}
        made = await client.post(PATH, json={"items": [SAID]}, headers=ann)
        id_ = made.json()["id"]
        listed = await client.get(f"{PATH}/{id_}/items", headers=ann)
        item = listed.json()["data"][0]["id"]
        for name in (id_, "nowhere"):
            for answer in await _every(client, f"{PATH}/{name}", item, bob):
                assert answer.status_code == 404
                assert error_of(answer)["message"] == f"Conversation with id '{name}' not found"
        assert (await client.get(f"{PATH}/{id_}/items", headers=ann)).json() == listed.json()


async def _every(
    client: httpx.AsyncClient, path: str, item: str, headers: Json
) -> list[httpx.Response]:
    return [
        await client.get(path, headers=headers),
        await client.post(path, json={"metadata": {}}, headers=headers),
        await client.delete(path, headers=headers),
        await client.get(f"{path}/items", headers=headers),
        await client.post(f"{path}/items", json={"items": [SAID]}, headers=headers),
        await client.get(f"{path}/items/{item}", headers=headers),
        await client.delete(f"{path}/items/{item}", headers=headers),
    ]


BAD = [
    ({"items": "hi"}, "items"),
    ({"items": [SAID] * 21}, "items"),
    ({"items": [7]}, "items.0.type"),
    ({"items": [{"role": "system", "content": "x"}]}, "items.0.role"),
    ({"items": [{"type": "item_reference", "id": "msg_x"}]}, "items.0"),
    ({"items": [{"type": "mcp_approval_response"}]}, "items.0.type"),
    ({"metadata": 7}, "metadata"),
    ({"metadata": {"a": 7}}, "metadata"),
    ({"metadata": {"a": "x" * 513}}, "metadata"),
    ({"metadata": {"x" * 65: "a"}}, "metadata"),
    ({"metadata": {str(number): "" for number in range(17)}}, "metadata"),
]


async def test_what_no_conversation_can_be_made_of_is_named_and_leaves_none() -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    async with plain_client_of(runtime) as client:
        for body, param in BAD:
            answer = await client.post(PATH, json=body)
            assert (answer.status_code, error_of(answer)["param"]) == (400, param)
        made = (await client.post(PATH, json={})).json()["id"]
        for path, body, param in (
            (made, {}, "metadata"),
            (f"{made}/items", {}, "items"),
            (f"{made}/items", {"items": []}, "items"),
        ):
            answer = await client.post(f"{PATH}/{path}", json=body)
            assert (answer.status_code, error_of(answer)["param"]) == (400, param)
        for query in ("limit=0", "limit=101", "limit=x", "order=up", "after=msg_x"):
            answer = await client.get(f"{PATH}/{made}/items?{query}")
            param = query.partition("=")[0]
            assert (answer.status_code, error_of(answer)["param"]) == (400, param)
        missing = await client.delete(f"{PATH}/{made}/items/msg_x")
        assert missing.status_code == 404
        found = await runtime.threads.list(ANONYMOUS)
    assert [each.thread_id for each in found.threads] == [made]


async def test_what_came_with_a_response_s_request_is_listed() -> None:
    async with client_of(CopilotRuntime({"default": Recorder()})) as client:
        first = await respond(client)
        given = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
        second = await respond(client, given, previous_response_id=first.id)
        found = [each async for each in client.responses.input_items.list(second.id, order="asc")]
        assert texts(found) == [("user", "a"), ("user", "b")]
        pages = client.responses.input_items.list(second.id, limit=1)
        assert texts([each async for each in pages]) == [("user", "b"), ("user", "a")]


async def test_a_response_that_is_deleted_is_none_any_more(store: Store) -> None:
    runtime = CopilotRuntime({"default": Recorder()}, store=store)
    async with client_of(runtime) as client:
        first = await respond(client)
        second = await respond(client, "more", previous_response_id=first.id)
        await client.responses.delete(first.id)
        for gone in (
            client.responses.retrieve(first.id),
            client.responses.cancel(first.id),
            client.responses.delete(first.id),
            client.responses.input_items.list(first.id),
        ):
            with pytest.raises(openai.NotFoundError):
                await gone
        with pytest.raises(openai.BadRequestError, match="not found"):
            await respond(client, previous_response_id=first.id)
        assert (await client.responses.retrieve(second.id)).output_text == "Hello world"
        assert spoken(await stored(runtime, thread_of(first))) == [HI, HELLO, MORE, HELLO]
        await client.responses.delete(second.id)
        assert (await runtime.threads.list(ANONYMOUS)).threads == []


async def test_a_conversation_stays_when_its_responses_are_deleted() -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    async with client_of(runtime) as client:
        only = await respond(client, conversation="t1")
        await client.responses.delete(only.id)
        assert spoken(await stored(runtime)) == [HI, HELLO]


async def test_a_response_that_is_being_made_is_not_deleted() -> None:
    held = Held()
    async with client_of(CopilotRuntime({"default": held})) as client:
        live = await respond(client, background=True)
        await held.reached.wait()
        with pytest.raises(openai.ConflictError):
            await client.responses.delete(live.id)
        await client.responses.cancel(live.id)
        await client.responses.delete(live.id)
