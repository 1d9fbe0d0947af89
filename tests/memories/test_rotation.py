"""Keys that change while users go on, and keys that are not there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import cast

import pytest

from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.entries import Entry, MemoryUnreadable
from agui_runtime.memories.memory import Memory
from agui_runtime.memories.sealing import Names
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.sealed_rows import Known
from agui_runtime.wrappers import with_memory
from tests.connectors.page import Page
from tests.memories.test_memory import fact, memory_of, rows_of, texts
from tests.stores.databases import AnyStore, Processes
from tests.wrappers.test_memory import ANN, NAME, Listener

OLD, NEW = new_key(), new_key()


class User:
    """Remembers something with each run, and now and then forgets it all."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.expected: set[str] = set()
        self._turns = 0

    async def go_on(self, memory: Memory, turns: int) -> None:
        for _ in range(turns):
            self._turns += 1
            text = f"{self._turns} {self.owner} {'abcdefg'[self._turns % 7] * 9}"
            await memory.remember(self.owner, [fact(text)])
            self.expected.add(text)
            found = await memory.recall(self.owner, text)
            assert found.facts[0][0].text == text
            if self._turns % 5 == 0:
                await memory.forget(self.owner)
                self.expected.clear()


async def test_a_rotation_under_load_loses_nothing_and_fails_nobody(
    made: Processes[AnyStore],
) -> None:
    """Each user is served by two processes in turn, which have the new keys one after the other."""
    stores = [cast(Store, await made.start()) for _ in range(2)]
    users = [User(f"user {number}") for number in range(4)]

    async def served(memories: Sequence[Memory], turns: int = 4) -> None:
        await asyncio.gather(
            *(user.go_on(memories[at % 2], turns) for at, user in enumerate(users))
        )
        users.append(users.pop(0))  # from the other process the next time
        if len(users) < 8:
            users.append(User(f"user {len(users)}"))

    rings = [(OLD,), (OLD, NEW), (NEW, OLD), (NEW,)]
    memories = [memory_of(store, OLD) for store in stores]
    for at, ring in enumerate(rings):
        for process, store in enumerate(stores):
            await served(memories)
            memories[process] = memory_of(store, *ring)
        if at == 2:
            await asyncio.gather(memories[0].rotate(), served(memories, 7), memories[1].rotate())
    for user in users:
        assert set(await texts(memories[0], user.owner)) == user.expected


async def test_a_process_without_the_new_key_overwrites_nothing(each_store: Store) -> None:
    behind, both = memory_of(each_store, OLD), memory_of(each_store, NEW, OLD)
    await behind.remember("ann", [fact("Before")])
    await both.rotate()
    for owner in ("ann", "bob, who is new"):
        for step in (behind.recall(owner, "x"), behind.remember(owner, [fact("After")])):
            with suppress(MemoryUnreadable):
                assert not await step  # of nobody yet
    after = memory_of(each_store, NEW)
    assert await texts(after, "ann") == ["Before"]
    assert await texts(after, "bob, who is new") == []
    await after.remember("bob, who is new", [fact("Begins")])


async def test_one_whom_no_key_opens_does_not_keep_the_others_from_the_new_key() -> None:
    store = MemoryStore()
    memory = memory_of(store, NEW, OLD)
    for number in range(5):
        await memory_of(store, OLD).remember(f"user {number}", [fact("Sealed")])
    rows = rows_of(store)
    await rows.write("lost", Known(b"wrapped by a key that is gone", 0), {"core.x": b"sealed"})
    with pytest.raises(MemoryUnreadable, match="opens 1 of 7"):
        await memory.rotate()
    assert (await rows.read("lost")).rows == {"core.x": b"sealed"}
    for number in range(5):
        assert await texts(memory_of(store, NEW), f"user {number}") == ["Sealed"]


