"""What was noted in one process is learned by another, once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from time import time

from agui_runtime.core.events import ANONYMOUS
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.entries import Entry, Proposal
from agui_runtime.memories.extractors.base import Conversation
from agui_runtime.memories.extractors.rules import RuleExtractor
from agui_runtime.memories.learner import TAKEN
from agui_runtime.memories.memory import Memory
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.sql import SqliteStore
from tests.connectors.page import Page
from tests.faults.world import Replica
from tests.memories.test_learning import ANN, Gossip, until_learned
from tests.stores.databases import AnyStore, Place

LISBON = ("associative: I live in Lisbon", "episodic: I live in Lisbon.")


async def test_what_a_killed_server_noted_is_learned_once_by_another(
    tmp_path: Path,
) -> None:
    url, keys = f"sqlite:///{tmp_path}/threads.db", new_key()

    settings = {"AGUI_APP": "tests.memories.app", "AGUI_KEYS": keys, "QUIET": "1"}
    servers = [Replica(url, **settings) for _ in range(2)]
    try:
        await asyncio.gather(*(each.ready() for each in servers))
        memory, store = Memory(), SqliteStore(url)
        await store.open()
        memory.keep_in(store.sealed, KeyRing([keys]))
        await servers[0].run("I live in Lisbon.", "t1", "r1")
        while not await memory.backlog.of(ANONYMOUS.owner):  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.001)
        servers[0].process.kill()
        await until_learned(memory, ANONYMOUS.owner, *LISBON)
        assert await memory.backlog.of(ANONYMOUS.owner) == []
        found = await memory.list(ANONYMOUS.owner)
        assert [each.times for each in found if isinstance(each, Entry)] == [1, 1]
        await store.close()
    finally:
        await asyncio.gather(*(each.close() for each in servers))


class Held(RuleExtractor):
    """Finds something when it is let go."""

    def __init__(self) -> None:
        self.called, self.go = asyncio.Event(), asyncio.Event()

    async def proposals(self, conversation: Conversation) -> Sequence[Proposal]:
        self.called.set()
        await self.go.wait()
        return await super().proposals(conversation)


async def test_of_two_processes_that_look_at_the_same_words_one_learns(
    place: Place[AnyStore],
) -> None:
    now, options = 0.0, Options(keys=KeyRing([new_key()]))
    slow = Held()
    memories = [
        Memory(extractor=each, quiet=0, clock=lambda: time() + now) for each in (slow, None)
    ]
    one, other = [
        CopilotRuntime({"default": Gossip()}, store=place.store(), options=options, memory=memory)
        for memory in memories
    ]
    async with one.lifespan():
        await Page(one, "t1", ANN).say("I live in Lisbon.")
        await slow.called.wait()
        async with other.lifespan():
            now += TAKEN
            await until_learned(memories[1], "ann", *LISBON)
            slow.go.set()
            await Page(other, "t2", ANN).say("Hello")
            await until_learned(memories[0], "ann", *LISBON, "episodic: Hello")
        found = await memories[0].list("ann")
        assert [each.times for each in found if isinstance(each, Entry)] == [1, 1, 1]
        assert await memories[0].backlog.of("ann") == []
