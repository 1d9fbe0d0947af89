"""Hooks beside a run: what they see, and what becomes of what they do."""

from __future__ import annotations

import asyncio

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime
from agui_runtime.core.events import Event, RunInfo
from agui_runtime.hooks.hook import Hook, RunReport
from tests.runtime.worlds import ANN, Scripted, asking, kinds, ran, text


async def test_hooks_see_the_run_and_cannot_break_it() -> None:
    seen: list[str] = []

    class Broken(Hook):
        async def before_run(self, run: RunInfo, request: RunAgentInput, context: object) -> None:
            raise RuntimeError("before")

        def on_event(self, run: RunInfo, event: Event) -> None:
            raise RuntimeError("event")

        async def after_run(self, report: RunReport) -> None:
            raise RuntimeError("after")

    class Watching(Hook):
        def on_event(self, run: RunInfo, event: Event) -> None:
            seen.append(event["type"])

        async def after_run(self, report: RunReport) -> None:
            seen.append(report.messages[0]["content"])
            done.set()

    done = asyncio.Event()
    agent = Scripted(*text("m1", "Hel", "lo"))
    runtime = CopilotRuntime({"default": agent}, hooks=[Broken(), Watching()])
    events = await ran(runtime, asking())
    await done.wait()
    assert kinds(events)[-1] == "RUN_FINISHED"
    assert seen[-1] == "Hello"
    assert seen[:-1] == kinds(events)[1:]


@pytest.mark.parametrize("words", [2, 20])
async def test_what_a_hook_changes_in_an_event_is_changed_in_the_threads_messages_too(
    words: int,
) -> None:
    class Redacting(Hook):
        def on_event(self, run: RunInfo, event: Event) -> None:
            if "delta" in event:
                event["delta"] = event["delta"].replace("secret", "...")

    agent = Scripted(*text("m1", *["secret "] * words))
    runtime = CopilotRuntime({"default": agent}, hooks=[Redacting()])
    events = await ran(runtime, asking())
    assert [each["delta"] for each in events if "delta" in each] == ["... "] * words
    saved = await runtime.saved_states.load("t1", "default", ANN)
    assert saved is not None
    assert saved.messages[-1]["content"] == "... " * words
