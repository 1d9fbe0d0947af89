"""Functions that observe runs, under the names that the Node runtime gives them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import pytest

from agui_runtime.core.events import Event, RunInfo
from agui_runtime.hooks.callbacks import Callbacks, Turn
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.runtime.worlds import ANN, Scripted, Waiting, asking, kinds, ran, text, told

NAMES = ("on_before_request", "on_after_request", "on_error", "on_stop_generation")


class Log:
    """Writes down which callbacks were called, with what."""

    def __init__(self) -> None:
        self.turns: dict[str, Turn] = {}
        self.chunks: list[Event] = []

    def callbacks(self) -> Callbacks:
        written: dict[str, Callable[[Turn], None]] = {name: self.writer(name) for name in NAMES}
        return Callbacks(
            **written,
            on_request=self.async_writer("on_request"),
            on_response=self.async_writer("on_response"),
            on_response_chunk=self._chunk,
        )

    def writer(self, name: str) -> Callable[[Turn], None]:
        return lambda turn: self.turns.update({name: turn})

    def async_writer(self, name: str) -> Callable[[Turn], Awaitable[None]]:
        async def write(turn: Turn) -> None:
            self.turns[name] = turn

        return write

    def _chunk(self, run: RunInfo, event: Event) -> None:
        assert run.run_id
        self.chunks.append(event)


async def test_a_request_and_its_response_are_told_with_complete_messages() -> None:
    log = Log()
    usage = [{"model": "m", "inputTokens": 2, "outputTokens": 3}]
    end = {"type": "RUN_FINISHED", "threadId": "t1", "runId": "r1", "usage": usage}
    agent = Scripted(*text("m1", "Hello ", "you"), end)
    await ran(CopilotRuntime({"default": agent}, hooks=[log.callbacks()]), asking("hi", run="r1"))
    assert list(log.turns) == ["on_before_request", "on_request", "on_after_request", "on_response"]
    before, after = log.turns["on_before_request"], log.turns["on_after_request"]
    assert [m["content"] for m in before.input_messages] == ["hi"]
    assert before.output_messages == ()
    assert [m["content"] for m in after.output_messages] == ["Hello you"]
    assert after.run.status == "finished"
    assert after.seconds >= 0
    assert after.usage == usage
    assert after.context.caller is ANN


async def test_pieces_are_told_as_they_come() -> None:
    log = Log()
    agent = Scripted(*text("m1", "Hello ", "you"))
    await ran(CopilotRuntime({"default": agent}, hooks=[log.callbacks()]), asking())
    assert [chunk["delta"] for chunk in log.chunks] == ["Hello ", "you"]


async def test_a_failed_run_is_told_as_an_error_and_as_nothing_else() -> None:
    log = Log()
    agent = Scripted(
        *text("m1", "half"), {"type": "RUN_ERROR", "message": "broken", "code": "BOOM"}
    )
    await ran(CopilotRuntime({"default": agent}, hooks=[log.callbacks()]), asking())
    assert list(log.turns) == ["on_before_request", "on_request", "on_error"]
    failure = log.turns["on_error"].error
    assert failure is not None
    assert (failure.code, failure.message) == ("BOOM", "broken")
    assert [m["content"] for m in log.turns["on_error"].output_messages] == ["half"]


async def test_a_stopped_run_is_told_as_stopped() -> None:
    log = Log()
    agent = Waiting()
    runtime = CopilotRuntime({"default": agent}, hooks=[log.callbacks()])
    handle = await runtime.start(asking())
    await runtime.stop("t1", ANN)
    await told(handle)
    await runtime.close()
    assert list(log.turns) == ["on_before_request", "on_request", "on_stop_generation"]
    assert log.turns["on_stop_generation"].run.status == "stopped"


async def test_a_callback_cannot_veto_or_change_a_run(caplog: pytest.LogCaptureFixture) -> None:
    def meddle(turn: Turn) -> None:
        turn.request.messages.clear()
        raise RuntimeError("no!")

    log = Log()
    agent = Scripted(*text("m1", "Hello"))
    hooks = [Callbacks(on_before_request=meddle, on_request=log.writer("on_request"))]
    with caplog.at_level(logging.ERROR):
        events = await ran(CopilotRuntime({"default": agent}, hooks=hooks), asking("hi"))
    assert kinds(events)[-1] == "RUN_FINISHED"
    assert [m.content for m in agent.asked[0].messages] == ["hi"]
    assert "on_request" in log.turns
    assert "no!" in caplog.text
