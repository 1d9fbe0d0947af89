"""Agents that know what is remembered of the user: what they are given, and what becomes of it."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import ANONYMOUS, Caller, Event
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.entries import Origin, Proposal
from agui_runtime.memories.extractors.base import Conversation
from agui_runtime.memories.memory import Memory
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.redis import RedisStore
from agui_runtime.stores.sql import SqliteStore
from agui_runtime.wrappers import with_memory
from agui_runtime.wrappers.memory import FRAME, RECALLED
from tests.connectors.page import Page
from tests.runtime.worlds import text as message

ANN = Caller("ann")


class Listener:
    """Answers, and notes what it was given."""

    name, description = "listener", ""

    def __init__(self) -> None:
        self.asked: list[RunAgentInput] = []

    @property
    def prompts(self) -> list[str]:
        return [str(m.content) for m in self.asked[-1].messages if m.role == "system"]

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.asked.append(request)
        for event in message(f"{request.run_id}-answer", "fine"):
            yield event


class Deaf:
    """Learns nothing of what users say."""

    async def proposals(self, conversation: Conversation) -> Sequence[Proposal]:
        return []


def recalled(events: Sequence[Event]) -> list[Event]:
    return [each for each in events if each["type"] == "CUSTOM" and each["name"] == RECALLED]


def world(memory: Memory, **rest: object) -> tuple[CopilotRuntime, Listener]:
    listener = Listener()
    agent = with_memory(listener, memory, **rest)  # type: ignore[arg-type]  # some are wrong
    return CopilotRuntime(agents={"default": agent}, memory=memory), listener


DOG = Proposal("associative", "Her dog is called Bello", Origin("old"))
NAME = Proposal("core", "Ann", key="name")
TRIP = Proposal("episodic", "Planned a trip to Rome", Origin("old"), key="old")
SALES = Proposal("proactive", "Asks for the sales on Mondays")


async def test_the_agent_is_told_what_is_remembered_of_who_asks() -> None:
    memory = Memory()
    runtime, listener = world(memory)
    async with runtime.lifespan():
        entries = await memory.remember("ann", [DOG, NAME, TRIP, SALES])
        await memory.remember("bob", [Proposal("core", "Bob", key="name")])
        events = await Page(runtime, caller=ANN).say("What is the name of my dog?")
    assert listener.prompts == [
        f"{FRAME}\n- name: Ann\n- Her dog is called Bello\n"
        "- an earlier conversation: Planned a trip to Rome\n- often: Asks for the sales on Mondays"
    ]
    (told,) = recalled(events)
    given = {each["id"]: each.get("score") for each in told["value"]["entries"]}
    assert set(given) == {entry.id for entry in entries}
    assert given[entries[0].id] > 0.12
    assert "Bello" not in str(told)


async def test_it_stands_behind_the_page_s_prompts_and_is_never_kept() -> None:
    memory = Memory()
    runtime, listener = world(memory)
    async with runtime.lifespan():
        await memory.remember("ann", [NAME])
        page = Page(runtime, caller=ANN)
        page.messages.append({"id": "p", "role": "system", "content": "Be short."})
        await page.say("hello")
        await page.say("again")
        kept = await runtime.store.states.load("t1", "default")
    assert [prompt.split("\n")[0] for prompt in listener.prompts] == ["Be short.", FRAME]
    assert kept is not None
    assert [each["role"] for each in kept.messages] == ["user", "assistant"] * 2


async def test_prompts_further_on_do_not_move_it() -> None:
    memory = Memory()
    runtime, listener = world(memory)
    async with runtime.lifespan():
        await memory.remember("ann", [NAME])
        page = Page(runtime, caller=ANN)
        for role, content in (("system", "Be short."), ("user", "hello"), ("system", "In French.")):
            page.messages.append({"id": content, "role": role, "content": content})
        await page.say("again")
    given = [str(each.content).partition("\n")[0] for each in listener.asked[-1].messages]
    assert given[:2] == ["Be short.", FRAME]


async def test_nobody_s_memory_is_everybody_s() -> None:
    memory = Memory()
    runtime, listener = world(memory)
    async with runtime.lifespan():
        await memory.remember(ANONYMOUS.owner, [NAME])
        events = await Page(runtime).say("hello")
    assert (listener.prompts, recalled(events)) == ([], [])
    shared = Memory(anonymous=True)
    runtime, listener = world(shared)
    async with runtime.lifespan():
        await shared.remember(ANONYMOUS.owner, [NAME])
        await Page(runtime).say("hello")
    assert listener.prompts == [f"{FRAME}\n- name: Ann"]


async def test_suggestions_and_other_tiers_are_left_alone() -> None:
    memory = Memory()
    runtime, listener = world(memory, tiers=["core"])
    async with runtime.lifespan():
        await memory.remember("ann", [DOG, NAME])
        await Page(runtime, caller=ANN).say("my dog", ephemeral=True)
        assert listener.prompts == []
        await Page(runtime, "t2", caller=ANN).say("my dog")
    assert listener.prompts == [f"{FRAME}\n- name: Ann"]


async def test_a_memory_without_a_runtime_says_so() -> None:
    with pytest.raises(Misconfigured, match=r"CopilotRuntime\(memory="):
        await Memory().recall("ann", "x")
    with pytest.raises(Misconfigured, match="there is no 'vague'"):
        world(Memory(), tiers=["vague"])
    with pytest.raises(Misconfigured, match="more than 0 seconds"):
        world(Memory(), budget=0)


async def test_a_memory_that_two_runtimes_have_is_refused_by_the_second() -> None:
    memory = Memory()
    (first, _), (second, _) = world(memory), world(memory)
    async with first.lifespan():
        await memory.remember("ann", [NAME])
        with pytest.raises(Misconfigured, match=r"give each runtime a Memory\(\) of its own"):
            await second.open()
        assert await memory.recall("ann", "")
    async with second.lifespan():
        assert not await memory.recall("ann", "")


async def test_a_store_in_a_file_has_a_key_beside_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"sqlite:///{tmp_path}/threads.db"
    for words in ("hello", "again"):
        memory, listener = Memory(extractor=Deaf()), Listener()
        agents = {"default": with_memory(listener, memory)}
        runtime = CopilotRuntime(agents=agents, store=url, memory=memory)
        async with runtime.lifespan():
            await memory.remember("ann", [NAME])
            await Page(runtime, "of-ann", ANN).say(words)
        assert listener.prompts == [f"{FRAME}\n- name: Ann"]
    file = tmp_path / "threads.db.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = [each.message for each in caplog.records if each.message.startswith(file.name)]
    assert [line.partition(":")[0] for line in lines] == ["threads.db.key was made"]
    with closing(sqlite3.connect(tmp_path / "threads.db")) as database:
        dump = [str(row).casefold() for row in database.execute("select * from agui_sealed_row")]
        dump += [str(row) for row in database.execute("select * from agui_sealed_owner")]
    assert len(dump) == 6  # with what nobody has looked at yet
    assert not [row for row in dump if "ann" in row or file.read_text().strip() in row]


async def test_who_brings_keys_needs_no_file(tmp_path: Path) -> None:
    memory = Memory()
    store = SqliteStore(f"sqlite:///{tmp_path}/threads.db")
    options = Options(keys=KeyRing([new_key()]))
    runtime = CopilotRuntime(agents={}, store=store, memory=memory, options=options)
    async with runtime.lifespan():
        await memory.remember("ann", [NAME])
    assert not (tmp_path / "threads.db.key").exists()


async def test_a_store_that_others_may_have_needs_keys() -> None:
    store = RedisStore("redis://127.0.0.1:1")
    runtime = CopilotRuntime(agents={}, store=store, memory=Memory())
    with pytest.raises(Misconfigured, match="agui-runtime keys generate"):
        await runtime.open()
