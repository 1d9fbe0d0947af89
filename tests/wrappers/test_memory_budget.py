"""Whatever becomes of memory, a run waits for it as long as its budget says, and goes on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import pytest

from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.agenda import NAME as NAME_OF_AGENDA
from agui_runtime.memories.embedders.hashing import HashingEmbedder
from agui_runtime.memories.memory import Memory
from agui_runtime.memories.sealing import Names
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.sealed_rows import Known, SealedRows, StoredRows
from agui_runtime.wrappers import with_memory
from agui_runtime.wrappers.memory import FRAME
from tests.connectors.page import Page
from tests.wrappers.test_memory import ANN, DOG, NAME, Listener, recalled

if TYPE_CHECKING:
    from agui_runtime.memories.embedders.base import Vectors

QUESTION = "What is the name of my dog?"


class Troubled(HashingEmbedder):
    """Does what the test wants, once something is there to be found."""

    def __init__(self, trouble: Callable[[], Awaitable[Vectors]]) -> None:
        self._trouble = trouble
        self.is_troubled = False

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return await (self._trouble() if self.is_troubled else super().embed(texts))


async def hangs() -> Vectors:
    await asyncio.Event().wait()
    raise AssertionError


async def goes_on_when_cancelled() -> Vectors:
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    await asyncio.sleep(0.5)
    raise ZeroDivisionError


async def raises() -> Vectors:
    raise ZeroDivisionError


async def leaves() -> Vectors:
    raise SystemExit


async def cancels_itself() -> Vectors:
    raise asyncio.CancelledError


async def cancels_its_task() -> Vectors:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)
    raise AssertionError


async def gives_too_few() -> Vectors:
    return np.zeros((0, HashingEmbedder.size), np.float32)


async def gives_another_size() -> Vectors:
    return np.ones((1, 3), np.float32)


async def gives_no_numbers() -> Vectors:
    return np.full((1, HashingEmbedder.size), np.nan, np.float32)


@pytest.mark.parametrize(
    "trouble",
    [
        *(hangs, goes_on_when_cancelled, raises, leaves, cancels_itself, cancels_its_task),
        *(gives_too_few, gives_another_size, gives_no_numbers),
    ],
)
async def test_what_an_embedder_does_costs_a_run_its_facts_alone(
    trouble: Callable[[], Awaitable[Vectors]], caplog: pytest.LogCaptureFixture
) -> None:
    embedder = Troubled(trouble)
    memory, listener = Memory(embedder), Listener()
    agent = with_memory(listener, memory, budget=0.05)
    runtime = CopilotRuntime(agents={"default": agent}, memory=memory)
    async with runtime.lifespan():
        await memory.remember("ann", [NAME, DOG])
        embedder.is_troubled = True
        with caplog.at_level(logging.WARNING):
            events = [await Page(runtime, f"t{n}", ANN).say(QUESTION) for n in range(3)]
        embedder.is_troubled = False
    assert {each[-1]["type"] for each in events} == {"RUN_FINISHED"}
    assert listener.prompts == [f"{FRAME}\n- name: Ann"]
    lines = [each.message for each in caplog.records if "goes on without" in each.message]
    assert len(lines) == 1  # a minute


async def test_other_forms_of_numbers_are_taken_as_well() -> None:
    class Wide(HashingEmbedder):
        async def embed(self, texts: Sequence[str]) -> Vectors:
            return (await super().embed(texts)).astype(np.float64)

    memory, listener = Memory(Wide()), Listener()
    runtime = CopilotRuntime({"default": with_memory(listener, memory)}, memory=memory)
    async with runtime.lifespan():
        await memory.remember("ann", [DOG])
        await Page(runtime, "t1", ANN).say(QUESTION)
    assert listener.prompts == [f"{FRAME}\n- Her dog is called Bello"]


class Rows:
    """Rows of a store that counts who reads those of users, and answers nobody while it is away."""

    def __init__(self, below: SealedRows) -> None:
        self._below = below
        self.answers = asyncio.Event()
        self.answers.set()
        self.waited_for = asyncio.Event()
        self.readers = 0
        self.whole = 0

    async def read(self, owner: str, known: Known | None = None) -> StoredRows:
        is_user = owner not in {Names.OWNER, NAME_OF_AGENDA}
        self.readers += is_user
        self.whole += is_user and known is None
        if is_user and not self.answers.is_set():
            self.waited_for.set()
        try:
            await asyncio.sleep(0)
            await self.answers.wait()
            return await self._below.read(owner, known)
        finally:
            self.readers -= is_user

    async def key(self, owner: str) -> bytes | None:
        return await self._below.key(owner)

    async def write(self, owner: str, known: Known, rows: Mapping[str, bytes | None]) -> int:
        return await self._below.write(owner, known, rows)

    async def rewrap(self, owner: str, old: bytes, new: bytes) -> bool:
        return await self._below.rewrap(owner, old, new)

    async def forget(self, owner: str) -> None:
        await self._below.forget(owner)

    def owners(self) -> AsyncGenerator[str, None]:
        return self._below.owners()


def watched(store: MemoryStore) -> Rows:
    """The store's sealed rows, which it has from now on."""
    rows = store.sealed = Rows(store.sealed)  # type: ignore[assignment]  # it does what they do
    return rows


async def test_a_store_that_hangs_costs_the_budget_and_leaves_nothing_behind() -> None:
    rows, memory, listener = watched(store := MemoryStore()), Memory(), Listener()
    agent = with_memory(listener, memory, budget=0.05)
    runtime = CopilotRuntime({"default": agent}, store=store, memory=memory)
    async with runtime.lifespan():
        await memory.remember("ann", [NAME, DOG])
        rows.answers.clear()
        events = await Page(runtime, "t1", ANN).say(QUESTION)
        await asyncio.sleep(0)
        assert (events[-1]["type"], listener.prompts) == ("RUN_FINISHED", [])
        assert rows.readers == 0
        coroutines = [task.get_coro() for task in asyncio.all_tasks()]
        assert "Notebooks.read" not in [getattr(each, "__qualname__", "") for each in coroutines]
        rows.answers.set()
        assert recalled(await Page(runtime, "t2", ANN).say(QUESTION))


async def test_who_stops_a_run_stops_its_recall() -> None:
    rows, memory, listener = watched(store := MemoryStore()), Memory(), Listener()
    agent = with_memory(listener, memory, budget=60)
    runtime = CopilotRuntime({"default": agent}, store=store, memory=memory)
    async with runtime.lifespan():
        await memory.remember("ann", [NAME])
        rows.answers.clear()
        events = await Page(runtime, "t1", ANN).stopped(QUESTION, rows.waited_for.wait)
        assert events[-1]["outcome"] == {"type": "cancelled"}
        await asyncio.sleep(0)
        assert (rows.readers, listener.asked) == (0, [])
        rows.answers.set()


async def test_many_runs_at_once_of_one_user_read_it_all_once() -> None:
    rows, options = watched(store := MemoryStore()), Options(keys=KeyRing([new_key()]))
    listener = Listener()
    for count in (1, 200):
        memory = Memory()
        agents = {"default": with_memory(listener, memory, budget=10)}
        runtime = CopilotRuntime(agents, store=store, memory=memory, options=options)
        async with runtime.lifespan():
            await memory.forget("bob")  # the names of users are known
            if count == 1:
                await memory.remember("ann", [NAME, DOG])
            rows.whole = 0
            pages = [Page(runtime, f"t{count}-{n}", ANN) for n in range(count)]
            told = await asyncio.gather(*(page.say(QUESTION) for page in pages))
            assert all(map(recalled, told))
    assert rows.whole == 1
