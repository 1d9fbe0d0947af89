"""How likely it is that a user takes up what is suggested."""

from __future__ import annotations

import pytest

from agui_runtime.memories.backlog import UserMessage
from agui_runtime.memories.entries import Proposal
from agui_runtime.memories.rules import PENDING
from agui_runtime.stores.memory import MemoryStore
from tests.memories.test_memory import memory_of


async def test_patterns_are_suggested_while_they_are_taken() -> None:
    now = 0.0
    memory = memory_of(MemoryStore(), clock=lambda: now)
    said = Proposal("proactive", "Asks for the sales of the week on Mondays")
    await memory.remember("ann", [said])
    (entry,) = (await memory.recall("ann", "hello")).patterns
    for _ in range(2):
        await memory.note_shown("ann", {entry.id: "Show me the sales", "proactive.gone": "x"})
        await memory.backlog.add("ann", "t", [UserMessage("default", "r", "m")], 0)
        (unread,) = await memory.backlog.of("ann")
        await memory.learn("ann", unread, (), [entry.id])
        now += PENDING
    assert (await memory.recall("ann", "hello")).patterns
    now += 60 * 86400.0
    assert not (await memory.recall("ann", "hello")).patterns
    await memory.remember("ann", [said])
    assert (await memory.recall("ann", "hello")).patterns
    for _ in range(3):
        for words in ("Show me the sales", "Show the sales"):  # the page asks again and again
            await memory.note_shown("ann", {entry.id: words})
        assert await memory.offered("ann") == {"Show the sales": entry.id}
        now += PENDING
    assert not (await memory.recall("ann", "hello")).patterns


@pytest.mark.parametrize("message", ["x" * 1025, "Pay with 4111 1111 1111 1111"])
async def test_what_may_not_be_remembered_is_not_remembered_as_a_suggestion(message: str) -> None:
    memory = memory_of(MemoryStore())
    (entry,) = await memory.remember("ann", [Proposal("proactive", "Pays the bills on Mondays")])
    await memory.note_shown("ann", {entry.id: message})
    assert await memory.offered("ann") == {}
    assert await memory.list("ann") == [entry]
