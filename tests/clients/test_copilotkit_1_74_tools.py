"""Tools, people in the loop, interrupts and shared state on a CopilotKit 1.74 page in Chromium."""

from __future__ import annotations

import json

import pytest

from tests.clients.conftest import OpenToday
from tests.clients.today import TRANSPORTS
from tests.clients.world import World, requests_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_reload_does_not_carry_out_a_tool_again(
    open_today: OpenToday, world: World
) -> None:
    chat = await open_today(scenario="frontend-tools", threadId="thread-1")
    await chat.say('[tool:setColor {"color":"teal"}]')
    await chat.answers("Tool result: the swatch is teal")
    before = await chat.messages()

    await chat.tab.reload()
    await chat.answers("Tool result: the swatch is teal")
    await chat.shows(before)
    assert await chat.texts("#color") == ["white"]
    await chat.say("go on")
    await chat.answers("You said: go on")
    roles = [message["role"] for message in requests_of(world)[-1]["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant", "user"]


async def test_a_reload_draws_what_the_server_carried_out(open_today: OpenToday) -> None:
    chat = await open_today(scenario="weather-card", threadId="thread-1")
    await chat.say('[tool:getWeather {"city":"Paris"}]')
    await chat.answers('Tool result: {"city":"Paris","temp":21}')
    drawn = ['Paris: {"city":"Paris","temp":21}']
    assert await chat.texts("#weather[data-status=complete]") == drawn
    assert len(await chat.runs()) == 1

    await chat.tab.reload()
    await chat.answers('Tool result: {"city":"Paris","temp":21}')
    assert await chat.texts("#weather[data-status=complete]") == drawn


async def test_the_page_draws_what_an_agent_carried_out(open_today: OpenToday) -> None:
    chat = await open_today(agent="backend_tool_agent", scenario="weather-card")
    await chat.say("look it up")
    await chat.answers("The answer is 42")
    assert await chat.texts(".tool[data-status=complete]") == ["lookup: 42"]


@TRANSPORTS
async def test_an_agent_asks_with_its_outcome_and_goes_on_with_the_answer(
    open_today: OpenToday, transport: str
) -> None:
    chat = await open_today(transport=transport, agent="asking_agent", scenario="interrupt")
    await chat.say("do it")
    await chat.tab.shows("#question", "Approve?")
    await chat.idle()
    await chat.picture("asked")
    await chat.tab.click("#agree")
    await chat.answers("resolved: yes, go on")

    assert await chat.texts("#interrupt") == []
    first, resumed = await chat.runs()
    assert resumed["resume"][0]["interruptId"] == f"q-{first['runId']}"


async def test_a_question_can_be_dismissed(open_today: OpenToday) -> None:
    chat = await open_today(agent="asking_agent", scenario="interrupt")
    await chat.say("do it")
    await chat.tab.shows("#question", "Approve?")
    await chat.tab.click("#dismiss")
    await chat.answers("cancelled:")


async def test_a_thread_with_an_answered_question_goes_on_after_a_reload(
    open_today: OpenToday,
) -> None:
    chat = await open_today(agent="asking_agent", scenario="interrupt", threadId="thread-1")
    await chat.say("do it")
    await chat.tab.shows("#question", "Approve?")
    await chat.tab.click("#agree")
    await chat.answers("resolved: yes, go on")
    before = await chat.messages()

    await chat.tab.reload()
    await chat.answers("resolved: yes, go on")
    await chat.shows(before)
    await chat.say("once more")
    await chat.tab.shows("#question", "Approve?")
    await chat.tab.click("#agree")
    await chat.answers("resolved: yes, go on")
    assert len(await chat.messages()) == 2 * len(before)


async def test_a_reload_brings_the_shared_state_back(open_today: OpenToday) -> None:
    chat = await open_today(agent="state_agent", scenario="shared-state", threadId="thread-1")
    await chat.tab.click("#cats")
    await chat.say("work")
    await chat.answers("State done")
    shared = {"topic": "cats", "steps": ["one"], "progress": 100}
    [state] = await chat.texts("#state[data-running=false]")
    assert json.loads(state) == shared
    [run] = await chat.runs()
    assert run["state"] == {"topic": "cats"}

    await chat.tab.reload()
    await chat.answers("State done")
    [state] = await chat.texts("#state")
    assert json.loads(state) == shared
