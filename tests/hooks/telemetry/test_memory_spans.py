"""What a run does with the memory of its user, as spans and as numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.hooks.telemetry.metrics import Metrics
from agui_runtime.hooks.telemetry.spans import Spans
from agui_runtime.memories.entries import Proposal
from agui_runtime.memories.memory import Memory
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.wrappers import with_memory
from tests.connectors.page import Page
from tests.hooks.telemetry.test_metrics import scraped
from tests.hooks.telemetry.test_spans import Trace
from tests.runtime.worlds import text
from tests.wrappers.test_memory import ANN, DOG, NAME

QUESTION = "Is my dog called Bello?"


class Diligent:
    """Writes, corrects and deletes something of whoever asks."""

    name, description = "diligent", ""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        (entry, _) = await self._memory.remember("ann", [NAME, Proposal("core", "de", key="lang")])
        await self._memory.correct("ann", entry.id, "Anna")
        await self._memory.delete("ann", entry.id)
        await self._memory.delete_thread("ann", "t9")
        await self._memory.forget("ann")
        for event in text(f"{request.run_id}-answer", "fine"):
            yield event


@pytest.fixture
def recorded() -> Iterator[Trace]:
    trace = Trace()
    yield trace
    trace.provider.shutdown()


async def spans_of(recorded: Trace, *, capture: bool) -> dict[str, list[dict[str, Any]]]:
    """Of one run, by their names."""
    memory = Memory()
    hooks = [Spans(recorded.provider, capture=capture)]
    agents = {"default": with_memory(Diligent(memory), memory, budget=10)}
    runtime = CopilotRuntime(agents, hooks=hooks, memory=memory)
    async with runtime.lifespan():
        await memory.remember("ann", [DOG, NAME])
        await Page(runtime, "t1", ANN).say(QUESTION)
    found: dict[str, list[dict[str, Any]]] = {}
    for span in recorded.spans:
        found.setdefault(span.name, []).append(dict(span.attributes or {}))
    return found


async def test_what_is_done_with_a_memory_is_a_span_without_its_contents(recorded: Trace) -> None:
    found = await spans_of(recorded, capture=False)
    counts = "gen_ai.memory.record.count"
    assert found["search_memory"] == [{"gen_ai.operation.name": "search_memory", counts: 2}]
    assert [each[counts] for each in found["upsert_memory"]] == [2]
    (corrected,) = found["update_memory"]
    assert corrected["gen_ai.memory.record.id"].startswith("core.")
    assert [each.get(counts) for each in found["delete_memory"]] == [1, 0, None]
    assert "Bello" not in str(found)
    runs = {span.name: span.context.span_id for span in recorded.spans if span.context}
    (search,) = [span for span in recorded.spans if span.name == "search_memory"]
    assert search.parent is not None
    assert search.parent.span_id == runs["invoke_agent default"]


async def test_contents_are_in_it_where_they_are_wanted(recorded: Trace) -> None:
    (search,) = (await spans_of(recorded, capture=True))["search_memory"]
    assert search["gen_ai.memory.query.text"] == QUESTION
    assert "Her dog is called Bello" in search["gen_ai.memory.records"]


async def test_a_search_that_finds_no_key_is_counted_as_failed() -> None:
    store, metrics = MemoryStore(), Metrics()
    for key in (new_key(), new_key()):
        memory, options = Memory(), Options(keys=KeyRing([key]))
        agents = {"default": with_memory(Diligent(memory), memory, budget=10)}
        runtime = CopilotRuntime(
            agents, store=store, hooks=[metrics], memory=memory, options=options
        )
        async with runtime.lifespan():
            await Page(runtime, f"t-{key[:6]}", ANN).say(QUESTION)
    found = scraped(metrics)
    assert found["agui_memory_seconds_count{operation=search_memory,status=failed}"] == 1
    assert found["agui_memory_seconds_count{operation=search_memory,status=ok}"] == 1
    assert found["agui_memory_entries_total{operation=upsert_memory}"] == 2
