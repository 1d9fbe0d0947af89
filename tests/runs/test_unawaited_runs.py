"""Runs whose beginning nobody waits for."""

from __future__ import annotations

import asyncio

from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime
from agui_runtime.core.events import RunContext, RunInfo
from agui_runtime.hooks.hook import Hook
from tests.runtime.worlds import CANCELLED, Scripted, asking, kinds, text, told


async def test_one_that_is_stopped_before_its_task_has_a_turn_ends() -> None:
    agent = Scripted(*text("m1", "never"))
    runtime = CopilotRuntime({"default": agent})
    handle = await runtime.start(asking(), begun=False)
    await handle.stop()
    events = await told(handle)
    assert kinds(events) == ["RUN_STARTED", "RUN_FINISHED"]
    assert events[-1].items() >= CANCELLED.items()
    assert agent.asked == []


async def test_one_that_is_stopped_before_its_task_has_a_turn_waits_for_no_hook() -> None:
    class Waiting(Hook):
        async def before_run(
            self, run: RunInfo, request: RunAgentInput, context: RunContext
        ) -> None:
            await asyncio.Event().wait()

    runtime = CopilotRuntime({"default": Scripted()}, hooks=[Waiting()])
    handle = await runtime.start(asking(), begun=False)
    await handle.stop()
    assert (await told(handle))[-1].items() >= CANCELLED.items()
