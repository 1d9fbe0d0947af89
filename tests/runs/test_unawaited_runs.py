"""Runs whose beginning nobody waits for."""

from __future__ import annotations

from agui_runtime import CopilotRuntime
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
