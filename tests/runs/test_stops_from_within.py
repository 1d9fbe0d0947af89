"""Runs that are stopped by their own agents and hooks, whose task then cancels itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime
from agui_runtime.core.events import Event, RunContext, RunInfo
from agui_runtime.hooks.hook import Hook, RunReport
from tests.runtime.worlds import CANCELLED, Scripted, asking, text, told


class Watching(Hook):
    """Takes its time at the end."""

    def __init__(self) -> None:
        self.ends: list[str] = []

    async def after_run(self, report: RunReport) -> None:
        await asyncio.sleep(0)
        self.ends.append(report.run.status)


async def test_an_agent_may_stop_its_run_as_the_last_that_it_does() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        for event in text("m1", "word"):
            yield event
        await runtime.store.log.ask_stop("t1")

    hook = Watching()
    runtime = CopilotRuntime({"default": agent}, hooks=[hook])
    handle = await runtime.start(asking())
    assert (await told(handle))[-1].items() >= CANCELLED.items()
    assert handle.ended is not None
    await handle.ended
    assert hook.ends == ["stopped"]


@pytest.mark.parametrize("begun", [True, False])
async def test_a_hook_may_stop_the_run_before_its_agent_is_called(*, begun: bool) -> None:
    class Stopping(Watching):
        async def before_run(
            self, run: RunInfo, request: RunAgentInput, context: RunContext
        ) -> None:
            await runtime.store.log.ask_stop(run.thread_id)

    agent, hook = Scripted(*text("m1", "never")), Stopping()
    runtime = CopilotRuntime({"default": agent}, hooks=[hook])
    handle = await runtime.start(asking(), begun=begun)
    assert (await told(handle))[-1].items() >= CANCELLED.items()
    assert handle.ended is not None
    await handle.ended
    assert (hook.ends, agent.asked) == (["stopped"], [])


async def test_an_agent_that_cancels_itself_when_it_is_done_has_ended_well() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        for event in text("m1", "word"):
            yield event
        task = asyncio.current_task()
        assert task is not None
        task.cancel()

    hook = Watching()
    handle = await CopilotRuntime({"default": agent}, hooks=[hook]).start(asking())
    assert (await told(handle))[-1]["type"] == "RUN_FINISHED"
    assert handle.ended is not None
    await handle.ended
    assert hook.ends == ["finished"]
