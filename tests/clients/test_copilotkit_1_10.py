"""An unmodified CopilotKit 1.10.6 page, in a real Chromium, against this project's server."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from tests.clients.browser import Json, as_list, as_object
from tests.clients.chat import ASSISTANT, SUGGESTION, grows
from tests.clients.conftest import OpenChat
from tests.clients.world import World, asked, conversation

UNKNOWN_THREAD = {
    "threadExists": False,
    "state": "{}",
    "messages": "[]",
    "__typename": "LoadAgentStateResponse",
}

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_new_page_asks_for_the_agents(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat()
    reply = as_object(await chat.reply("availableAgents"))
    assert list(reply) == ["data"]
    [request] = await chat.requests("availableAgents")
    assert request.status == 200


async def test_a_page_for_an_agent_asks_for_its_state(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat(agent="text_agent", threadId="thread-1")
    reply = await chat.reply("loadAgentState")
    assert reply == {"data": {"loadAgentState": {**UNKNOWN_THREAD, "threadId": "thread-1"}}}
    [request] = await chat.requests("loadAgentState")
    assert as_object(request.sent())["variables"] == {
        "data": {"agentName": "text_agent", "threadId": "thread-1"}
    }


async def test_a_reply_streams_word_by_word(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat()
    await chat.watch_answer()
    await chat.say("count [n:40] [delay:20]")
    await chat.tab.shows(ASSISTANT, "tok5")
    await chat.picture("growing")
    await chat.answers("tok39")

    whole = " ".join(f"tok{number}" for number in range(40))
    assert await chat.messages() == [("user", "count [n:40] [delay:20]"), ("assistant", whole)]
    texts = await chat.answer_as_it_grew()
    assert len(texts) >= 10
    assert grows(texts)


async def test_the_page_may_be_served_from_another_origin(
    open_chat: OpenChat, world: World
) -> None:
    chat = await open_chat()
    await chat.say("hello")
    await chat.answers("You said: hello")
    page = str(await chat.tab.read("() => location.href"))
    assert origin(page) != origin(world.runtime)


async def test_a_second_turn_brings_the_first_along(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat()
    await chat.say("my name is Ada")
    await chat.answers("You said: my name is Ada")
    await chat.say("and yours?")
    await chat.answers("You said: and yours?")

    [_, second] = asked(world)
    assert conversation(second["messages"]) == [
        ("user", "my name is Ada"),
        ("assistant", "You said: my name is Ada"),
        ("user", "and yours?"),
    ]
    first_turn, second_turn = await chat.turns()
    assert first_turn["threadId"] == second_turn["threadId"]


async def test_the_page_carries_out_an_action_and_the_model_goes_on(
    open_chat: OpenChat, world: World
) -> None:
    chat = await open_chat(scenario="frontend-actions")
    await chat.say('[tool:setColor {"color":"teal"}]')
    await chat.answers("Tool result: the swatch is teal")

    assert await chat.texts("#color") == ["teal"]
    first, follow_up = asked(world)
    assert {"setColor", "addItem"} <= {tool["function"]["name"] for tool in first["tools"]}
    assert [message["role"] for message in follow_up["messages"][-2:]] == ["assistant", "tool"]
    _, second_turn = await chat.turns()
    assert kinds(second_turn["messages"])[-2:] == ["actionExecutionMessage", "resultMessage"]


async def test_text_before_an_action_stays_on_the_screen(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat(scenario="frontend-actions")
    await chat.say('[text+tool] [tool:setColor {"color":"teal"}]')
    await chat.answers("Tool result: the swatch is teal")
    [_, before, after] = await chat.messages()
    assert before == ("assistant", "Let me check.")
    assert after == ("assistant", "Tool result: the swatch is teal")


async def test_the_page_carries_out_parallel_actions(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat(scenario="frontend-actions")
    await chat.say('[tool:setColor {"color":"navy"}] [tool:addItem {"title":"tea","count":2}]')
    await chat.answers('Tool result: {"added":"tea"}')

    assert await chat.texts("#color") == ["navy"]
    assert await chat.texts("#items li") == ["2 x tea"]
    _, follow_up = asked(world)
    results = [m["content"] for m in follow_up["messages"] if m["role"] == "tool"]
    assert results == ["the swatch is navy", '{"added":"tea"}']


async def test_the_server_carries_out_an_action(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat()
    await chat.say('[tool:getWeather {"city":"Paris"}]')
    await chat.answers('Tool result: {"city":"Paris","temp":21}')
    assert len(await chat.turns()) == 2


async def test_the_page_draws_what_the_server_carried_out(
    open_chat: OpenChat, world: World
) -> None:
    chat = await open_chat(scenario="weather-card")
    await chat.say('[tool:getWeather {"city":"Paris"}]')
    await chat.answers('Tool result: {"city":"Paris","temp":21}')
    assert await chat.texts("#weather[data-status=complete]") == [
        'Paris: {"city":"Paris","temp":21}'
    ]


@pytest.mark.parametrize("response", ["approved", "refused"])
async def test_an_action_waits_for_a_person(
    open_chat: OpenChat, world: World, response: str
) -> None:
    chat = await open_chat(scenario="approval")
    await chat.say('[tool:deleteFile {"path":"/tmp/a"}]')
    await chat.tab.shows("#approval[data-status=executing]", "Delete /tmp/a?")
    assert len(asked(world)) == 1
    await chat.picture("asked")
    await chat.tab.click(f"#{response}")
    await chat.answers(f"Tool result: {response}")
    assert len(asked(world)) == 2


async def test_a_card_is_drawn_from_arguments_while_they_arrive(
    open_chat: OpenChat, world: World
) -> None:
    story = "Once there was a log, and every reader of it had a place of its own."
    chat = await open_chat(scenario="story")
    await chat.tab.watch("#story-text")
    await chat.say(f'[delay:60] [tool:writeStory {{"title":"A log","text":"{story}"}}]')
    await chat.answers("Tool result: shown")

    assert await chat.texts("#story[data-status=complete] h3") == ["A log"]
    texts = await chat.tab.watched("#story-text")
    assert texts[-1] == story
    assert len(texts) >= 3
    assert grows(texts)


async def test_the_prompt_has_the_readables(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat(scenario="readables")
    await chat.say("who am I?")
    await chat.answers("You said: who am I?")
    [request] = asked(world)
    prompt = str(request["messages"][0]["content"])
    assert "Ada Lovelace" in prompt
    assert "Bernoulli numbers" in prompt


async def test_the_model_suggests_what_to_say(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat(scenario="suggestions")
    await chat.tab.shows(SUGGESTION, "Title B")
    await chat.picture("suggested")
    assert await chat.texts(SUGGESTION) == ["Title A", "Title B"]
    assert all("threadId" not in task for task in await chat.turns("Task"))

    await chat.tab.click(SUGGESTION)
    await chat.answers("You said: Message A")
    await chat.tab.shows(SUGGESTION, "Title B")


async def test_stop_hangs_up_on_the_model(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat()
    await chat.say("[n:1000] [delay:20]")
    await chat.tab.shows(ASSISTANT, "tok3")
    await chat.stop()
    await chat.idle()
    await world.model.hung_up()

    [_, (_, cut)] = await chat.messages()
    assert "tok999" not in cut
    await chat.say("still there?")
    await chat.answers("You said: still there?")


async def test_a_refused_key_is_told_and_the_chat_goes_on(
    open_chat: OpenChat, world: World
) -> None:
    chat = await open_chat()
    await chat.say("[error:401]")
    assert "API key" in await chat.banner()
    await chat.idle()
    await chat.say("and now?")
    await chat.answers("You said: and now?")


async def test_an_unreachable_model_is_told(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat(agent="deaf")
    await chat.say("hello?")
    assert await chat.banner()
    await chat.idle()


async def test_a_model_that_breaks_off_is_told(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat()
    await chat.say("[n:20] [midfail:6]")
    assert await chat.banner()
    await chat.idle()
    assert await chat.messages() == [
        ("user", "[n:20] [midfail:6]"),
        ("assistant", "tok0 tok1 tok2 tok3 tok4"),
    ]


async def test_an_agent_answers(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat(agent="text_agent")
    await chat.say("hello")
    await chat.answers("Hello from agent")
    assert asked(world) == []


async def test_an_agent_calls_an_action_of_the_page(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat(agent="tool_agent", scenario="frontend-actions")
    await chat.say("paint it")
    await chat.answers("Tool done: the swatch is blue")
    assert await chat.texts("#color") == ["blue"]


async def test_the_page_and_an_agent_share_a_state(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat(agent="state_agent", scenario="agent-state")
    await chat.tab.shows("#state", "dogs")
    await chat.tab.click("#cats")
    await chat.tab.shows("#state", "cats")
    await chat.tab.watch("#progress")
    await chat.say("work")
    await chat.answers("State done")

    assert await chat.tab.watched("#progress") == ["0 %", "50 %", "100 %"]
    [state] = await chat.texts("#state[data-running=false]")
    shared = json.loads(state)
    assert (shared["topic"], shared["steps"], shared["progress"]) == ("cats", ["one"], 100)


async def test_an_agent_asks_and_goes_on_with_the_answer(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat(agent="interrupt_agent", scenario="interrupt")
    await chat.say("do it")
    await chat.tab.shows("#question", "Approve?")
    await chat.idle()
    await chat.picture("asked")
    await chat.tab.click("#agree")
    await chat.answers("Resumed with yes, go on")
    assert await chat.texts("#interrupt") == []


async def test_an_unknown_agent_is_told(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat(agent="nobody")
    assert "nobody" in await chat.banner()
    await chat.say("is anybody there?")
    reply = as_object(await chat.reply("generateCopilotResponse"))
    assert reply["data"] is None
    assert asked(world) == []


async def test_a_second_tab_shows_the_thread_so_far(open_chat: OpenChat, world: World) -> None:
    one = await open_chat(agent="default", threadId="thread-2")
    await one.say("from one")
    await one.answers("You said: from one")

    other = await open_chat(beside=one, agent="default", threadId="thread-2")
    await other.answers("You said: from one")
    assert await other.messages() == await one.messages()
    await other.say("from the other")
    await other.answers("You said: from the other")
    assert conversation(asked(world)[-1]["messages"]) == [
        ("user", "from one"),
        ("assistant", "You said: from one"),
        ("user", "from the other"),
    ]


async def test_a_second_tab_is_told_that_the_thread_is_busy(
    open_chat: OpenChat, world: World
) -> None:
    one = await open_chat(threadId="thread-3")
    other = await open_chat(beside=one, threadId="thread-3")
    await one.say("[n:60] [delay:20]")
    await one.tab.shows(ASSISTANT, "tok3")
    await other.say("me too")
    assert "thread-3" in await other.banner()
    assert len(asked(world)) == 1

    await one.answers("tok59")
    await other.say("and now?")
    await other.answers("You said: and now?")


def origin(url: str) -> str:
    return "{0.scheme}://{0.netloc}".format(urlsplit(url))


def kinds(messages: Json) -> list[str]:
    """What each message of a turn is: the one of its `...Message` fields that is set."""
    fields = ("textMessage", "actionExecutionMessage", "resultMessage", "agentStateMessage")
    sent = [as_object(message) for message in as_list(messages)]
    return [next(field for field in fields if message.get(field)) for message in sent]
