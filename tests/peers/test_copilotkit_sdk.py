"""Remote endpoints served by two releases of CopilotKit's SDK, used through our runtime."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from agui_runtime.connectors.copilotkit import RemoteEndpoint
from agui_runtime.core.errors import AgentNotFound
from agui_runtime.core.events import RunContext
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.peers.talk import hear, tool, user
from tests.runtime.worlds import ANN, Scripted, call

HERE = RunContext(ANN, "req-1", properties={"p": 1})


@asynccontextmanager
async def runtime(url: str, *script: dict[str, object]) -> AsyncIterator[CopilotRuntime]:
    made = CopilotRuntime({"default": Scripted(*script)}, remotes=[RemoteEndpoint(url)])
    try:
        yield made
    finally:
        await made.close()


async def test_agents_are_listed(copilotkit_0_1_70: str, copilotkit_0_1_96: str) -> None:
    ours = {"default": "A script", "echo": "Says it again"}
    frameworks = {"graph": "A graph", "flow": "A flow"}
    for url, more in ((copilotkit_0_1_70, frameworks), (copilotkit_0_1_96, {})):
        async with runtime(url) as made:
            listed = {each.name: each.description for each in await made.discover(HERE)}
        assert listed == ours | more


async def test_actions_are_called(copilotkit: str) -> None:
    script = [
        *call("c1", "greet", '{"name": "Bob", "times": 2}'),
        *call("c2", "fail", "{}"),
        *call("c3", "greet", "{}"),
    ]
    async with runtime(copilotkit, *script) as made:
        told = await hear(made, user("hi"))
    answers = [each for each in told.events if each["type"] == "TOOL_CALL_RESULT"]
    results = {each["toolCallId"]: each["content"] for each in answers}
    assert results["c1"] == '["Hello Bob","Hello Bob"]'
    assert "cannot do that" in results["c2"]
    assert "HANDLER_ERROR" in results["c3"]


async def test_an_agent_of_ones_own_answers(copilotkit: str) -> None:
    async with runtime(copilotkit) as made:
        told = await hear(made, user("hi"), agent="echo", thread="e1", state={"mine": 1})
    assert told.answers == ["e1: hi "]
    assert told.kinds.count("TEXT_MESSAGE_CONTENT") == 2
    assert told.state == {"mine": 1, "seen": 1}
    assert told.end["type"] == "RUN_FINISHED"


async def test_an_agents_state_is_loaded(copilotkit: str) -> None:
    async with runtime(copilotkit) as made:
        found = await made.saved_states.load("any", "echo", ANN)
    assert found is not None
    assert found.state == {"k": 1}


async def test_an_agent_that_is_not_there_is_told(copilotkit: str) -> None:
    async with runtime(copilotkit) as made:
        with pytest.raises(AgentNotFound, match="'echo'"):
            await hear(made, user("hi"), agent="nobody")


async def test_a_graph_answers(copilotkit_0_1_70: str) -> None:
    async with runtime(copilotkit_0_1_70) as made:
        told = await hear(made, user("hi"), agent="graph", thread="g1")
        found = await made.saved_states.load("g1", "graph", ANN)
    assert told.answers == ["Hello world"]
    assert told.kinds.count("TEXT_MESSAGE_CONTENT") == 3
    assert told.state["steps"] == 1
    assert found is not None
    assert [it["content"] for it in found.messages] == ["hi", "Hello world"]


async def test_a_graph_calls_a_tool(copilotkit_0_1_70: str) -> None:
    async with runtime(copilotkit_0_1_70) as made:
        told = await hear(made, user("[tool]"), agent="graph", thread="g2")
    assert told.calls == [("greet", '{"name":"Bob"}')]


async def test_a_graph_asks_and_goes_on_with_the_answer(copilotkit_0_1_70: str) -> None:
    the_same = {"agent": "graph", "thread": "g3"}
    resume = {"command": {"resume": "yes"}}
    async with runtime(copilotkit_0_1_70) as made:
        asked = await hear(made, user("[ask]"), **the_same)
        answered = await hear(made, user("[ask]"), **the_same, forwardedProps=resume)
    questions = [it["value"] for it in asked.events if it["type"] == "CUSTOM"]
    assert questions == ["approve?"]
    assert answered.answers == ["You said yes"]


async def test_a_graph_that_fails_is_told(copilotkit_0_1_70: str) -> None:
    async with runtime(copilotkit_0_1_70) as made:
        told = await hear(made, user("[fail]"), agent="graph", thread="g4")
    assert told.end["message"] == "RuntimeError: the graph fell over"


async def test_a_flow_answers(copilotkit_0_1_70: str) -> None:
    async with runtime(copilotkit_0_1_70) as made:
        told = await hear(made, user("hi"), agent="flow", thread="f1")
    assert told.answers == ["You said: hi"]
    assert told.kinds.count("TEXT_MESSAGE_CONTENT") == 3
    assert told.end["type"] == "RUN_FINISHED"


async def test_a_flow_calls_a_tool_of_the_page_and_goes_on(copilotkit_0_1_70: str) -> None:
    the_same: dict[str, Any] = {"agent": "flow", "thread": "f2", "tools": [tool("show", "city")]}
    async with runtime(copilotkit_0_1_70) as made:
        told = await hear(made, user('[tool:show {"city":"Rome"}]'), **the_same)
        [call] = [it["toolCallId"] for it in told.events if it["type"] == "TOOL_CALL_START"]
        answer = {"id": "a1", "role": "tool", "toolCallId": call, "content": "shown"}
        gone_on = await hear(made, *told.messages, answer, **the_same)
    assert told.calls == [("show", '{"city":"Rome"}')]
    assert gone_on.answers[-1] == "Tool result: shown"
