"""Large requests: what is refused before it is parsed, on every wire, and what is served."""

from __future__ import annotations

import asyncio
import json
import random
import tracemalloc
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import httpx
import orjson
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.app import create_app
from agui_runtime.commands.hosting import hosted
from agui_runtime.core.errors import Misconfigured, TooLarge
from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.settings import Settings
from agui_runtime.wires.agui.wire import AguiWire
from agui_runtime.wires.copilotkit_remote.wire import CopilotKitRemoteWire
from agui_runtime.wires.graphql.wire import GraphQLWire
from agui_runtime.wires.shared.bodies import (
    DEFAULT_LIMITS,
    SLICE,
    BodyLimits,
    Census,
    loaded,
)
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.wire import Wire
from tests.support import served
from tests.wires.graphql.serving import ACCEPT, QUERIES

JSON = {"content-type": "application/json"}
WIRES: Sequence[Wire] = [GraphQLWire(), CopilotKitRemoteWire("/remote"), AguiWire()]
SMALL = BodyLimits(bytes=20_000, values=400, depth=20, messages=30, parts=8)
Json: TypeAlias = dict[str, Any]


async def counting(request: RunAgentInput) -> AsyncIterator[Event]:
    """Says how many messages it was given."""
    yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m", "delta": f"{len(request.messages)}."}


@asynccontextmanager
async def serving(limits: BodyLimits) -> AsyncIterator[httpx.AsyncClient]:
    runtime = CopilotRuntime(agents={"default": counting})
    app = create_app(runtime, options=ServerOptions(body=limits), wires=WIRES)
    async with served(app) as origin, httpx.AsyncClient(base_url=origin, timeout=60) as client:
        yield client


def users(count: int, text: str = "hi") -> list[Json]:
    return [{"id": f"u{n}", "role": "user", "content": text} for n in range(count)]


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


EXCESSIVE: Mapping[str, tuple[Json, str, str]] = {
    "bytes": (
        {"messages": users(1, "x" * 20_000)},
        "at most 20000 bytes",
        "max_body (AGUI_MAX_BODY)",
    ),
    "numbers": ({"state": {"a": [1] * 400}}, "at most 400 values", "max_values (AGUI_MAX_VALUES)"),
    "objects": (
        {"state": {"a": [{}] * 400}},
        "at most 400 values",
        "max_values (AGUI_MAX_VALUES)",
    ),
    "depth": ({"state": {"a": nested(20)}}, "nested at most 20", "max_depth (AGUI_MAX_DEPTH)"),
    "messages": (
        {"messages": users(31)},
        "at most 30 messages",
        "max_messages (AGUI_MAX_MESSAGES)",
    ),
    "parts": (
        {
            "messages": [
                {"id": "u", "role": "user", "content": [{"type": "text", "text": "hi"}] * 9}
            ]
        },
        "at most 8 parts or tool calls",
        "max_parts (AGUI_MAX_PARTS)",
    ),
}


def agui(**given: Any) -> Json:  # noqa: ANN401  # fields of a RunAgentInput
    return {"threadId": "t1", "runId": "r1", "messages": users(1), "state": {}} | given


@pytest.mark.parametrize("case", EXCESSIVE)
@pytest.mark.parametrize("route", ["run", "connect", "suggest", "envelope"])
async def test_what_is_over_a_limit_is_refused_and_the_limit_is_named(
    case: str, route: str
) -> None:
    given, says, names = EXCESSIVE[case]
    body, path = agui(**given), f"/copilotkit/agent/default/{route}"
    if route == "envelope":
        body = {"method": "agent/run", "params": {"agentId": "default"}, "body": body}
        path = "/copilotkit"
    async with serving(SMALL) as client:
        answer = await client.post(path, content=orjson.dumps(body), headers=JSON)
        fine = await client.post("/copilotkit/agent/default/run", json=agui())
    assert answer.status_code == 413
    assert says in answer.text
    assert names in answer.text
    assert "RUN_FINISHED" in fine.text


def gql_message(**kind: Json) -> Json:
    return {"id": "m", "createdAt": "2026-01-01T00:00:00Z"} | kind


