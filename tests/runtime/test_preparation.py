"""What agents load before their first run is loaded when the runtime opens, and waited for by
nobody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime
from agui_runtime.off_loop import beside
from agui_runtime.wrappers import limited, with_fallback
from tests.runtime.worlds import asking, ran


class Heavy:
    """Stands for an agent whose library takes long to import."""

    name, description = "heavy", ""

    def __init__(self, error: Exception | None = None) -> None:
        self.begun, self.may_end, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._error = error

    async def prepare(self) -> None:
        self.begun.set()
        try:
            await self.may_end.wait()
            if self._error:
                raise self._error
        finally:
            self.ended.set()

    async def run(self, request: RunAgentInput) -> AsyncIterator[str]:
        yield "Hello"


async def test_a_runtime_is_open_and_answers_while_its_agents_prepare() -> None:
    heavy = Heavy()
    runtime = CopilotRuntime({"default": heavy})
    async with runtime.lifespan():
        await heavy.begun.wait()
        events = await ran(runtime, asking())
        assert events[-1]["type"] == "RUN_FINISHED"
        assert not heavy.ended.is_set()
    assert heavy.ended.is_set()


async def test_agents_are_prepared_through_whatever_they_are_wrapped_in() -> None:
    first, second = Heavy(), Heavy()
    first.may_end.set()
    runtime = CopilotRuntime({"default": limited(with_fallback(first, second), 2)})
    async with runtime.lifespan():
        await second.begun.wait()
        assert first.ended.is_set()


async def test_one_that_cannot_prepare_is_a_line_in_the_log_and_stops_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken, heavy = Heavy(OSError("no such file")), Heavy()
    broken.may_end.set()
    async with CopilotRuntime({"broken": broken, "default": heavy}).lifespan():
        await heavy.begun.wait()
    [line] = [each.getMessage() for each in caplog.records if "prepared" in each.getMessage()]
    assert line == "agent 'broken' is not prepared for its first run: OSError('no such file')"


async def test_work_beside_the_loop_returns_raises_and_is_given_up() -> None:
    assert await beside(lambda: threading.current_thread().daemon)
    with pytest.raises(ZeroDivisionError):
        await beside(lambda: 1 / 0)
    ends = threading.Event()
    waits = asyncio.create_task(beside(ends.wait))
    await asyncio.sleep(0)
    waits.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waits
    ends.set()
    assert await beside(lambda: "later") == "later"
