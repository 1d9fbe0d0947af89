"""A runtime in one event loop after another, as test clients of frameworks open an app."""

from __future__ import annotations

import asyncio
from pathlib import Path

from agui_runtime import CopilotRuntime
from tests.runtime.worlds import Scripted, asking, kinds, ran, text


def test_a_runtime_that_is_opened_again_serves_in_another_event_loop(tmp_path: Path) -> None:
    agents = {"default": Scripted(*text("m1", "hi"))}
    runtime = CopilotRuntime(agents, store=f"sqlite:///{tmp_path / 'threads.db'}")

    async def ends() -> set[str]:
        async with runtime.lifespan():
            found = []
            for number in range(4):  # one ends while the next ones begin
                requests = [asking(f"{number}", thread=f"t{each}") for each in range(8)]
                found += await asyncio.gather(*(ran(runtime, each) for each in requests))
            return {kinds(events)[-1] for events in found}

    assert [asyncio.run(ends()) for _ in range(2)] == [{"RUN_FINISHED"}] * 2
