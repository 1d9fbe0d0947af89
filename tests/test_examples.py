"""The programs in examples/ that need no other framework, served and asked as their users would."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from agui_runtime.wrappers.router import decisions
from examples import (
    authenticated_app,
    hooks_app,
    litellm_app,
    mcp_app,
    memory_app,
    openai_app,
    own_store_app,
    own_wire_app,
    replicas_app,
    router_app,
    several_agents_app,
)
from tests.fakes.mcp_process import listening
from tests.fakes.model import ModelServer
from tests.stores.conftest import redis as redis
from tests.stores.servers import RedisServer
from tests.support import client_of


async def asked(
    client: httpx.AsyncClient, text: str, agent: str = "default", thread: str = "t1"
) -> list[Mapping[str, object]]:
    """The events of one run."""
    message = {"id": f"{thread}-{text}", "role": "user", "content": text}
    body = {"threadId": thread, "runId": f"run-{text}", "messages": [message], "tools": []}
    empty: Mapping[str, object] = {"context": [], "state": {}, "forwardedProps": {}}
    answer = await client.post(
        f"/copilotkit/agent/{agent}/run", json={**body, **empty}, timeout=120
    )
    assert answer.status_code == 200, answer.text
    lines = answer.text.splitlines()
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]


def words(events: Sequence[Mapping[str, object]]) -> str:
    return "".join(str(it["delta"]) for it in events if it["type"] == "TEXT_MESSAGE_CONTENT")


async def test_openai_has_its_instructions_its_temperature_and_its_action() -> None:
    async with ModelServer() as model, client_of(openai_app.app(model.url, "sk-1")) as client:
        events = await asked(client, "Hello")
    assert words(events) == "You said: Hello"
    sent = model.seen[0].body
    assert sent["messages"][0]["content"] == "You are a travel agent. Answer in one sentence."
    assert sent["temperature"] == 0.2
    assert [tool["function"]["name"] for tool in sent["tools"]] == ["get_weather"]


async def test_litellm_asks_the_server_that_it_is_given_with_its_key() -> None:
    async with (
        ModelServer() as model,
        client_of(litellm_app.app("openai/m", model.url, "sk-1")) as client,
    ):
        events = await asked(client, "Hello")
    assert words(events) == "You said: Hello"
    assert model.seen[0].headers["authorization"] == "Bearer sk-1"


async def test_mcp_servers_tools_are_offered_to_the_model() -> None:
    async with listening() as port, ModelServer() as model:
        app = mcp_app.app(f"http://127.0.0.1:{port}/mcp", model.url, "sk-1")
        async with client_of(app) as client:
            await asked(client, "Hello")
    assert "add" in [tool["function"]["name"] for tool in model.seen[0].body["tools"]]


async def test_a_router_names_who_answers_first_and_stays_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decisions, "PATIENCE", 60)  # tests may run on a machine that is busy
    async with ModelServer() as model, client_of(router_app.app(model.url, "sk-1")) as client:
        events = await asked(client, "[route:notes 0.9]")
        open_at = await asked(client, "When are you open?")
    routed = [each["value"] for each in (events[1], open_at[1])]
    assert routed == [
        {"agent": "notes", "domain": "knowledge", "by": "model", "confidence": 0.9},
        {"agent": "hours", "domain": "shop", "by": "rule", "confidence": 1.0},
    ]
    assert [seen.body["model"] for seen in model.seen] == ["gpt-4o-mini", "gpt-4o"]
    assert words(open_at) == "From nine to five, on weekdays."


async def test_several_agents_are_called_by_the_default_one_and_by_their_names() -> None:
    async with (
        ModelServer() as model,
        client_of(several_agents_app.app(model.url, "sk-1")) as client,
    ):
        hours = await asked(client, "When?", agent="hours")
        await asked(client, "Hello", agent="desk", thread="t2")
        operation = {"query": "{ availableAgents { agents { name } } }"}
        listed = (await client.post("/copilotkit", json=operation)).json()
    assert words(hours) == "From nine to five, on weekdays."
    names = [tool["function"]["name"] for tool in model.seen[0].body["tools"]]
    assert names == ["transfer_to_billing"]
    agents = [each["name"] for each in listed["data"]["availableAgents"]["agents"]]
    assert agents == ["default", "desk", "hours"]


async def test_authentication_knows_callers_and_what_they_may() -> None:
    async with client_of(authenticated_app.app) as client:
        assert (await client.get("/copilotkit/info")).status_code == 401
        client.headers["authorization"] = "Bearer session-of-bob"
        assert words(await asked(client, "Who am I?")) == "Hello bob"
        assert list((await client.get("/copilotkit/info")).json()["agents"]) == ["default"]
        client.headers["authorization"] = "Bearer session-of-ann"
        assert list((await client.get("/copilotkit/info")).json()["agents"]) == ["default", "staff"]
        assert (await client.get("/copilotkit/threads")).json()["threads"] == []


async def test_what_a_user_said_is_known_in_her_next_thread_and_to_nobody_else() -> None:
    said = '[tool:remember {"text":"Her dog is called Bello"}] please'
    async with ModelServer() as model, client_of(memory_app.app(model.url, "sk-1")) as client:
        client.headers["authorization"] = "Bearer token-of-ann-0001"
        await asked(client, said, thread="monday")
        await asked(client, "What is the name of my dog?", thread="tuesday")
        assert "- Her dog is called Bello" in prompt_of(model)
        client.headers["authorization"] = "Bearer token-of-bob-0002"
        await asked(client, "What is the name of my dog?", thread="of-bob")
        assert prompt_of(model) == ""


def prompt_of(model: ModelServer) -> str:
    """What the model was told before the conversation."""
    messages = model.seen[-1].body["messages"]
    return "".join(each["content"] for each in messages if each["role"] == "system")


async def test_a_hook_sees_events_and_ends() -> None:
    async with client_of(hooks_app.app) as client:
        assert words(await asked(client, "8")) == "12.5"
        failed = await asked(client, "0")
    assert failed[-1]["message"] == "Say a number that is not 0."
    assert hooks_app.statistics.ends == {"finished": 1, "NO_NUMBER": 1}
    assert hooks_app.statistics.events["TEXT_MESSAGE_CONTENT"] == 1


async def test_each_replica_over_a_redis_serves_every_thread(redis: RedisServer) -> None:
    async with AsyncExitStack() as stack:
        first, second = [
            await stack.enter_async_context(client_of(replicas_app.app(redis.url)))
            for _ in range(2)
        ]
        assert words(await asked(first, "Count")) == "1 2 3 "
        listed = (await second.get("/copilotkit/threads")).json()["threads"]
        assert [each["id"] for each in listed] == ["t1"]
        assert words(await asked(second, "Again")) == "1 2 3 "


async def test_a_store_of_one_s_own_is_used(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    app: FastAPI = own_store_app.app(f"sqlite:///{tmp_path}/threads.db", journal)
    async with client_of(app) as client:
        await asked(client, "Hello")
        listed = (await client.get("/copilotkit/threads")).json()["threads"]
    assert [each["id"] for each in listed] == ["t1"]
    [line] = journal.read_text().splitlines()
    assert json.loads(line)["thread"] == "t1"


async def test_a_wire_of_one_s_own_answers_beside_the_others() -> None:
    async with client_of(own_wire_app.app) as client:
        answer = await client.post("/ask", json={"ask": "Who are you?"})
        assert answer.text == "Who are you? "
        assert words(await asked(client, "Hello")) == "Hello "
