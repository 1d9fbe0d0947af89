"""What a run held is freed when it has ended, and not when the garbage collector comes: that looks
at old objects so seldom that a busy server would hold many thousand ended runs.
"""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.core.events import Event
from agui_runtime.runs import bursts
from agui_runtime.stores.base import Store
from bench.soak import KINDS, Soak
from bench.soak_app import add, asking, calling, failing, talking, waiting
from tests.runtime.worlds import asking as asked, text, told
from tests.support import client_of

AGENTS = {
    "default": talking,
    "calling": calling,
    "asking": asking,
    "failing": failing,
    "waiting": waiting,
}


OURS = ("agui_runtime.", "graphql.", "pydantic.")
"""Where the kinds of objects are at home that a run is made of."""


@contextmanager
def found_by_the_collector() -> Iterator[Counter[str]]:
    """At the end of the block the kinds of objects that only the collector found, of those that
    have to do with runs.
    """
    found = Counter[str]()
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        kinds = (f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.garbage)
        found.update(each for each in kinds if each.startswith(OURS))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


async def test_an_ended_run_leaves_nothing_to_the_garbage_collector(each_store: Store) -> None:
    runtime = CopilotRuntime(agents=AGENTS, actions=[add], store=each_store)
    async with client_of(create_app(runtime)) as client:
        soak = Soak(client, "", lambda: 0)
        for number in range(2):  # the first round makes what stays
            with found_by_the_collector() as found:
                for kind, run in KINDS.items():
                    await run(soak, f"thread-{number}", f"{kind}-{number}")
    assert found == Counter()


async def test_nor_does_one_that_is_stopped_where_its_agent_only_gives_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def endless(request: RunAgentInput) -> AsyncIterator[Event]:
        start, word, _ = text("m1", "word")
        yield start
        while True:
            for _ in range(3):
                yield word
                await asyncio.sleep(0)
            goes_on.set()

    monkeypatch.setattr(bursts, "LINGER", 60.0)
    goes_on = asyncio.Event()
    runtime = CopilotRuntime({"default": endless})
    with found_by_the_collector() as found:
        handle = await runtime.start(asked())
        await goes_on.wait()
        await handle.stop()
        await told(handle)
    assert found == Counter()
