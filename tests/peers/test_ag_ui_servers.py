"""Agents behind the AG-UI servers of other frameworks, asked through our runtime."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from agui_runtime.connectors.agui import AGUIAgent
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.peers.talk import hear, tool, user

SHOW = tool("show", "city")


@asynccontextmanager
async def runtime(url: str) -> AsyncIterator[CopilotRuntime]:
    made = CopilotRuntime({"default": AGUIAgent(url)})
    try:
        yield made
    finally:
        await made.close()


def thread() -> str:
    """A thread that the server, which lives as long as the session, has not seen."""
    return str(uuid4())


async def test_pydantic_ai_thinks_and_speaks(pydantic_ai: str) -> None:
    async with runtime(pydantic_ai) as made:
        told = await hear(made, user("hi"))
    assert told.thoughts == ["Let me think"]
    assert told.answers == ["Hello world"]
    assert told.kinds.count("TEXT_MESSAGE_CONTENT") == 2
    assert told.end["type"] == "RUN_FINISHED"


async def test_pydantic_ai_calls_a_tool_of_its_own(pydantic_ai: str) -> None:
    async with runtime(pydantic_ai) as made:
        told = await hear(made, user("[tool:weather]"))
    assert told.calls == [("weather", '{"city":"Rome"}')]
    assert told.results == ["sunny in Rome"]
    assert told.answers == ["It returned sunny in Rome"]


async def test_pydantic_ai_calls_a_tool_of_the_page_and_goes_on(pydantic_ai: str) -> None:
    async with runtime(pydantic_ai) as made:
        told = await hear(made, user("[tool:show]"), tools=[SHOW])
        answer = {"id": "a1", "role": "tool", "toolCallId": "call-1", "content": "shown"}
        said = [message for message in told.messages if message["role"] != "reasoning"]
        gone_on = await hear(made, *said, answer, tools=[SHOW])
    assert told.calls == [("show", '{"city":"Rome"}')]
    assert told.results == []
    assert told.end["outcome"] == {"type": "success", "pendingToolCallIds": ["call-1"]}
    assert gone_on.answers == ["It returned shown"]


async def test_pydantic_ai_fails(pydantic_ai: str) -> None:
    async with runtime(pydantic_ai) as made:
        told = await hear(made, user("[fail]"))
    assert told.end["message"] == "the model fell over"


async def test_langgraph_speaks_and_tells_its_state(ag_ui_langgraph: str) -> None:
    async with runtime(ag_ui_langgraph) as made:
        told = await hear(made, user("hi"), thread=thread())
    assert told.answers == ["Hello world"]
    assert told.kinds.count("TEXT_MESSAGE_CONTENT") == 3
    assert "RAW" not in told.kinds
    assert told.state["steps"] == 1
    assert told.end["type"] == "RUN_FINISHED"


async def test_langgraph_calls_a_tool_of_the_page(ag_ui_langgraph: str) -> None:
    async with runtime(ag_ui_langgraph) as made:
        told = await hear(made, user("[tool]"), tools=[tool("greet", "name")], thread=thread())
    assert told.calls == [("greet", '{"name":"Bob"}')]
    assert told.end["type"] == "RUN_FINISHED"


async def test_langgraph_asks_and_goes_on_with_the_answer(ag_ui_langgraph: str) -> None:
    same = thread()
    resume = {"command": {"resume": "yes"}}
    async with runtime(ag_ui_langgraph) as made:
        asked = await hear(made, user("[ask]"), thread=same)
        answered = await hear(made, user("[ask]"), thread=same, forwardedProps=resume)
    questions = [it["value"] for it in asked.events if it["type"] == "CUSTOM"]
    assert questions == ["approve?"]
    assert answered.answers == ["You said yes"]


async def test_langgraph_fails_in_the_middle_of_a_step(ag_ui_langgraph: str) -> None:
    async with runtime(ag_ui_langgraph) as made:
        told = await hear(made, user("[fail]"), thread=thread())
    assert told.end["message"] == "the graph fell over"
    assert told.kinds.count("STEP_STARTED") == told.kinds.count("STEP_FINISHED") == 1


OVER_A_MODEL = pytest.mark.parametrize("server", ["agno", "crewai", "agent_framework"])


@OVER_A_MODEL
async def test_a_server_over_a_model_speaks(server: str, request: pytest.FixtureRequest) -> None:
    async with runtime(request.getfixturevalue(server)) as made:
        told = await hear(made, user("hi"), thread=thread())
    assert told.answers == ["You said: hi"]
    assert told.end["type"] == "RUN_FINISHED"


@pytest.mark.parametrize("server", ["agno", "agent_framework"])
async def test_a_server_over_a_model_calls_a_tool_of_its_own(
    server: str, request: pytest.FixtureRequest
) -> None:
    async with runtime(request.getfixturevalue(server)) as made:
        told = await hear(made, user('[tool:weather {"city":"Rome"}]'), thread=thread())
    assert [name for name, _ in told.calls] == ["weather"]
    assert "sunny in Rome" in told.results[0]
    assert told.answers == ["Tool result: sunny in Rome"]


@OVER_A_MODEL
async def test_a_server_over_a_model_calls_a_tool_of_the_page_and_goes_on(
    server: str, request: pytest.FixtureRequest
) -> None:
    there = thread()
    async with runtime(request.getfixturevalue(server)) as made:
        prompt = user('[tool:show {"city":"Rome"}]')
        told = await hear(made, prompt, tools=[SHOW], thread=there)
        [call] = [it["toolCallId"] for it in told.events if it["type"] == "TOOL_CALL_START"]
        answer = {"id": "a1", "role": "tool", "toolCallId": call, "content": "shown"}
        gone_on = await hear(made, *told.messages, answer, tools=[SHOW], thread=there)
    assert [name for name, _ in told.calls] == ["show"]
    assert told.results == []
    assert gone_on.answers[-1] == "Tool result: shown"


async def test_a_key_in_agnos_error_is_hidden(agno: str) -> None:
    async with runtime(agno) as made:
        told = await hear(made, user("[error:401]"), thread=thread())
    assert told.end["type"] == "RUN_ERROR"
    assert told.end["message"] == "Incorrect API key provided: [hidden]."


@pytest.mark.parametrize("server", ["crewai", "agent_framework"])
async def test_a_server_whose_model_breaks_off_fails(
    server: str, request: pytest.FixtureRequest
) -> None:
    async with runtime(request.getfixturevalue(server)) as made:
        told = await hear(made, user("[midfail:2]"), thread=thread())
    assert told.end["type"] == "RUN_ERROR"
    assert told.kinds.count("TEXT_MESSAGE_START") == told.kinds.count("TEXT_MESSAGE_END") == 1


async def test_crewai_tells_its_state(crewai: str) -> None:
    async with runtime(crewai) as made:
        told = await hear(made, user("hi"), thread=thread())
    assert told.state["copilotkit"] == {"actions": []}
    assert told.kinds.count("STEP_STARTED") == told.kinds.count("STEP_FINISHED") == 1


@pytest.mark.parametrize(
    "server", ["pydantic_ai", "ag_ui_langgraph", "agno", "crewai", "agent_framework"]
)
async def test_runs_side_by_side_stay_apart(server: str, request: pytest.FixtureRequest) -> None:
    async with runtime(request.getfixturevalue(server)) as made:
        heard = [hear(made, user(f"hi {n}"), thread=thread()) for n in range(4)]
        told = await asyncio.gather(*heard)
    for number, each in enumerate(told):
        assert len(each.answers) == 1
        assert each.messages[0]["content"] == f"hi {number}"
        assert each.end["type"] == "RUN_FINISHED"
