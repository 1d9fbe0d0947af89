"""An unmodified CopilotKit 1.10.6 page, in a real Chromium, against this project's server."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.clients.browser import as_object
from tests.clients.chat import ASSISTANT, Chat
from tests.clients.conftest import OpenChat
from tests.clients.world import World, conversation, requests_of

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


async def test_the_page_may_be_served_from_another_origin(
    open_chat: OpenChat, world: World
) -> None:
    chat = await open_chat()
    await chat.say("hello")
    await chat.answers("You said: hello")
    page = str(await chat.tab.read("() => location.href"))
    assert origin(page) != origin(world.runtime)


async def test_the_server_carries_out_an_action(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat()
    await chat.say('[tool:getWeather {"city":"Paris"}]')
    await chat.answers('Tool result: {"city":"Paris","temp":21}')
    assert len(await chat.turns()) == 2


async def test_suggestions_are_thought_of_outside_the_thread(open_chat: OpenChat) -> None:
    chat = await open_chat(scenario="suggestions")
    await chat.tab.shows(Chat.SUGGESTIONS, "Title B")
    tasks = await chat.turns("Task")
    assert tasks
    assert all("threadId" not in task for task in tasks)


async def test_an_agent_answers(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat(agent="text_agent")
    await chat.say("hello")
    await chat.answers("Hello from agent")
    assert requests_of(world) == []


async def test_an_unknown_agent_is_told(open_chat: OpenChat, world: World) -> None:
    chat = await open_chat(agent="nobody")
    assert "nobody" in await chat.error()
    await chat.say("is anybody there?")
    reply = as_object(await chat.reply("generateCopilotResponse"))
    assert reply["data"] is None
    assert requests_of(world) == []


async def test_a_second_tab_shows_the_thread_so_far(open_chat: OpenChat, world: World) -> None:
    one = await open_chat(agent="default", threadId="thread-2")
    await one.say("from one")
    await one.answers("You said: from one")

    other = await open_chat(beside=one, agent="default", threadId="thread-2")
    await other.answers("You said: from one")
    assert await other.messages() == await one.messages()
    await other.say("from the other")
    await other.answers("You said: from the other")
    assert conversation(requests_of(world)[-1]["messages"]) == [
        ("user", "from one"),
        ("assistant", "You said: from one"),
        ("user", "from the other"),
    ]


async def test_a_second_tab_is_told_that_the_thread_is_busy(
    open_chat: OpenChat, world: World
) -> None:
    one = await open_chat(threadId="thread-3")
    other = await open_chat(beside=one, threadId="thread-3")
    await one.say("[n:9] [wait:5]")
    await one.tab.shows(ASSISTANT, "tok3")
    await other.say("me too")
    assert "thread-3" in await other.error()
    assert len(requests_of(world)) == 1

    await world.model.go_on()
    await one.answers("tok8")
    await other.say("and now?")
    await other.answers("You said: and now?")


def origin(url: str) -> str:
    return "{0.scheme}://{0.netloc}".format(urlsplit(url))
