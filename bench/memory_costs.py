"""What memory costs: to recall, to open what is sealed, before an agent's first word, and to rotate
keys.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from time import perf_counter, time

from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime, FunctionAgent, Memory, RunContext
from agui_runtime.core.events import Caller, Event, RunRequest
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.embedders.hashing import HashingEmbedder
from agui_runtime.memories.entries import Entry, Origin, Proposal
from agui_runtime.memories.notebook import Notebook
from agui_runtime.memories.sealing import OwnerSeal, Vector
from agui_runtime.runtime.options import Options
from agui_runtime.stores.base import Store
from agui_runtime.stores.layers.delegating import sealed_rows_of
from agui_runtime.stores.open import open_store
from agui_runtime.stores.sealed_rows import StoredRows
from agui_runtime.wrappers import with_memory
from bench.rig import verdict

RECALL, UNSEAL, FIRST_WORD = 30.0, 10.0, 40.0
"""Milliseconds: goals for 99 of 100 recalls, for 1,000 rows in the median, and for 99 of 100 first
words.
"""

FACTS = (1_000, 9_999)
COLD, ROWS, OWNERS = 20, 1_000, 1_000

WORDS = """walk tea red river train winter garden lamp bread music stone window paper cloud horse
bicycle market bridge letter summer kitchen mountain ticket doctor weekend salary neighbour"""


def sentences(count: int) -> Iterator[str]:
    """As long as people's facts are; all different."""
    chance, words = random.Random(7), WORDS.split()
    for number in range(count):
        yield f"{' '.join(chance.choices(words, k=9))} number {number}"


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    store = open_store(url)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def memory_over(store: Store, ring: KeyRing) -> Memory:
    memory = Memory()
    memory.keep_in(sealed_rows_of(store), ring)
    return memory


async def fill(memory: Memory, owner: str, facts: int) -> None:
    """So many facts, and of the other tiers what a busy user has."""
    said = [Proposal("associative", each) for each in sentences(facts)]
    said += [Proposal("core", f"value {number}", key=f"key {number}") for number in range(10)]
    said += [Proposal("episodic", each, key=each) for each in sentences(200)]
    said += [Proposal("proactive", each) for each in sentences(50)]
    for start in range(0, len(said), 2_000):
        await memory.remember(owner, said[start : start + 2_000])


async def tell_recall(url: str, rounds: int) -> bool:
    """Of notebooks that the process has open, and of such that it opens first."""
    print(f"{'recall, in ms':34}{'median':>9}{'p99':>9}")
    return all([await _tell_recall(url, facts, rounds) for facts in FACTS])


async def _tell_recall(url: str, facts: int, rounds: int) -> bool:
    ring, asked = KeyRing([new_key()]), list(sentences(rounds))
    async with opened(url) as store:
        memory = memory_over(store, ring)
        await fill(memory, "ann", facts)

        async def warm(number: int) -> None:
            await memory.recall("ann", asked[number])

        async def cold(number: int) -> None:
            await memory_over(store, ring).recall("ann", asked[number])

        found = await _timed(warm, rounds)
        _line(f"{facts:,} facts, open", found, RECALL)
        _line(f"{facts:,} facts, to be opened", await _timed(cold, COLD), None)
    return _p99(found) <= RECALL