def from_user(text: str) -> Json:
    return gql_message(textMessage={"content": text, "role": "user"})


def called() -> Json:
    call = {"name": "f", "arguments": "{}", "parentMessageId": "p"}
    return gql_message(actionExecutionMessage=call)


STATE = orjson.dumps({"a": [1] * 400}).decode()
DEEP = orjson.dumps(nested(21)).decode()
GRAPHQL_EXCESSIVE: Mapping[str, tuple[Json, str]] = {
    "bytes": ({"messages": [from_user("x" * 20_000)]}, "max_body (AGUI_MAX_BODY)"),
    "values": ({"messages": [{}] * 400}, "max_values (AGUI_MAX_VALUES)"),
    "values of a text": (
        {"agentStates": [{"agentName": "a", "state": STATE}]},
        "max_values (AGUI_MAX_VALUES)",
    ),
    "depth of a text": (
        {"agentStates": [{"agentName": "a", "state": DEEP}]},
        "max_depth (AGUI_MAX_DEPTH)",
    ),
    "depth of a schema": (
        {
            "frontend": {
                "url": "http://page.test/",
                "actions": [{"name": "f", "description": "", "jsonSchema": DEEP}],
            }
        },
        "max_depth (AGUI_MAX_DEPTH)",
    ),
    "messages": ({"messages": [from_user("hi")] * 31}, "max_messages (AGUI_MAX_MESSAGES)"),
    "calls of one message": ({"messages": [called()] * 9}, "max_parts (AGUI_MAX_PARTS)"),
}


def chat(**given: Any) -> Json:  # noqa: ANN401  # inputs of the mutation
    data = {
        "metadata": {"requestType": "Chat"},
        "threadId": "t1",
        "messages": [from_user("hi")],
        "frontend": {"actions": [], "url": "http://page.test/"},
    }
    query = QUERIES["generateCopilotResponse"]
    return {"query": query, "variables": {"data": data | given}}


@pytest.mark.parametrize("case", GRAPHQL_EXCESSIVE)
async def test_graphql_refuses_it_with_an_error_of_its_own_form(case: str) -> None:
    given, names = GRAPHQL_EXCESSIVE[case]
    async with serving(SMALL) as client:
        headers = JSON | {"accept": ACCEPT}
        answer = await client.post(
            "/copilotkit", content=orjson.dumps(chat(**given)), headers=headers
        )
    assert names in answer.text
    assert "TOO_LARGE" in answer.text


async def test_a_remote_endpoint_refuses_it_too() -> None:
    body = {"name": "default", "threadId": "t1", "messages": users(31)}
    async with serving(SMALL) as client:
        crowded = await client.post("/remote/agents/execute", json=body)
        deep = await client.post("/remote/info", json={"properties": {"a": nested(20)}})
    assert crowded.status_code == deep.status_code == 413
    assert "AGUI_MAX_MESSAGES" in crowded.json()["error"]
    assert "AGUI_MAX_DEPTH" in deep.json()["error"]


async def test_what_looks_like_json_within_a_text_does_not_count() -> None:
    text = '{"a": [1, 2, {"b": "\\"}]' * 200 + "[{," * 1000
    async with serving(SMALL) as client:
        answer = await client.post(
            "/copilotkit/agent/default/run", json=agui(messages=users(1, text))
        )
    assert "RUN_FINISHED" in answer.text


def any_json(chance: random.Random, depth: int = 0) -> object:
    kind = chance.randrange(2 if depth > 5 else 4)
    size = chance.randrange(4)
    if kind == 2:
        return [any_json(chance, depth + 1) for _ in range(size)]
    if kind == 3:
        return {f'{n}"\\,': any_json(chance, depth + 1) for n in range(size)}
    return chance.choice(["", 'a"b\\', "\\", "[{,", '\\\\"', 1, None, "é\n"])


def counted(value: object, depth: int = 1) -> tuple[int, int]:
    """How many values and levels there are, an empty list or object counting as its one item."""
    if not isinstance(value, list | dict):
        return 0, 0
    items = list(value.values()) if isinstance(value, dict) else value
    inner = [counted(item, depth + 1) for item in items]
    values = max(1, len(items)) + sum(count for count, _ in inner)
    return values, max([depth, *(level for _, level in inner)])


