"""Whatever an agent, a tool or a page says: every reader gets the same, or the run fails and says
why; and the thread stays readable and usable.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from ag_ui.core import RunAgentInput, StateSnapshotEvent
from hypothesis import given, settings, strategies as some

from agui_runtime.app import create_app
from agui_runtime.core import jsontext
from agui_runtime.core.fold import fold
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.redis import RedisStore
from tests.stores.servers import RedisServer
from tests.support import served
from tests.wires.graphql.serving import chat
from tests.wires.odd_values import EMOJI, HIGH, LOW, Opaque, Plays, Reader, nested, reading, scripts


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=["memory", "redis"], scope="module")
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "memory":
        return ""
    redis: RedisServer = request.getfixturevalue("redis")
    return redis.url


def opened(url: str) -> Store:
    return RedisStore(url, prefix=uuid4().hex) if url else MemoryStore()


async def told(agent: Plays, store: Store, runs: int) -> None:
    """Play all scripts on each wire, and compare what the readers are given."""
    async with reading(agent, store) as reader:
        live: list[Any] = []
        for number in range(runs):
            heard = await reader.run(f"r{number}")
            ends = [each for each in heard if each["type"] in ("RUN_FINISHED", "RUN_ERROR")]
            assert ends == heard[-1:]
            assert heard[-1].get("code") not in ("AGENT_ERROR:", "STORE_FAILED", "OWNER_LOST")
            live += heard
        expected = fold(live)
        assert await reader.subscribed(len(live)) == live
        assert await reader.followed() == live
        history = await reader.history()
        assert history["messages"] == expected.messages
        assert history["state"] == (expected.state or None)
        assert fold(await reader.connected()).messages == expected.messages
        assert await reader.part("state") == (expected.state or None)
        ids = [message["id"] for message in expected.messages]
        assert [each["id"] for each in await reader.part("messages")] == ids
        assert await reader.part("events")
        await reader.loaded()
        last = await reader.run("last")
        assert last[-1]["type"] == "RUN_FINISHED"
        assert "plain" in [each.get("delta") for each in last]
        assert b"plain" in await reader.chatted()
        await reader.connected()


@settings(max_examples=25)
@given(some.lists(scripts, min_size=1, max_size=4))
def test_every_reader_gets_the_same_of_whatever_an_agent_says(
    url: str, played: list[list[object]]
) -> None:
    asyncio.run(told(Plays(played), opened(url), len(played)))


@settings(max_examples=15)
@given(scripts)
def test_the_wires_of_older_clients_deliver_whatever_an_agent_says(
    url: str, played: list[object]
) -> None:
    async def all_of_it() -> None:
        async with reading(Plays([played, played]), opened(url)) as reader:
            await reader.chatted()
            await reader.executed()
            assert b"plain" in await reader.chatted()
            await reader.connected()

    asyncio.run(all_of_it())


SAID = {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "delta": "hello"}


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ({"type": "STATE_SNAPSHOT", "snapshot": {"a": [Opaque()]}}, "STATE_SNAPSHOT: snapshot.a.0"),
        ({"type": "CUSTOM", "name": "n", "value": nested(300)}, "CUSTOM: value.0"),
        ({"type": "CUSTOM", "name": "n", "value": 10**5000}, "CUSTOM: value is an integer of too"),
        ({"type": "STATE_SNAPSHOT", "snapshot": b"\xff"}, "STATE_SNAPSHOT: snapshot is a bytes"),
        (StateSnapshotEvent(snapshot=Opaque()), "STATE_SNAPSHOT: snapshot is a Opaque"),
    ],
)
async def test_a_value_that_nobody_could_be_given_ends_its_run_with_its_name(
    url: str, said: object, names: str
) -> None:
    async with reading(Plays([[SAID, said]]), opened(url)) as reader:
        failed = await reader.run("r1")
        assert (failed[-1]["type"], failed[-1]["code"]) == ("RUN_ERROR", "AGENT_PROTOCOL_ERROR")
        assert names in failed[-1]["message"]
        assert [each["type"] for each in failed[1:-1]] == [
            "TEXT_MESSAGE_START",
            "TEXT_MESSAGE_CONTENT",
            "TEXT_MESSAGE_END",
        ]
        assert (await reader.connected())[-1]["message"] == failed[-1]["message"]
        assert (await reader.run("r2"))[-1]["type"] == "RUN_FINISHED"


async def test_a_patch_may_not_nest_a_state_deeper_than_readers_can_read(url: str) -> None:
    deep = {"type": "STATE_SNAPSHOT", "snapshot": {"a": nested(150)}}
    patch = [{"op": "add", "path": "/a" + "/0" * 149, "value": nested(100)}]
    delta = {"type": "STATE_DELTA", "delta": patch}
    async with reading(Plays([[deep, delta]]), opened(url)) as reader:
        failed = await reader.run("r1")
        assert "STATE_DELTA" in failed[-1]["message"]
        assert (await reader.part("state"))["a"] == nested(150)
        assert (await reader.run("r2"))[-1]["type"] == "RUN_FINISHED"


async def test_an_emoji_that_comes_in_halves_is_whole_for_every_reader(url: str) -> None:
    halves = [
        {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"},
        {"type": "TOOL_CALL_START", "toolCallId": "c1", "toolCallName": "f"},
        {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "a" + HIGH},
        {"type": "TOOL_CALL_ARGS", "toolCallId": "c1", "delta": '{"b":"' + HIGH},
        {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": LOW + "c" + HIGH},
        {"type": "TOOL_CALL_ARGS", "toolCallId": "c1", "delta": LOW + '"}'},
    ]
    async with reading(Plays([halves]), opened(url)) as reader:
        heard = await reader.run("r1")
        _, message, *_ = await reader.part("messages")
    contents = [each["delta"] for each in heard if each["type"] == "TEXT_MESSAGE_CONTENT"]
    assert contents == ["a", EMOJI + "c", "plain", "\ufffd"]
    assert message["content"] == f"a{EMOJI}c\ufffd"
    args = [each["delta"] for each in heard if each["type"] == "TOOL_CALL_ARGS"]
    assert args == ['{"b":"', EMOJI + '"}']


async def test_half_an_emoji_from_a_page_is_taken_on_each_wire(url: str) -> None:
    message = {"id": "u1", "role": "user", "content": f"cut {HIGH}"}
    state = {HIGH: [LOW, 2**64]}
    async with reading(Plays([]), opened(url)) as reader:
        heard = await reader.run("r1", messages=[message], state=state)
        again = await reader.run("r2", messages=[message, {**message, "id": "u2"}])
        asked = chat(threadId="t1")
        asked["variables"]["data"]["messages"][0]["textMessage"]["content"] = f"cut {HIGH}"
        answer = await reader.post("/copilotkit", asked)
        assert heard[0]["input"]["messages"][0]["content"] == "cut \ufffd"
        assert heard[0]["input"]["state"] == {"\ufffd": ["\ufffd", 2**64]}
        assert again[-1]["type"] == "RUN_FINISHED"
        assert answer.status_code == 200
        assert b"plain" in answer.content
        await reader.executed()


async def test_what_tools_return_is_the_same_for_every_reader(url: str) -> None:
    class Calls:
        name = "calls"
        description = "Calls a tool."

        async def run(self, request: RunAgentInput) -> AsyncIterator[Any]:
            if request.messages[-1].role == "tool":
                yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "delta": "done"}
                return
            ids = {"toolCallId": "c1"}
            yield {"type": "TOOL_CALL_START", **ids, "toolCallName": "odd"}
            yield {
                "type": "TOOL_CALL_ARGS",
                **ids,
                "delta": r'{"text":"\ud83d","big":18446744073709551616}',
            }
            yield {"type": "TOOL_CALL_END", **ids}

    given_: list[object] = []

    def odd(text: str, big: int) -> object:
        given_.extend([text, big])
        return {"text": HIGH, "big": big, "nan": float("nan"), 1: {LOW}}

    runtime = CopilotRuntime({"default": Calls()}, actions=[odd], store=opened(url))
    async with (
        served(create_app(runtime)) as origin,
        httpx.AsyncClient(base_url=origin) as client,
    ):
        heard = await Reader(client).run("r1")
        await Reader(client).connected()
    [result] = [each["content"] for each in heard if each["type"] == "TOOL_CALL_RESULT"]
    assert given_ == ["\ufffd", 2**64]
    assert jsontext.loads(result) == {"text": "\ufffd", "big": 2**64, "nan": None, "1": ["\ufffd"]}
    assert heard[-1]["type"] == "RUN_FINISHED"
