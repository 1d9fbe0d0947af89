"""What a run took, as every store remembers it and every wire shows it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime, Options, PriceTable, create_app
from agui_runtime.core.errors import AgentFailure
from agui_runtime.core.events import Event, RunInfo
from agui_runtime.core.figures import Cost, MessageFigures, RunFigures, Tokens
from agui_runtime.stores.base import RunEnd, Store
from agui_runtime.stores.redis import RedisLimits, RedisStore
from agui_runtime.stores.shared.codec import run_json, run_of
from tests.stores.servers import RedisServer
from tests.stores.test_contract import a_run, claimed
from tests.support import client_of

PRICES = PriceTable.read(b'{"m": {"input": 1, "output": 10, "cached_input": 0.5}}', "ours.json")
USAGE = {
    "provider": "p",
    "model": "m",
    "inputTokens": 1000,
    "cachedInputTokens": 200,
    "outputTokens": 100,
}
RUN = """
  status provider model errorCode
  cost { usd prices }
  usage { inputTokens outputTokens cachedInputTokens cacheWriteInputTokens }
  timing { firstEventMilliseconds durationMilliseconds }
  messageFigures { messageId milliseconds usage { outputTokens } }
"""
COST = Cost("0.0019", "ours.json")
FIGURES = RunFigures(
    provider="p",
    model="m",
    tokens=Tokens(input=1000, output=100, cached_input=200),
    cost=COST,
    first_event_seconds=0.5,
    messages=(MessageFigures("a1", 12.5, Tokens(input=1000, output=100, cached_input=200), COST),),
)


async def answering(request: RunAgentInput) -> AsyncIterator[Event]:
    if request.messages[-1].content == "twice":
        for event in answered_twice(request):
            yield event
        return
    id_ = f"answer-{request.run_id}"
    yield {"type": "TEXT_MESSAGE_START", "messageId": id_, "role": "assistant"}
    yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": id_, "delta": "Hello"}
    yield {"type": "TEXT_MESSAGE_END", "messageId": id_}
    if request.messages[-1].content == "fail":
        failure = AgentFailure("no more of it", "RATE_LIMITED")
        failure.usage = [USAGE]
        raise failure
    ids = {"threadId": request.thread_id, "runId": request.run_id}
    yield {"type": "RUN_FINISHED", **ids, "usage": [USAGE]}


def answered_twice(request: RunAgentInput) -> Iterator[Event]:
    """Two answers of two calls of a model, each of which reported what it took."""
    for id_ in ("one", "two"):
        yield {"type": "TEXT_MESSAGE_START", "messageId": id_, "role": "assistant"}
        yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": id_, "delta": id_}
        yield {"type": "TEXT_MESSAGE_END", "messageId": id_}
    ids = {"threadId": request.thread_id, "runId": request.run_id}
    usage = [USAGE, {**USAGE, "outputTokens": 200}]
    yield {"type": "RUN_FINISHED", **ids, "usage": usage}


@pytest.fixture
def store(each_store: Store) -> Store:
    return each_store


@asynccontextmanager
async def serving(store: Store, prices: PriceTable | None = PRICES) -> AsyncIterator[Any]:
    options = Options(prices=prices)
    runtime = CopilotRuntime({"default": answering}, store=store, options=options)
    async with client_of(create_app(runtime)) as client:
        yield client


async def talk(client: httpx.AsyncClient, run: str, content: str = "Hi") -> None:
    message = {"id": uuid4().hex, "role": "user", "content": content}
    body = {"threadId": "t1", "runId": run, "messages": [message], "state": {}}
    lists: dict[str, object] = {"tools": [], "context": [], "forwardedProps": {}}
    answer = await client.post("/copilotkit/agent/default/run", json=body | lists)
    assert answer.status_code == 200, answer.text


async def graphql(client: httpx.AsyncClient, query: str, **variables: object) -> Any:  # noqa: ANN401
    body = {"query": query, "variables": variables}
    answer = (await client.post("/copilotkit", json=body)).json()
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


async def test_every_store_remembers_what_a_run_took(store: Store) -> None:
    lease = await claimed(store, a_run())
    assert (await store.threads.runs("t1"))[-1].figures is None
    end: Event = {"type": "RUN_FINISHED", "threadId": "t1", "runId": "r1"}
    await store.log.release(lease, RunEnd([end], "finished", 2.0, figures=FIGURES))
    [run] = await store.threads.runs("t1")
    assert (run.status, run.ended_at) == ("finished", 2.0)
    assert run.figures is not None
    assert replace(run.figures, messages=tuple(run.figures.messages)) == FIGURES


async def test_a_run_its_thread_and_the_list_show_what_it_took(store: Store) -> None:
    async with serving(store) as client:
        await talk(client, "r1")
        await talk(client, "r2")
        query = 'query ($id: String!) { run(id: $id, threadId: "t1") { ' + RUN + " } }"
        run = (await graphql(client, query, id="r1"))["run"]
        totals = "figures { runs unpriced cost { usd } usage { inputTokens } milliseconds }"
        thread = (await graphql(client, '{ thread(id: "t1") { ' + totals + " } }"))["thread"]
        threads = (await graphql(client, "{ threads { nodes { " + totals + " } } }"))["threads"]
    timing, [message] = run.pop("timing"), run.pop("messageFigures")
    assert 0 <= timing["firstEventMilliseconds"] <= timing["durationMilliseconds"]
    assert message["messageId"] == "answer-r1"
    assert 0 <= message["milliseconds"] <= timing["durationMilliseconds"]
    assert message["usage"] == {"outputTokens": 100}
    assert run == {
        "status": "Finished",
        "provider": "p",
        "model": "m",
        "errorCode": None,
        "cost": {"usd": "0.0019", "prices": "ours.json"},
        "usage": {
            "inputTokens": 1000,
            "outputTokens": 100,
            "cachedInputTokens": 200,
            "cacheWriteInputTokens": None,
        },
    }
    assert thread["figures"].pop("milliseconds") > 0
    assert thread["figures"] == {
        "runs": 2,
        "unpriced": 0,
        "cost": {"usd": "0.0038"},
        "usage": {"inputTokens": 2000},
    }
    assert threads["nodes"][0]["figures"]["cost"] == {"usd": "0.0038"}


async def test_a_run_executed_as_a_whole_is_answered_with_what_it_took(store: Store) -> None:
    query = "mutation ($data: ExecuteAgentInput!) { executeAgent(data: $data) { threadId "
    fields = RUN.replace("status", "")
    message = {"id": "u1", "createdAt": "2026-01-01T00:00:00Z"}
    content = {"textMessage": {"content": "Hi", "role": "user"}}
    async with serving(store) as client:
        found = await graphql(
            client, query + fields + " } }", data={"messages": [message | content]}
        )
    answer = found["executeAgent"]
    assert (answer["provider"], answer["model"]) == ("p", "m")
    assert answer["cost"] == {"usd": "0.0019", "prices": "ours.json"}
    assert answer["timing"]["firstEventMilliseconds"] >= 0
    assert answer["messageFigures"][0]["usage"] == {"outputTokens": 100}


async def test_each_answer_of_a_run_has_the_tokens_and_the_cost_of_its_own_call(
    store: Store,
) -> None:
    query = """{ run(id: "r1", threadId: "t1") {
      cost { usd } messageFigures { messageId usage { outputTokens } cost { usd prices } }
    } }"""
    async with serving(store) as client:
        await talk(client, "r1", "twice")
        answers = await client.get("/copilotkit/threads/t1/messages", params={"figures": "true"})
        run = (await graphql(client, query))["run"]
    took = [(each["id"], each["figures"]) for each in answers.json()["messages"][1:]]
    assert [(id_, each["outputTokens"], each["cost"]["usd"]) for id_, each in took] == [
        ("one", 100, "0.0019"),
        ("two", 200, "0.0029"),
    ]
    assert run["cost"] == {"usd": "0.0048"}
    assert run["messageFigures"][1] == {
        "messageId": "two",
        "usage": {"outputTokens": 200},
        "cost": {"usd": "0.0029", "prices": "ours.json"},
    }


async def test_the_thread_routes_show_what_runs_threads_and_messages_took(
    store: Store,
) -> None:
    async with serving(store) as client:
        await talk(client, "r1")
        base = "/copilotkit/threads"
        runs = (await client.get(f"{base}/t1/runs")).json()["runs"]
        shown = (await client.get(base, params={"figures": "true"})).json()["threads"]
        plain = (await client.get(base)).json()["threads"]
        answers = await client.get(f"{base}/t1/messages", params={"figures": "true"})
        unknown = (await client.get(f"{base}/t2/runs")).json()
    [run] = runs
    assert (run["id"], run["status"], run["errorCode"]) == ("r1", "finished", None)
    assert (run["inputTokens"], run["reasoningTokens"]) == (1000, None)
    assert run["cost"] == {"usd": "0.0019", "prices": "ours.json"}
    assert run["messages"][0]["id"] == "answer-r1"
    assert (shown[0]["figures"]["runs"], shown[0]["figures"]["unpriced"]) == (1, 0)
    assert "figures" not in plain[0]
    user, answer = answers.json()["messages"]
    assert user["figures"] is None
    assert (answer["figures"]["outputTokens"], answer["figures"]["milliseconds"] >= 0) == (
        100,
        True,
    )
    assert answer["figures"]["cost"] == {"usd": "0.0019", "prices": "ours.json"}
    assert unknown == {"runs": []}


async def test_a_failed_run_has_its_code_and_what_it_used_until_then(store: Store) -> None:
    async with serving(store) as client:
        await talk(client, "r1", "fail")
        [run] = await store.threads.runs("t1")
    assert run.figures is not None
    assert (run.status, run.figures.error_code) == ("failed", "RATE_LIMITED")
    assert run.figures.cost == Cost("0.0019", "ours.json")


async def test_a_cost_that_nobody_knows_is_null(store: Store) -> None:
    async with serving(store, prices=None) as client:
        await talk(client, "r1")
        [run] = (await client.get("/copilotkit/threads/t1/runs")).json()["runs"]
    assert (run["inputTokens"], run["cost"]) == (1000, None)


async def test_a_run_whose_process_is_gone_is_measured_by_its_events(redis: RedisServer) -> None:
    prefix, now = uuid4().hex, [1000.0]
    store = RedisStore(redis.url, RedisLimits(), prefix=prefix, clock=lambda: now[0])
    await store.open()
    lease = await claimed(store, a_run())
    start: Event = {"type": "TEXT_MESSAGE_START", "messageId": "a1", "role": "assistant"}
    await store.log.append(lease, [start])
    now[0] += 100
    await store.janitor.end_lost_runs()
    [run] = await store.threads.runs("t1")
    await store.close()
    assert run.figures is not None
    assert (run.status, run.figures.error_code) == ("failed", "OWNER_LOST")
    assert run.figures.messages[0].milliseconds is None


def test_what_a_later_release_stores_of_a_run_is_passed_over() -> None:
    run = RunInfo("t1", "r1", "default", "ann", 1.0, figures=FIGURES)
    text = run_json(run).replace(b'"figures":{', b'"mood":"good","figures":{"pulse":80,')
    assert run_of(text) == run_of(run_json(run))


@pytest.mark.parametrize("figures", [None, RunFigures()])
def test_a_run_that_is_not_measured_is_read_as_such(figures: RunFigures | None) -> None:
    run = RunInfo("t1", "r1", "default", "ann", 1.0, figures=figures)
    found = run_of(run_json(run))
    assert (found.figures is None) == (figures is None)
