"""What is remembered of a conversation once it is quiet: of users' own words, and of no others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from time import time
from typing import TypeAlias

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.events import ANONYMOUS, Caller, Event
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.backlog import MOST, UserMessage
from agui_runtime.memories.embedders.base import Vectors
from agui_runtime.memories.embedders.hashing import HashingEmbedder
from agui_runtime.memories.entries import Entry, Proposal
from agui_runtime.memories.extractors.base import Conversation
from agui_runtime.memories.extractors.rules import RuleExtractor
from agui_runtime.memories.learner import AGAIN, BEGINNING
from agui_runtime.memories.memory import Memory
from agui_runtime.queues.here import HereQueue
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.sealed_rows import Known
from agui_runtime.wrappers import with_memory
from tests.connectors.page import Page
from tests.connectors.talk import user
from tests.memories.test_memory import rows_of
from tests.runtime.test_workers import at_work
from tests.runtime.worlds import Panic, text as message
from tests.wrappers.test_memory import recalled

World: TypeAlias = Callable[[Memory], CopilotRuntime]

ANN, BOB = Caller("ann"), Caller("bob")


class Gossip:
    """Says of the user what was never said."""

    name, description = "gossip", ""

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        for event in message(f"{request.run_id}-answer", "My name is Eve. I live in Rome."):
            yield event


async def learned(memory: Memory, owner: str) -> list[str]:
    found = await memory.list(owner)
    return sorted(f"{each.tier}: {each.text}" for each in found if isinstance(each, Entry))


async def until_learned(memory: Memory, owner: str, *texts: str) -> None:
    """Return when that is all that is known of the owner."""
    async with asyncio.timeout(20):
        while await learned(memory, owner) != sorted(texts):  # noqa: ASYNC110  # another task's
            await asyncio.sleep(0.001)


@pytest.fixture
def world() -> Callable[[Memory], CopilotRuntime]:
    """A runtime with the memory, over the same store each time."""
    store, options = MemoryStore(), Options(keys=KeyRing([new_key()]))

    def made(memory: Memory) -> CopilotRuntime:
        agents = {"default": with_memory(Gossip(), memory)}
        return CopilotRuntime(agents, store=store, options=options, memory=memory)

    return made


async def test_what_a_user_said_is_known_afterwards(world: World) -> None:
    memory = Memory(quiet=0)
    async with (runtime := world(memory)).lifespan():
        page = Page(runtime, "t1", ANN)
        await page.say("My name is Ann.")
        await page.say("I live in Lisbon.")
        await Page(runtime, "t2", BOB).say("I live in Bern.")
        lisbon = "associative: I live in Lisbon"
        await until_learned(memory, "ann", lisbon, "core: Ann", "episodic: My name is Ann.")
        bern = "associative: I live in Bern"
        await until_learned(memory, "bob", bern, "episodic: I live in Bern.")
    (entry,) = [each for each in await memory.list("ann", "core") if isinstance(each, Entry)]
    assert (entry.origin.thread_id, entry.origin.run_id) == ("t1", "t1-r1")


async def test_what_was_recalled_is_not_learned_again(world: World) -> None:
    memory = Memory(quiet=0)
    known = ["associative: I live in Lisbon"]
    async with (runtime := world(memory)).lifespan():
        for number, words in enumerate(("I live in Lisbon.", "Where do I live?", "And where?")):
            events = await Page(runtime, f"t{number}", ANN).say(words)
            assert bool(recalled(events)) == (number > 0)
            known.append(f"episodic: {words}")
            await until_learned(memory, "ann", *known)
    (fact,) = [each for each in await memory.list("ann", "associative") if isinstance(each, Entry)]
    assert fact.times == 1


async def test_a_suggestion_that_is_sent_is_accepted_and_no_word_of_the_user(world: World) -> None:
    memory = Memory(quiet=0)
    async with (runtime := world(memory)).lifespan():
        (pattern,) = await memory.remember("ann", [Proposal("proactive", "Tells where she lives")])
        await memory.note_shown("ann", {pattern.id: "I live in  Rome."})
        await Page(runtime, "t1", ANN).say("I live in Rome. ")
        await Page(runtime, "t2", ANN).say("Hello")
        known = ["episodic: Hello", "proactive: Tells where she lives"]
        await until_learned(memory, "ann", *known)
        (pattern,) = (await memory.recall("ann", "")).patterns
        assert (pattern.shown, pattern.accepted, pattern.offered) == (1, 1, "")
        await Page(runtime, "t3", ANN).say("I live in Rome. ")
        known += ["episodic: I live in Rome.", "associative: I live in Rome"]
        await until_learned(memory, "ann", *known)


async def test_what_the_user_took_back_is_not_learned(world: World) -> None:
    now = 0.0
    memory = Memory(quiet=1, clock=lambda: time() + now)
    async with (runtime := world(memory)).lifespan():
        page = Page(runtime, "t1", ANN)
        await page.say("I live in Lisbon.")
        page.messages = []
        page.thread = "t1"
        await page.say("I live in Porto.")
        await Page(runtime, "t2", ANN).say("I live in Bern.")
        await runtime.threads.delete("t2", ANN)
        now = 1
        memory.backlog.news.set()
        porto = "associative: I live in Porto"
        await until_learned(memory, "ann", porto, "episodic: I live in Porto.")


async def test_a_note_that_does_not_open_costs_itself_alone(world: World) -> None:
    memory = Memory(quiet=0)
    async with (runtime := world(memory)).lifespan():
        rows = rows_of(runtime.store)
        await memory.backlog.add("bob", "t2", [UserMessage("default", "r1", "u1")], 60)
        async with aclosing(rows.owners()) as names:
            for name in [each async for each in names]:
                found = await rows.read(name)
                if found.key is not None:
                    spoilt = dict.fromkeys(found.rows, bytes(64))
                    await rows.write(name, Known(found.key, found.version), spoilt)
        assert not [*await memory.backlog.of("bob"), *await memory.backlog.agenda.all()]
        await Page(runtime, "t1", ANN).say("Hello")
        await until_learned(memory, "ann", "episodic: Hello")
        assert await memory.delete_thread("bob", "t2") == 0
        await Page(runtime, "t2", BOB).say("Hello")
        await until_learned(memory, "bob", "episodic: Hello")


async def test_what_threads_begin_with_again_and_again_is_a_pattern(world: World) -> None:
    memory = Memory(quiet=0)
    known: list[str] = []
    async with (runtime := world(memory)).lifespan():
        for number, words in enumerate(("Show me the sales of last week.", "Good morning!") * 3):
            await Page(runtime, f"t{number}", ANN).say(words)
            known += [f"episodic: {words}"]
            known += ["proactive: Show me the sales of last week."] if number == 4 else []
            await until_learned(memory, "ann", *known)
        (pattern,) = (await memory.recall("ann", "")).patterns
    assert (pattern.origin.thread_id, pattern.origin.message_id) == ("t4", "t4-u0")


async def test_a_run_on_a_worker_is_learned_from() -> None:
    memory, options = Memory(quiet=0), Options(run_in=HereQueue())
    runtime = CopilotRuntime({"default": Gossip()}, memory=memory, options=options)
    async with runtime.lifespan(), at_work(runtime):
        await Page(runtime, "t1", ANN).say("Hello")
        await until_learned(memory, "ann", "episodic: Hello")


class Attentive(RuleExtractor):
    """Knows what it was given."""

    def __init__(self) -> None:
        self.given: list[Conversation] = []

    async def proposals(self, conversation: Conversation) -> Sequence[Proposal]:
        self.given.append(conversation)
        return await super().proposals(conversation)


async def test_what_a_user_sends_is_looked_at_within_bounds(world: World) -> None:
    memory = Memory(quiet=0, extractor=(extractor := Attentive()))
    async with (runtime := world(memory)).lifespan():
        page = Page(runtime, "t1", ANN)
        page.messages = [user("I live in Oslo.", id_="x" * 2000)]
        page.messages += [user("Hello", id_=f"u{number}") for number in range(MOST)]
        await page.say("I live in Rome. " + "Hi. " * BEGINNING)
        await until_learned(memory, "ann", "associative: I live in Rome")
    (given,) = extractor.given
    assert (len(given.utterances), len(given.utterances[-1].text)) == (MOST, BEGINNING)


async def test_runs_without_a_trace_and_unknown_callers_teach_nothing(world: World) -> None:
    memory = Memory(quiet=0)
    async with (runtime := world(memory)).lifespan():
        await Page(runtime, "t1", ANN).say("My name is Ann.", ephemeral=True)
        await Page(runtime, "t2", ANONYMOUS).say("My name is Bob.")
        await Page(runtime, "t3", ANN).say("Hello")
        await until_learned(memory, "ann", "episodic: Hello")
    assert await learned(memory, ANONYMOUS.owner) == []


class Broken(RuleExtractor):
    """Fails so many times."""

    def __init__(self, failures: int, how: BaseException) -> None:
        self.failures = failures
        self.how = how

    async def proposals(self, conversation: Conversation) -> Sequence[Proposal]:
        self.failures -= 1
        if self.failures >= 0:
            raise self.how
        return await super().proposals(conversation)


class Faint(HashingEmbedder):
    """The same."""

    def __init__(self, failures: int) -> None:
        self.failures = failures

    async def embed(self, texts: Sequence[str]) -> Vectors:
        self.failures -= 1
        if self.failures >= 0:
            raise ZeroDivisionError
        return await super().embed(texts)


@pytest.mark.parametrize("failures", [1, 2])
@pytest.mark.parametrize("how", [ZeroDivisionError(), Panic(), asyncio.CancelledError(), None])
async def test_what_fails_is_tried_once_more(
    world: World, caplog: pytest.LogCaptureFixture, how: BaseException | None, failures: int
) -> None:
    now = 0.0
    broken = Broken(failures, how) if how is not None else None
    faint = Faint(failures) if how is None else None
    memory = Memory(faint, extractor=broken, quiet=0, clock=lambda: time() + now)
    async with (runtime := world(memory)).lifespan():
        assert (await Page(runtime, "t1", ANN).say("Hi"))[-1]["type"] == "RUN_FINISHED"
        while "nothing is learned of a thread yet" not in caplog.text:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        now += AGAIN
        memory.backlog.news.set()
        if failures == 1:
            await until_learned(memory, "ann", "episodic: Hi")
        else:
            await Page(runtime, "t2", ANN).say("Hello")
            await until_learned(memory, "ann", "episodic: Hello")
            assert ", again" in caplog.text
    assert await memory.backlog.of("ann") == []


async def test_what_may_not_be_remembered_costs_itself_alone(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    memory = Memory(quiet=0)
    secret = "Remember that my key is sk-abcdefgh12345678. I live in Rome."
    async with (runtime := world(memory)).lifespan():
        await Page(runtime, "t2", ANN).say(secret)
        await until_learned(memory, "ann", "associative: I live in Rome")
        while "looks like a secret" not in caplog.text:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    assert "sk-abcdefgh12345678" not in caplog.text