async def tell_unsealing(rounds: int) -> bool:
    """1,000 rows of one owner, their vectors and their texts."""
    seal = OwnerSeal("owner", secrets.token_bytes(32))
    texts = list(sentences(ROWS))
    vectors = await HashingEmbedder().embed(texts)
    rows = {
        entry.id: seal.seal(entry, Vector("hashing", vector.tobytes()))
        for entry, vector in zip(map(_entry, texts), vectors, strict=True)
    }

    async def open_vectors(_: int) -> None:
        notebook = Notebook(seal, b"")
        notebook.take(StoredRows(b"", 1, rows))
        notebook.near("associative", Vector("hashing", vectors[0].tobytes()), 8, 0.1)

    async def open_texts(_: int) -> None:
        for id_, body in rows.items():
            seal.entry(id_, body)

    print(f"{f'{ROWS:,} rows opened, in ms':34}{'median':>9}{'p99':>9}")
    found = [await _timed(each, max(COLD, rounds // 5)) for each in (open_vectors, open_texts)]
    for name, times in zip(("vectors, and the nearest", "texts"), found, strict=True):
        _line(name, times, UNSEAL, _median)
    return all(_median(times) <= UNSEAL for times in found)


async def tell_first_words(url: str, rounds: int) -> bool:
    """The same agent as it is and with a memory of 1,000 facts, in turns."""
    memory = Memory(quiet=3600)
    agents = {"plain": FunctionAgent(_speak), "with": with_memory(FunctionAgent(_speak), memory)}
    options = Options(keys=KeyRing([new_key()]))
    runtime = CopilotRuntime(agents, memory=memory, store=open_store(url), options=options)
    async with runtime.lifespan():
        await fill(memory, "ann", FACTS[0])
        asked, added = list(sentences(rounds + 20)), []
        for number, question in enumerate(asked):
            plain = await _first_word(runtime, "plain", number, question)
            added.append(await _first_word(runtime, "with", number, question) - plain)
    print(f"{'added to the first word, in ms':34}{'median':>9}{'p99':>9}")
    _line(f"{FACTS[0]:,} facts", added[20:], FIRST_WORD)  # the first are to warm up
    return _p99(added[20:]) <= FIRST_WORD


async def tell_rotation(url: str) -> bool:
    old, new = new_key(), new_key()
    async with opened(url) as store:
        memory = memory_over(store, KeyRing([old]))
        for number in range(OWNERS):
            await memory.remember(f"user {number}", [Proposal("core", "value", key="key")])
        begun = perf_counter()
        count = await memory_over(store, KeyRing([new, old])).rotate()
        spent = perf_counter() - begun
    print(f"{count - 1:,} owners' keys rotated in {spent:.2f} s")
    return True


async def _timed(step: Callable[[int], Awaitable[None]], rounds: int) -> list[float]:
    """Milliseconds of each round but the first, which warms up."""
    found = []
    for number in range(rounds):
        begun = perf_counter()
        await step(number)
        found.append((perf_counter() - begun) * 1e3)
    return found[1:]


async def _speak(request: RunAgentInput) -> AsyncGenerator[Event, None]:
    yield {"type": "TEXT_MESSAGE_START", "messageId": "m", "role": "assistant"}
    yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m", "delta": "Hello"}
    yield {"type": "TEXT_MESSAGE_END", "messageId": "m"}


async def _first_word(runtime: CopilotRuntime, agent: str, number: int, question: str) -> float:
    """Milliseconds from the start of a run to the first word of its agent."""
    sent = {
        **{"threadId": f"{agent}-{number}", "runId": f"run-{agent}-{number}", "state": {}},
        **{"tools": [], "context": [], "forwardedProps": {}},
        "messages": [{"id": "u", "role": "user", "content": question}],
    }
    asked = RunAgentInput.model_validate(sent)
    begun = perf_counter()
    handle = await runtime.start(RunRequest(asked, RunContext(Caller("ann"), "bench"), agent))
    spent = 0.0
    async with aclosing(handle.batches()) as batches:
        async for batch in batches:
            types = {record.event["type"] for record in batch.records}
            if "TEXT_MESSAGE_CONTENT" in types and not spent:
                spent = (perf_counter() - begun) * 1e3
    return spent


def _entry(text: str) -> Entry:
    id_ = f"associative.{secrets.token_hex(16)}"
    return Entry(id_, "associative", text, Origin("thread", "run", "message"), time(), time())


def _p99(found: Sequence[float]) -> float:
    return sorted(found)[int(len(found) * 0.99)]


def _median(found: Sequence[float]) -> float:
    return sorted(found)[len(found) // 2]


def _line(
    name: str,
    found: Sequence[float],
    goal: float | None,
    judged: Callable[[Sequence[float]], float] = _p99,
) -> None:
    text = f"{name:34}{_median(found):>9.2f}{_p99(found):>9.2f}"
    if goal is not None:
        text += f"  goal <= {goal:g}: {verdict(judged(found) <= goal)}"
    print(text, flush=True)
