"""Tools, people in the loop, interrupts and shared state on a CopilotKit 1.74 page in Chromium."""

from __future__ import annotations

import json

import pytest

from tests.clients.chat import grows
from tests.clients.conftest import OpenToday
from tests.clients.today import TRANSPORTS
from tests.clients.world import World, asked

pytestmark = pytest.mark.asyncio(loop_scope="session")


@TRANSPORTS
async def test_the_page_carries_out_a_tool_and_the_model_goes_on(
    open_today: OpenToday, world: World, transport: str
) -> None:
    chat = await open_today(transport=transport, scenario="frontend-tools")
    await chat.say('[tool:setColor {"color":"teal"}]')
    await chat.answers("Tool result: the swatch is teal")

    assert await chat.texts("#color") == ["teal"]
    first, follow_up = asked(world)
    assert {"setColor", "addItem"} <= {tool["function"]["name"] for tool in first["tools"]}
    assert [message["role"] for message in follow_up["messages"][-2:]] == ["assistant", "tool"]
    assert len(await chat.runs()) == 2


async def test_the_page_carries_out_parallel_tools(open_today: OpenToday, world: World) -> None:
    chat = await open_today(scenario="frontend-tools")
    await chat.say('[tool:setColor {"color":"navy"}] [tool:addItem {"title":"tea","count":2}]')
    await chat.answers('Tool result: {"added":"tea"}')

    assert await chat.texts("#color") == ["navy"]
    assert await chat.texts("#items li") == ["2 x tea"]
    _, follow_up = asked(world)
    results = [m["content"] for m in follow_up["messages"] if m["role"] == "tool"]
    assert results == ["the swatch is navy", '{"added":"tea"}']


async def test_text_before_a_tool_stays_on_the_screen(open_today: OpenToday) -> None:
    chat = await open_today(scenario="frontend-tools")
    await chat.say('[text+tool] [tool:setColor {"color":"teal"}]')
    await chat.answers("Tool result: the swatch is teal")
    [_, before, after] = await chat.messages()
    assert before == ("assistant", "Let me check.")
    assert after == ("assistant", "Tool result: the swatch is teal")


async def test_a_reload_does_not_carry_out_a_tool_again(
    open_today: OpenToday, world: World
) -> None:
    chat = await open_today(scenario="frontend-tools", threadId="thread-1")
    await chat.say('[tool:setColor {"color":"teal"}]')
    await chat.answers("Tool result: the swatch is teal")
    before = await chat.messages()

    await chat.tab.reload()
    await chat.answers("Tool result: the swatch is teal")
    assert await chat.messages() == before
    assert await chat.texts("#color") == ["white"]
    await chat.say("go on")
    await chat.answers("You said: go on")
    roles = [message["role"] for message in asked(world)[-1]["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant", "user"]


async def test_a_card_is_drawn_from_arguments_while_they_arrive(open_today: OpenToday) -> None:
    story = "Once there was a log, and every reader of it had a place of its own."
    chat = await open_today(scenario="story")
    await chat.tab.watch("#story-text")
    await chat.say(f'[delay:60] [tool:writeStory {{"title":"A log","text":"{story}"}}]')
    await chat.answers("Tool result: shown")

    assert await chat.texts("#story[data-status=complete] h3") == ["A log"]
    texts = await chat.tab.watched("#story-text")
    assert texts[-1] == story
    assert len(texts) >= 3
    assert grows(texts)


async def test_the_page_draws_what_the_server_carried_out(open_today: OpenToday) -> None:
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


@pytest.mark.parametrize(
    ("transport", "response"),
    [("rest", "approved"), ("rest", "refused"), ("single", "approved"), ("one-route", "approved")],
)
async def test_a_tool_waits_for_a_person(
    open_today: OpenToday, world: World, transport: str, response: str
) -> None:
    chat = await open_today(transport=transport, scenario="approval")
    await chat.say('[tool:deleteFile {"path":"/tmp/a"}]')
    await chat.tab.shows("#approval[data-status=executing]", "Delete /tmp/a?")
    assert len(asked(world)) == 1
    await chat.picture("asked")
    await chat.tab.click(f"#{response}")
    await chat.answers(f"Tool result: {response}")
    assert len(asked(world)) == 2


async def test_an_agent_calls_a_tool_of_the_page(open_today: OpenToday) -> None:
    chat = await open_today(agent="tool_agent", scenario="frontend-tools")
    await chat.say("paint it")
    await chat.answers("Tool done: the swatch is blue")
    assert await chat.texts("#color") == ["blue"]


async def test_an_agent_asks_with_an_event_and_goes_on_with_the_answer(
    open_today: OpenToday,
) -> None:
    chat = await open_today(agent="interrupt_agent", scenario="interrupt")
    await chat.say("do it")
    await chat.tab.shows("#question", "Approve?")
    await chat.idle()
    await chat.tab.click("#agree")
    await chat.answers("Resumed with yes, go on")
    assert await chat.texts("#interrupt") == []


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
    assert await chat.messages() == before
    await chat.say("once more")
    await chat.tab.shows("#question", "Approve?")
    await chat.tab.click("#agree")
    await chat.answers("resolved: yes, go on")
    assert len(await chat.messages()) == 2 * len(before)


async def test_the_page_and_an_agent_share_a_state(open_today: OpenToday) -> None:
    chat = await open_today(agent="state_agent", scenario="shared-state")
    await chat.tab.click("#cats")
    await chat.tab.shows("#state", "cats")
    await chat.tab.watch("#progress")
    await chat.say("work")
    await chat.answers("State done")

    assert await chat.tab.watched("#progress") == ["0 %", "50 %", "100 %"]
    [state] = await chat.texts("#state[data-running=false]")
    assert json.loads(state) == {"topic": "cats", "steps": ["one"], "progress": 100}
    [run] = await chat.runs()
    assert run["state"] == {"topic": "cats"}


async def test_a_reload_brings_the_shared_state_back(open_today: OpenToday) -> None:
    chat = await open_today(agent="state_agent", scenario="shared-state", threadId="thread-1")
    await chat.tab.click("#cats")
    await chat.say("work")
    await chat.answers("State done")
    await chat.tab.reload()
    await chat.answers("State done")
    [state] = await chat.texts("#state")
    assert json.loads(state) == {"topic": "cats", "steps": ["one"], "progress": 100}
