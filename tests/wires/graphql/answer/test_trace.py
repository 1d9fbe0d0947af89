"""The operation log: which operation took how long for what, under the request's id."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.graphql.answer.trace import Trace
from tests.wires.graphql.runs import FINISHED
from tests.wires.graphql.serving import ask, serving

SAVE = """mutation keep($data: SaveAgentStateInput!) { saveAgentState(data: $data) { version } }"""


def test_time_is_added_up_by_phase() -> None:
    trace = Trace("r-1", "query", "look", {"parse": 0.5})
    for _ in range(2):
        trace.add("execute", 0.25)
    assert trace.phases == {"parse": 0.5, "execute": 0.5}
    assert str(trace) == "request r-1 query look"


async def test_an_operation_is_logged_with_its_phases_and_a_remembered_text_without_two(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "agui_runtime.operations")
    async with serving(CopilotRuntime(agents={})) as client:
        for number in (1, 2):
            await ask(client, "query look { hello }", x_request_id=f"r-{number}")
    first, second = [each.message for each in caplog.records if "look" in each.message]
    assert first.startswith("request r-1 query look: took parse ")
    assert ", validate " in first
    assert second.startswith("request r-2 query look: took execute ")


async def test_a_save_is_noted_under_its_request(caplog: pytest.LogCaptureFixture) -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        yield FINISHED

    caplog.set_level(logging.INFO, "agui_runtime.operations")
    asked = {"data": {"threadId": "t", "agentName": "default", "state": "{}"}}
    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        await ask(client, SAVE, asked, x_request_id="r-7")
    [line] = [each.message for each in caplog.records if each.levelno == logging.INFO]
    assert line == "request r-7 mutation keep: saved version 1 of default"
