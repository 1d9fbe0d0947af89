"""What is remembered goes along to another store, sealed all the time."""

from __future__ import annotations

from pathlib import Path

import pytest

from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.memory import Memory
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.moving.sealed import copy_rows
from agui_runtime.stores.sql import SqliteStore
from tests.memories.test_memory import core, fact, memory_of, rows_of, texts
from tests.programs import finished


async def test_a_copy_has_what_everybody_has(each_store: Store, tmp_path: Path) -> None:
    source = SqliteStore(f"sqlite:///{tmp_path}/source.db")
    await source.open()
    memory = memory_of(source)
    for owner in ("ann", "bob"):
        (entry, _) = await memory.remember(owner, [fact("Gone"), fact(f"Has {owner}'s dog")])
        await memory.delete(owner, entry.id)
        await memory.remember(owner, [core("name", owner)])
    rows, target = rows_of(source), rows_of(each_store)
    assert await copy_rows(rows, target) == 3  # with what makes names
    await memory.remember("eve", [core("name", "eve")])
    assert await copy_rows(rows, target) == 1
    copy = memory_of(each_store)
    for owner in ("ann", "bob"):
        assert await texts(copy, owner) == [f"Has {owner}'s dog", owner]
        assert (await copy.recall(owner, "a dog")).facts
        await copy.remember(owner, [fact("Goes on there")])
    await source.close()


async def test_a_store_with_memories_of_its_own_is_refused_as_it_is() -> None:
    source, target = MemoryStore(), MemoryStore()
    await memory_of(source).remember("ann", [fact("Here")])
    await memory_of(target).remember("ann", [fact("There")])
    with pytest.raises(InvalidInput, match="memories of its own"):
        await copy_rows(rows_of(source), rows_of(target))
    assert await texts(memory_of(target), "ann") == ["There"]


async def test_the_command_takes_it_to_another_store(tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path}/{name}.db" for name in ("before", "after")]
    options = Options(keys=KeyRing([new_key()]))
    for url, known, copied in zip(urls, ([], ["Has a dog"]), (2, 0), strict=True):
        memory = Memory()
        async with CopilotRuntime({}, store=url, options=options, memory=memory).lifespan():
            assert await texts(memory, "ann") == known
            await memory.remember("ann", [fact("Has a dog")])
        code, out, err = await finished("memory", "copy", urls[1], AGUI_STORE=urls[0])
        assert (code, out.partition(" ")[0], err) == (0, str(copied), "")
