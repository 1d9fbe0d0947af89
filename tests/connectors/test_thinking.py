"""A thinking model gets back what it gave, whatever became of the conversation meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
import orjson
import pytest

from agui_runtime.app import create_app
from agui_runtime.connectors.openai import ChatOptions, OpenAIAgent
from agui_runtime.core.events import OWN_VALUE, Event
from agui_runtime.core.history import Truth
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.redis import RedisStore
from tests.connectors.talk import text, tool
from tests.fakes.thinking_model import FORGOTTEN, KINDS, REFUSALS, StrictModel, ThinkingModel
from tests.stores.servers import RedisServer
from tests.support import served
from tests.wires.agui.serving import events, run_body
from tests.wires.graphql.serving import ACCEPT, chat, user

FIND = tool("find")


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


class Page(NamedTuple):
    """A page of today: it holds the conversation, and sends it with every request."""

    client: httpx.AsyncClient

    async def run(self, run: str, *messages: dict[str, Any]) -> list[Event]:
        body = run_body(run=run, messages=list(messages), tools=[FIND])
        answer = await self.client.post("/copilotkit/agent/default/run", json=body)
        return events(answer.text)


@asynccontextmanager
async def page(
    model: str,
    store: Store | None = None,
    history: Truth = "client",
    options: ChatOptions | None = None,
    actions: Sequence[Callable[[], str]] = (),
) -> AsyncIterator[Page]:
    agent = OpenAIAgent("m", base_url=f"{model}/v1", options=options)
    runtime = CopilotRuntime(
        agents={"default": agent}, actions=actions, store=store, options=Options(history=history)
    )
    async with (
        served(create_app(runtime)) as origin,
        httpx.AsyncClient(base_url=origin) as client,
    ):
        yield Page(client)


QUESTION = {"id": "u1", "role": "user", "content": "Find it"}
FURTHER = {"id": "u2", "role": "user", "content": "And that?"}


def called(run: list[Event]) -> list[dict[str, Any]]:
    """The calls of a run and their results, as a page sends them: without anything else."""
    starts = [event for event in run if event["type"] == "TOOL_CALL_START"]
    function = {"name": "find", "arguments": "{}"}
    calls = [{"id": e["toolCallId"], "type": "function", "function": function} for e in starts]
    results = [
        {"id": f"r-{call['id']}", "role": "tool", "toolCallId": call["id"], "content": "found"}
        for call in calls
    ]
    return [{"id": "a1", "role": "assistant", "toolCalls": calls}, *results]


def spoken(run: list[Event]) -> dict[str, Any]:
    [start] = [event for event in run if event["type"] == "TEXT_MESSAGE_START"]
    return {"id": start["messageId"], "role": "assistant", "content": text(run)}


def check(run: list[Event], said: str = "Done") -> None:
    assert run[-1]["type"] == "RUN_FINISHED", run[-1]
    assert text(run) == said


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("history", ["client", "thread"])
async def test_calls_of_the_page_come_back_as_they_were_made(kind: str, history: Truth) -> None:
    model = ThinkingModel(kind)
    async with served(model.app) as url, page(url, history=history) as today:
        first = await today.run("r1", QUESTION)
        second = await today.run("r2", QUESTION, *called(first))
        check(second)
        third = await today.run("r3", QUESTION, *called(first), spoken(second), FURTHER)
        check(third, "")
        assert [event["type"] for event in third].count("TOOL_CALL_START") >= 1


@pytest.mark.parametrize("kind", KINDS)
async def test_calls_of_actions_come_back_within_their_run(kind: str) -> None:
    def find() -> str:
        return "found"

    model = ThinkingModel(kind)
    async with served(model.app) as url, page(url, actions=[find]) as today:
        first = await today.run("r1", QUESTION)
        check(first)
        results = {event["toolCallId"] for event in first if event["type"] == "TOOL_CALL_RESULT"}
        again = called(first)
        assert {call["id"] for call in again[0]["toolCalls"]} == results
        check(await today.run("r2", QUESTION, *again, spoken(first), FURTHER))


@pytest.mark.parametrize("kind", KINDS)
async def test_another_replica_gives_them_back(kind: str, redis: RedisServer) -> None:
    model = ThinkingModel(kind)
    stores = (RedisStore(redis.url, prefix=kind) for _ in range(2))
    async with (
        served(model.app) as url,
        page(url, next(stores)) as one,
        page(url, next(stores)) as other,
    ):
        first = await one.run("r1", QUESTION)
        check(await other.run("r2", QUESTION, *called(first)))


@pytest.mark.parametrize("kind", ["deepseek", "gemini"])
async def test_an_edit_of_the_history_loses_none(kind: str) -> None:
    model = ThinkingModel(kind)
    async with served(model.app) as url, page(url) as today:
        first = await today.run("r1", QUESTION)
        second = await today.run("r2", QUESTION, *called(first))
        await today.run("r3", QUESTION | {"content": "Find the other"})
        back = await today.run("r4", QUESTION, *called(first), spoken(second), FURTHER)
        assert back[-1]["type"] == "RUN_FINISHED", back[-1]
        check(await today.run("r5", QUESTION | {"id": "u9"}, *called(first)))


async def test_pages_of_1_10_send_each_call_by_itself() -> None:
    model = ThinkingModel("deepseek")
    async with served(model.app) as url, page(url) as today:
        await today.run("r1", QUESTION)
        when = {"createdAt": "2026-01-01T00:00:00.000Z"}
        calls = [
            {
                "id": id_,
                **when,
                "actionExecutionMessage": {
                    "name": "find",
                    "arguments": "{}",
                    "parentMessageId": "chatcmpl-1",
                },
            }
            for id_ in ("c1", "c2")
        ]
        results = [
            {
                "id": f"r{id_}",
                **when,
                "resultMessage": {
                    "actionExecutionId": id_,
                    "actionName": "find",
                    "result": "found",
                },
            }
            for id_ in ("c1", "c2")
        ]
        body = chat(threadId="t1", messages=[user("u1", "Find it"), *calls, *results])
        answer = await today.client.post("/copilotkit", json=body, headers={"accept": ACCEPT})
    assert "Done" in answer.text
    assert FORGOTTEN not in answer.text


async def test_no_page_is_shown_what_only_the_model_needs() -> None:
    store = MemoryStore()
    model = ThinkingModel("gemini")
    async with served(model.app) as url, page(url, store) as today:
        first = await today.run("r1", QUESTION)
        body = run_body(run="c1", messages=[])
        log = (await today.client.post("/copilotkit/agent/default/connect", json=body)).text
        saved = await store.states.load("t1", "default")
    assert saved is not None
    for shown in (orjson.dumps(first).decode(), log, repr(saved.messages)):
        assert OWN_VALUE not in shown
        assert "SIG=" not in shown


async def test_a_page_makes_none_up() -> None:
    model = ThinkingModel("vllm")
    function = {"name": "find", "arguments": "{}"}
    async with served(model.app) as url, page(url) as today:
        origin = url.removeprefix("http://")
        value = OWN_VALUE + orjson.dumps({"from": origin, "message": {"seed": 7}}).decode()
        call = {"id": "x1", "type": "function", "function": function, "encryptedValue": value}
        answer = {"id": "a1", "role": "assistant", "toolCalls": [call], "encryptedValue": value}
        await today.run("r1", QUESTION, answer, FURTHER)
    [message] = [each for each in model.bodies[0]["messages"] if each["role"] == "assistant"]
    assert message.keys() == {"role", "content", "tool_calls"}


async def test_another_provider_is_not_sent_what_this_one_signed() -> None:
    store = MemoryStore()
    one, other = ThinkingModel("gemini"), ThinkingModel("deepseek")
    async with served(one.app) as url, page(url, store) as today:
        first = await today.run("r1", QUESTION)
    async with served(other.app) as url, page(url, store) as today:
        await today.run("r2", QUESTION, *called(first))
    [message] = [each for each in other.bodies[0]["messages"] if each["role"] == "assistant"]
    assert "extra_content" not in message["tool_calls"][0]


async def test_servers_that_refuse_what_they_sent_are_not_sent_it() -> None:
    model = ThinkingModel("deepseek")
    options = ChatOptions(return_reasoning=False)
    async with served(model.app) as url, page(url, options=options) as today:
        first = await today.run("r1", QUESTION)
        second = await today.run("r2", QUESTION, *called(first))
    assert "reasoning_content" not in model.bodies[1]["messages"][1]
    assert FORGOTTEN in second[-1]["message"]


CALL_OF_ANOTHER: list[dict[str, Any]] = [
    {
        "id": "a1",
        "role": "assistant",
        "toolCalls": [
            {"id": "x1", "type": "function", "function": {"name": "find", "arguments": "{}"}}
        ],
    },
    {"id": "r1", "role": "tool", "toolCallId": "x1", "content": "found"},
]


@pytest.mark.parametrize("words", REFUSALS)
async def test_a_conversation_that_another_model_began_goes_on(words: str) -> None:
    model = StrictModel(words)
    async with served(model.app) as url, page(url) as today:
        run = await today.run("r1", QUESTION, *CALL_OF_ANOTHER)
    check(run)
    assert len(model.bodies) == 2


async def test_a_model_that_takes_no_reasoning_gets_the_conversation_without_it() -> None:
    model = StrictModel("property 'reasoning_content' is unsupported")
    async with served(model.app) as url, page(url) as today:
        first = await today.run("r1", QUESTION)
        second = await today.run("r2", QUESTION, *called(first))
    check(second)
    assert "reasoning_content" in model.bodies[-2]["messages"][1]


async def test_what_cannot_be_mended_is_refused_once() -> None:
    model = StrictModel("temperature is not supported")
    async with served(model.app) as url, page(url) as today:
        run = await today.run("r1", QUESTION, *CALL_OF_ANOTHER)
    assert "temperature is not supported" in run[-1]["message"]
    assert len(model.bodies) == 1
