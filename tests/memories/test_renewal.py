"""A change of embedder: what was remembered before gets vectors of the new one, meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from agui_runtime import CopilotRuntime
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.embedders.base import Embedder, Vectors
from agui_runtime.memories.embedders.hashing import HashingEmbedder
from agui_runtime.memories.entries import Entry, Origin, Proposal
from agui_runtime.memories.memory import Memory
from agui_runtime.stores.memory import MemoryStore

RING = KeyRing([new_key()])


class Letters:
    """Vectors of the letters in a text; texts of memories wait for the gate, questions do not."""

    name, size, alike = "letters", 26, 0.7

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.waits = asyncio.Event()
        self.batches: list[int] = []
        self.fails = False
        self.prepared = self.closed = False

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts[0].endswith("?"):
            self.waits.set()
            await self.gate.wait()
            self.batches.append(len(texts))
            if self.fails:
                raise OSError("out of memory")
        found = np.zeros((len(texts), self.size), np.float32)
        for row, text in enumerate(texts):
            for letter in filter(str.isascii, filter(str.isalpha, text.casefold())):
                found[row, ord(letter) - ord("a")] += 1
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        return found

    async def prepare(self) -> None:
        self.prepared = True

    async def close(self) -> None:
        self.closed = True


def memory_over(store: MemoryStore, embedder: Embedder) -> Memory:
    memory = Memory(embedder, clock=lambda: 1000.0)
    memory.keep_in(store.sealed, RING)
    return memory


async def remembered(store: MemoryStore, *texts: str) -> Sequence[Entry]:
    memory = memory_over(store, HashingEmbedder())
    origin = Origin("t", "r", "m", "rules")
    said = [Proposal("associative", each, origin, entity="dog") for each in texts]
    said.append(Proposal("episodic", "Spoke of dogs", origin, key="t"))
    return await memory.remember("ann", said)


async def facts(memory: Memory, question: str) -> list[str]:
    return [entry.text for entry, _ in (await memory.recall("ann", question)).facts]


async def done_in_the_background() -> None:
    if others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)


async def test_facts_of_another_embedder_are_found_again_after_the_first_recall() -> None:
    store, letters = MemoryStore(), Letters()
    texts = [f"Dog number {'abcdefghij'[number % 10] * (number + 9)}" for number in range(70)]
    before = await remembered(store, *texts)
    memory = memory_over(store, letters)
    assert await facts(memory, f"{texts[3]}?") == []
    await done_in_the_background()
    assert texts[3] in await facts(memory, f"{texts[3]}?")
    assert letters.batches == [32, 32, 7]
    after = await memory.list("ann")
    assert sorted(map(repr, after)) == sorted(map(repr, before))
    await memory_over(store, letters).recall("ann", "dog?")
    await done_in_the_background()
    assert len(letters.batches) == 3  # nothing is made twice


async def test_whoever_changes_an_entry_meanwhile_wins() -> None:
    store, letters = MemoryStore(), Letters()
    one, two, *_ = await remembered(store, "Bello barks", "Wuff is old", "Rex sleeps")
    memory = memory_over(store, letters)
    letters.gate.clear()
    await memory.recall("ann", "who barks?")
    await letters.waits.wait()
    other = memory_over(store, HashingEmbedder())
    await other.correct("ann", one.id, "Bello is silent")
    await other.delete("ann", two.id)
    letters.gate.set()
    await done_in_the_background()
    stored = [
        each.text for each in await memory.list("ann", "associative") if isinstance(each, Entry)
    ]
    assert sorted(stored) == ["Bello is silent", "Rex sleeps"]
    assert await facts(memory, "dog Rex sleeps?") == ["Rex sleeps"]


async def test_where_the_embedder_fails_it_is_done_at_the_next_opening(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, letters = MemoryStore(), Letters()
    await remembered(store, "Rex sleeps")
    letters.fails = True
    memory = memory_over(store, letters)
    for _ in range(3):
        assert await facts(memory, "dog Rex sleeps?") == []
        await done_in_the_background()
    assert len(letters.batches) == 1
    assert "do not get vectors" in caplog.text
    letters.fails = False
    again = memory_over(store, letters)
    await again.recall("ann", "dog?")
    await done_in_the_background()
    assert await facts(again, "dog Rex sleeps?") == ["Rex sleeps"]


async def test_a_runtime_prepares_the_embedder_and_stops_what_it_does_when_it_closes() -> None:
    store, letters = MemoryStore(), Letters()
    await remembered(store, "Rex sleeps")
    memory = Memory(letters)
    runtime = CopilotRuntime({}, store=store, memory=memory)
    async with runtime.lifespan():
        assert letters.prepared
        memory.keep_in(store.sealed, RING)
        letters.gate.clear()
        await memory.recall("ann", "dog?")
        await letters.waits.wait()
    assert letters.closed
    assert letters.batches == []


async def test_vectors_of_another_size_are_passed_over() -> None:
    """Under the name of an embedder, as where a model was replaced by another."""
    store, letters = MemoryStore(), Letters()
    memory = memory_over(store, letters)
    origin = Origin("t", "r", "m", "rules")
    await memory.remember("ann", [Proposal("associative", "Bello barks", origin)])
    letters.size = 30
    again = memory_over(store, letters)
    assert await facts(again, "Bello barks?") == []
    await again.remember("ann", [Proposal("associative", "Rex sleeps", origin)])
    assert await facts(again, "Rex sleeps?") == ["Rex sleeps"]


async def test_a_store_whose_client_fails_ends_nothing_unseen(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, letters = MemoryStore(), Letters()
    await remembered(store, "Rex sleeps")
    memory = memory_over(store, letters)
    letters.gate.clear()
    await memory.recall("ann", "dog?")
    await letters.waits.wait()

    async def fail(*_: object) -> int:
        raise RuntimeError("the pool is closed")

    monkeypatch.setattr(store.sealed, "write", fail)
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    letters.gate.set()
    assert await asyncio.gather(*tasks) == [None]
    assert "do not get vectors of another embedder yet: RuntimeError" in caplog.text
