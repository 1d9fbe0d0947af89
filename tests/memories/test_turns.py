"""Who has much to be looked at, or an extractor that takes long, is in nobody's way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import time

from agui_runtime.memories.entries import Proposal
from agui_runtime.memories.extractors.base import Conversation
from agui_runtime.memories.extractors.rules import RuleExtractor
from agui_runtime.memories.learner import LONGEST
from agui_runtime.memories.memory import Memory
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.page import Page
from tests.memories.test_learning import ANN, BOB, Gossip, until_learned


class Pensive(RuleExtractor):
    """Thinks about one thread until it is let go."""

    def __init__(self) -> None:
        self.called, self.go = asyncio.Event(), asyncio.Event()

    async def proposals(self, conversation: Conversation) -> Sequence[Proposal]:
        if conversation.thread_id == "t1":
            self.called.set()
            await self.go.wait()
        return await super().proposals(conversation)


async def test_others_are_learned_of_while_one_takes_long() -> None:
    memory = Memory(quiet=0, extractor=(extractor := Pensive()))
    async with (runtime := CopilotRuntime({"default": Gossip()}, memory=memory)).lifespan():
        await Page(runtime, "t1", ANN).say("Hello")
        await extractor.called.wait()
        await Page(runtime, "t2", BOB).say("Hello")
        await until_learned(memory, "bob", "episodic: Hello")
        extractor.go.set()
        await until_learned(memory, "ann", "episodic: Hello")


class Lengthy(RuleExtractor):
    """Takes all its time, and notes for how long nobody else comes when it begins."""

    def __init__(self) -> None:
        self.now = 0.0
        self.memory = Memory(quiet=300, extractor=self, clock=lambda: time() + self.now)
        self.spans: list[float] = []

    async def proposals(self, conversation: Conversation) -> Sequence[Proposal]:
        (appointment,) = await self.memory.backlog.agenda.all()
        self.spans.append(appointment.due_at - self.memory.now())
        self.now += LONGEST
        return await super().proposals(conversation)


async def test_no_thread_is_begun_that_another_process_could_begin_meanwhile() -> None:
    extractor, words = Lengthy(), [f"Hello {number}" for number in range(4)]
    memory = extractor.memory
    async with (runtime := CopilotRuntime({"default": Gossip()}, memory=memory)).lifespan():
        for thread in words:
            await Page(runtime, thread, ANN).say(thread)
        while len(await memory.backlog.of("ann")) < len(words):  # noqa: ASYNC110  # a task's
            await asyncio.sleep(0.001)
        extractor.now += 300
        memory.backlog.news.set()
        await until_learned(memory, "ann", *(f"episodic: {each}" for each in words))
    assert len(extractor.spans) == len(words)
    assert min(extractor.spans) >= LONGEST
