"""Search in one's own threads, on both wires."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from ag_ui.core import RunAgentInput
from starlette.requests import Request

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.core.events import Caller, Event
from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.moving.threads import Moved, exported, import_lines
from agui_runtime.stores.redis import RedisStore
from tests.runtime.worlds import text
from tests.stores.databases import PostgresDatabase, SqliteDatabase
from tests.stores.postgres_server import PostgresServer
from tests.stores.servers import RedisServer
from tests.support import client_of

TALKS = {
    "a": "Costs 50% more",
    "b": "costs 50 more",
    "c": "snake_case",
    "d": "snakeXcase",
    "e": "!",
}
QUERY = "query ($search: String) { threads(search: $search) { nodes { id } } }"


async def echo(request: RunAgentInput) -> AsyncIterator[Event]:
    for each in text(f"answer-{request.run_id}", f"You: {request.messages[-1].content}"):
        yield each
    yield {"type": "RUN_FINISHED", "threadId": request.thread_id, "runId": request.run_id}


def caller(request: Request) -> Caller:
    return Caller(request.headers.get("x-user") or "ann")


@asynccontextmanager
async def serving(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    runtime = CopilotRuntime({"default": echo}, store=store, authenticate=caller)
    async with client_of(create_app(runtime)) as client:
        yield client


async def talk(client: httpx.AsyncClient, thread: str, content: str, user: str = "ann") -> None:
    message = {"id": uuid4().hex, "role": "user", "content": content}
    body = {"threadId": thread, "runId": uuid4().hex, "messages": [message], "state": {}}
    lists: dict[str, object] = {"tools": [], "context": [], "forwardedProps": {}}
    url, headers = "/copilotkit/agent/default/run", {"x-user": user}
    answer = await client.post(url, json=body | lists, headers=headers)
    assert answer.status_code == 200, answer.text


async def found(client: httpx.AsyncClient, search: str, user: str = "ann") -> list[str]:
    """The ids of the threads that both wires find."""
    headers = {"x-user": user}
    answer = await client.get("/copilotkit/threads", params={"search": search}, headers=headers)
    routes = [each["id"] for each in answer.json()["threads"]]
    body = {"query": QUERY, "variables": {"search": search}}
    data = (await client.post("/copilotkit", json=body, headers=headers)).json()["data"]
    assert [each["id"] for each in data["threads"]["nodes"]] == routes
    return sorted(routes)


@pytest.fixture(params=["sqlite", "postgres"])
def sql(request: pytest.FixtureRequest, postgres: PostgresServer, tmp_path: Path) -> Store:
    if request.param == "postgres":
        return PostgresDatabase(postgres.database()).store()
    return SqliteDatabase(tmp_path).store()


async def test_every_character_of_a_search_means_itself(sql: Store) -> None:
    async with serving(sql) as client:
        for thread, content in TALKS.items():
            await talk(client, thread, content)
        assert await found(client, "COSTS 50") == ["a", "b"]
        assert await found(client, "50%") == ["a"]
        assert await found(client, "snake_c") == ["c"]
        assert await found(client, "!") == ["e"]
        assert await found(client, "\\") == []
        assert await found(client, "' or 1=1 --") == []
        assert await found(client, "") == ["a", "b", "c", "d", "e"]


async def test_answers_and_names_are_searched_too(sql: Store) -> None:
    async with serving(sql) as client:
        await talk(client, "a", "one")
        await talk(client, "b", "two")
        await client.patch("/copilotkit/threads/b", json={"name": "Holidays"})
        assert await found(client, "you: one") == ["a"]
        assert await found(client, "holiday") == ["b"]


async def test_what_was_moved_here_from_another_store_is_searched_too(sql: Store) -> None:
    other, lines = MemoryStore(), list[bytes]()
    async with serving(other) as client:
        await talk(client, "a", "from elsewhere")
        async with aclosing(exported(other, Moved())) as taken:
            lines = [line async for line in taken]
    async with serving(sql) as client:
        await import_lines(sql, lines)
        assert await found(client, "from elsewhere") == ["a"]
        assert await found(client, "you: from") == ["a"]


async def test_nobody_finds_what_others_wrote(sql: Store) -> None:
    async with serving(sql) as client:
        await talk(client, "a", "secret plan")
        await talk(client, "b", "other plan", user="bob")
        assert await found(client, "plan") == ["a"]
        assert await found(client, "plan", user="bob") == ["b"]
        assert await found(client, "secret", user="bob") == []


async def test_what_a_database_cannot_hold_is_found_again(sql: Store) -> None:
    async with serving(sql) as client:
        await talk(client, "a", "nu\0l")
        await talk(client, "b", "null")
        await talk(client, "c", "something else")
        await client.patch("/copilotkit/threads/c", json={"name": "nu\0l"})
        assert await found(client, "u\0l") == ["a", "c"]


async def test_a_search_is_paged_as_any_list(sql: Store) -> None:
    async with serving(sql) as client:
        for thread in ("a", "b", "c"):
            await talk(client, thread, "plan" if thread != "b" else "else")
        query = {"search": "plan", "limit": "1"}
        one = (await client.get("/copilotkit/threads", params=query)).json()
        cursor = {"cursor": one["nextCursor"]}
        two = (await client.get("/copilotkit/threads", params=query | cursor)).json()
    assert [each["id"] for each in (*one["threads"], *two["threads"])] == ["c", "a"]
    assert two["nextCursor"] is None


async def test_a_search_that_is_too_long_is_refused(sql: Store) -> None:
    async with serving(sql) as client:
        answer = await client.get("/copilotkit/threads", params={"search": "x" * 201})
    assert (answer.status_code, "at most 200" in answer.text) == (400, True)


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_a_store_that_cannot_search_says_which_can(kind: str, redis: RedisServer) -> None:
    memory = kind == "memory"
    store: Store = MemoryStore() if memory else RedisStore(redis.url, prefix=uuid4().hex)
    async with serving(store) as client:
        answer = await client.get("/copilotkit/threads", params={"search": "x"})
        body = {"query": QUERY, "variables": {"search": "x"}}
        graphql = (await client.post("/copilotkit", json=body)).json()
    assert (answer.status_code, "SQLite and PostgreSQL can" in answer.text) == (400, True)
    assert graphql["errors"][0]["extensions"]["runtimeCode"] == "INVALID_INPUT"