async def test_without_its_keys_a_store_serves_all_else_and_has_everything_when_they_come_back(
    each_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    async def served(key: str, words: str) -> tuple[Memory, Listener]:
        memory, listener = Memory(), Listener()
        runtime = CopilotRuntime(
            {"default": with_memory(listener, memory)},
            store=each_store,
            memory=memory,
            options=Options(keys=KeyRing([key])),
        )
        await runtime.open()
        for number in range(3):
            events = await Page(runtime, f"{words} {number}", ANN).say("Hello there")
            assert events[-1]["type"] == "RUN_FINISHED"
        return memory, listener

    await memory_of(each_store, OLD).remember("ann", [NAME, fact("Has a dog")])
    caplog.set_level(logging.WARNING)
    memory, listener = await served(NEW, "lost")
    assert listener.prompts == []
    lines = [line.partition("memory: ")[2].split()[:2] for line in caplog.messages]
    assert ["the", "agent"] in lines
    assert len(set(map(tuple, lines))) == len(lines)  # a minute
    for step in (memory.remember("ann", [NAME]), memory.forget("ann"), memory.list("ann")):
        with pytest.raises(MemoryUnreadable):
            await step
    memory, listener = await served(OLD, "found")
    assert "name: Ann" in listener.prompts[0]
    assert {"Ann", "Has a dog"} <= set(await texts(memory, "ann"))


async def test_a_store_that_was_put_back_is_read_as_it_is_then() -> None:
    """As a replica of Redis that had not got all of it before it took over."""
    store = MemoryStore()
    memory, other = memory_of(store), memory_of(store)
    for number in range(3):
        await memory.remember("ann", [fact(f"{number} {'xyz'[number] * 9}")])
    rows = rows_of(store)
    (name,) = [each async for each in rows.owners() if each != Names.OWNER]
    found = await rows.read(name)
    assert found.key is not None
    await rows.forget(name)
    first = next(iter(found.rows))
    await rows.write(name, Known(found.key, 0), {first: found.rows[first]})
    assert len(await memory.list("ann")) == 1
    await memory.remember("ann", [fact("Goes on")])
    assert await texts(memory, "ann") == await texts(other, "ann")


async def test_nobody_begins_under_a_name_that_the_store_has_lost() -> None:
    store = MemoryStore()
    memory = memory_of(store)
    await memory.remember("ann", [fact("Lost with the store")])
    rows = rows_of(store)
    for name in [each async for each in rows.owners()]:
        await rows.forget(name)
    with pytest.raises(StoreUnavailable, match="try again"):
        await memory.remember("ann", [fact("Begins anew")])
    await memory.remember("ann", [fact("Begins anew")])
    assert await texts(memory_of(store), "ann") == ["Begins anew"]


async def test_a_forgotten_user_s_memory_in_a_copy_goes_with_the_keys_that_wrapped_it() -> None:
    """A copy has the wrapped key, too: it opens for as long as there is the key that wrapped it."""
    store = MemoryStore()
    memory = memory_of(store, OLD)
    for owner in ("ann", "bob"):
        await memory.remember(owner, [fact(f"Of {owner}")])
    rows = rows_of(store)
    copy = {name: await rows.read(name) async for name in rows.owners()}
    await memory.forget("ann")
    await memory_of(store, NEW, OLD).rotate()

    async def put_back(*keys: str) -> Memory:
        other = MemoryStore()
        for name, each in copy.items():
            assert each.key is not None
            await rows_of(other).write(name, Known(each.key, 0), each.rows)
        return memory_of(other, *keys)

    assert await texts(await put_back(NEW, OLD), "ann") == ["Of ann"]
    with pytest.raises(MemoryUnreadable):
        await (await put_back(NEW)).list("ann")
    entries = await memory_of(store, NEW).list("bob")
    assert [each.text for each in entries if isinstance(each, Entry)] == ["Of bob"]


async def test_an_owner_is_forgotten_also_where_the_store_was_put_back_meanwhile() -> None:
    store = MemoryStore()
    rows, memory = rows_of(store), memory_of(store)
    await memory.remember("ann", [fact("Has a dog")])
    await rows.forget(Names.OWNER)
    await memory_of(store).remember("ann", [fact("Has a cat")])  # under another name
    before = {owner async for owner in rows.owners()}
    await memory.forget("ann")
    assert await texts(memory_of(store), "ann") == []
    assert len(before) == 3
