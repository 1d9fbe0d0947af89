"""What is known of a user is never learned once more from what repeats it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from agui_runtime.memories.entries import Entry
from agui_runtime.memories.memory import Memory
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wrappers import with_memory
from tests.connectors.page import Page, resume
from tests.memories.test_learning import until_learned
from tests.runtime.worlds import text
from tests.wrappers.test_memory import ANN

SAID = "I live in Lisbon."


class Parrot:
    """Says what it was told of the user, and once asks before it says anything."""

    name, description = "parrot", ""

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        if str(request.messages[-1].content).endswith("Ask me.") and not request.resume:
            ids = {"threadId": request.thread_id, "runId": request.run_id}
            asked = {"type": "interrupt", "interrupts": [{"id": "i1", "reason": "confirmation"}]}
            yield {"type": "RUN_FINISHED", **ids, "outcome": asked}
            return
        notes = [str(each.content) for each in request.messages if each.role == "system"]
        for event in text(f"{request.run_id}-answer", "\n".join([SAID, *notes])):
            yield event


async def facts(memory: Memory) -> list[tuple[str, int]]:
    found = await memory.list("ann", "associative")
    return [(each.text, each.times) for each in found if isinstance(each, Entry)]


async def settled(memory: Memory) -> None:
    """Nothing is to be looked at any more."""
    while await memory.backlog.of("ann"):  # noqa: ASYNC110  # another task's
        await asyncio.sleep(0.001)


async def test_repeats_of_any_kind_teach_nothing_new() -> None:
    memory = Memory(quiet=0)
    runtime = CopilotRuntime({"default": with_memory(Parrot(), memory)}, memory=memory)
    async with runtime.lifespan():
        page = Page(runtime, "t1", ANN)
        await page.say(SAID)
        await until_learned(memory, "ann", "associative: I live in Lisbon", f"episodic: {SAID}")
        page.messages = page.messages[:1]
        await page.go()  # the answer is made anew
        await settled(memory)
        assert await facts(memory) == [("I live in Lisbon", 1)]

        page = Page(runtime, "t2", ANN)
        answer = await page.say("Where do I live?")
        quoted = "".join(each.get("delta", "") for each in answer)
        assert "- I live in Lisbon" in quoted
        await page.say(f"You wrote:\n{quoted}")
        await settled(memory)
        assert {each for each, _ in await facts(memory)} == {"I live in Lisbon"}

        page = Page(runtime, "t3", ANN)
        asked = await page.say("I have a cat. Ask me.")
        await page.go(resume=resume(asked, True))
        await settled(memory)
        assert dict(await facts(memory))["I have a cat"] == 1