@pytest.mark.parametrize("seed", range(20))
def test_values_are_counted_whatever_the_slices_are(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(50):
        value, census = any_json(chance), Census()
        text, size = orjson.dumps(value), chance.randrange(1, 9)
        for start in range(0, len(text), size):
            census.feed(text[start : start + size])
        assert (census.values, census.depth) == counted(value)


@pytest.mark.parametrize("digits", [18, 19, 20, 40])
async def test_long_numbers_are_exact_wherever_a_slice_ends(digits: int) -> None:
    number = int("9" * digits)
    for before in range(SLICE - 2 * digits, SLICE + 5):
        text, census = b'["' + b"x" * before + b'",%d]' % number, Census()
        list(census.fed(text, DEFAULT_LIMITS))
        assert census.counts.long_numbers == (digits > 18)
    for before in (0, SLICE, 2 * 2**20):
        text = b'["' + b"x" * before + b'",0.5,%d]' % number
        assert (await loaded(text, DEFAULT_LIMITS)).value == ["x" * before, 0.5, number]


async def test_ids_of_many_digits_have_no_body_read_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    value = [{"id": str(10**18 + each), "at": each + 0.5} for each in range(1000)]
    monkeypatch.setattr(json, "loads", None)  # what reads long integers, in many times the time
    assert (await loaded(orjson.dumps(value), DEFAULT_LIMITS)).value == value


@pytest.mark.parametrize("levels", [129, 2000, 200_000])
async def test_what_is_nested_too_deep_for_a_reader_is_refused_as_too_deep(levels: int) -> None:
    with pytest.raises(TooLarge, match="AGUI_MAX_DEPTH"):
        await loaded(b"[" * levels + b"]" * levels, DEFAULT_LIMITS)


@pytest.mark.parametrize(
    ("first", "unit"), [("", "[],"), ("", '{"":{}},'), ("", "1.5,"), ("\\ud800", "[],")]
)
async def test_what_holds_too_much_takes_no_memory_beside_its_own(first: str, unit: str) -> None:
    """It is refused before it is parsed, also where it is small."""
    text = f'["{first}",{unit * (2_000_000 // len(unit))}0]'
    async with serving(DEFAULT_LIMITS) as client:
        tracemalloc.start()
        try:
            answer = await client.post("/copilotkit/agent/default/run", content=text, headers=JSON)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert answer.status_code == 413
    assert "AGUI_MAX_VALUES" in answer.text
    assert most < 8 * len(text)


async def test_a_text_is_counted_in_slices_between_which_others_have_their_turn() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    text = orjson.dumps([{"a": "x" * 100}] * 20_000)
    beside = asyncio.create_task(others())
    await loaded(text, DEFAULT_LIMITS)
    beside.cancel()
    assert turns >= len(text) // SLICE


@pytest.mark.parametrize(
    ("limits", "variable"),
    [
        ({"depth": 201}, "AGUI_MAX_DEPTH"),
        ({"values": 0}, "AGUI_MAX_VALUES"),
        ({"bytes": -1}, "AGUI_MAX_BODY"),
    ],
)
def test_limits_that_cannot_be_obeyed_are_refused(limits: Mapping[str, int], variable: str) -> None:
    with pytest.raises(Misconfigured, match=variable):
        BodyLimits(**limits)


def test_the_environment_sets_the_limits() -> None:
    env = {
        "AGUI_MAX_BODY": "1",
        "AGUI_MAX_VALUES": "2",
        "AGUI_MAX_DEPTH": "3",
        "AGUI_MAX_MESSAGES": "4",
        "AGUI_MAX_PARTS": "5",
    }
    assert hosted(Settings.read(env)).served[0].options.body == BodyLimits(1, 2, 3, 4, 5)
    assert hosted(Settings.read({})).served[0].options.body == DEFAULT_LIMITS
    with pytest.raises(Misconfigured, match="AGUI_MAX_VALUES"):
        Settings.read({"AGUI_MAX_VALUES": "many"})
