"""What a user often does goes to an agent that is to suggest what the user could say next."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.core.events import ANONYMOUS, Caller, Event
from agui_runtime.memories.entries import Tier
from agui_runtime.memories.memory import Memory
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wrappers import with_memory
from agui_runtime.wrappers.suggested_patterns import FRAME
from tests.connectors.page import Page
from tests.runtime.worlds import call
from tests.wrappers.test_memory import ANN, NAME, SALES, Listener, recalled

TEXT = {"type": "string"}
SUGGESTION = {"type": "object", "properties": {"title": TEXT, "message": TEXT}}
LIST = {"suggestions": {"type": "array", "items": SUGGESTION}}
TOOL = {
    "name": "copilotkitSuggest",
    "description": "Suggests",
    "parameters": {"type": "object", "properties": LIST},
}
OTHER = {"name": "other", "description": "Anything", "parameters": {"type": "object"}}


class Suggesting(Listener):
    """Calls the tool with these arguments."""

    def __init__(self, arguments: str) -> None:
        super().__init__()
        self._arguments = arguments

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.asked.append(request)
        for event in call("c1", "copilotkitSuggest", self._arguments):
            yield event


def suggesting(*suggestions: Mapping[str, Any]) -> Suggesting:
    return Suggesting(orjson.dumps({"suggestions": suggestions}).decode())


async def suggested(
    agent: Suggesting,
    memory: Memory,
    caller: Caller = ANN,
    tiers: tuple[Tier, ...] = ("core", "proactive"),
) -> list[Event]:
    """What the page is told whose user has a name and a pattern."""
    runtime = CopilotRuntime({"default": with_memory(agent, memory, tiers=tiers)}, memory=memory)
    async with runtime.lifespan():
        await memory.remember(caller.owner, [NAME, SALES])
        tools = [OTHER, TOOL]
        return await Page(runtime, caller=caller).say("What next?", ephemeral=True, tools=tools)


async def test_the_agent_may_name_the_pattern_that_it_suggests() -> None:
    memory = Memory()
    agent = suggesting(
        {"title": "Sales", "message": "Show me  the sales", "pattern": 1},
        {"title": "Weather", "message": "Is it raining?"},
    )
    events = await suggested(agent, memory)
    assert agent.prompts == [f"{FRAME}\n1. {SALES.text}"]
    other, tool = (each.model_dump() for each in agent.asked[0].tools or ())
    assert other == OTHER
    suggestion = tool["parameters"]["properties"]["suggestions"]["items"]
    assert list(suggestion["properties"]) == ["title", "message", "pattern"]
    assert recalled(events) == []
    assert list(await memory.offered("ann")) == ["Show me the sales"]


@pytest.mark.parametrize(
    "agent",
    [
        *(Suggesting(each) for each in ("", "{", "[1]", "7", '{"suggestions": 1}')),
        suggesting({"message": "x"}, {"message": "x", "pattern": "1"}),
        suggesting({"message": "x", "pattern": 2}, {"message": "x", "pattern": 0}),
        suggesting({"message": " ", "pattern": 1}, {"pattern": 1}, {"message": 1, "pattern": 1}),
    ],
)
async def test_what_names_no_pattern_counts_for_none(agent: Suggesting) -> None:
    memory = Memory()
    assert (await suggested(agent, memory))[-1]["type"] == "RUN_FINISHED"
    assert await memory.offered("ann") == {}


async def test_who_has_no_patterns_is_asked_as_ever() -> None:
    agent = suggesting()
    await suggested(agent, Memory(), ANONYMOUS)
    await suggested(agent, Memory(), tiers=("core",))
    assert agent.prompts == []
    assert [each.model_dump() for each in agent.asked[0].tools or ()] == [OTHER, TOOL]


class Full(Memory):
    async def note_shown(self, owner: str, messages: Mapping[str, str]) -> None:
        raise StoreUnavailable("away")


async def test_suggestions_come_also_where_they_cannot_be_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    agent = suggesting({"title": "Sales", "message": "Show me the sales", "pattern": 1})
    with caplog.at_level(logging.WARNING):
        events = await suggested(agent, Full())
    assert events[-1]["type"] == "RUN_FINISHED"
    assert "not noted which patterns were suggested" in caplog.text
