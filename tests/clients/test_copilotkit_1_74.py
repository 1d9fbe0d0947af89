"""An unmodified CopilotKit 1.74 page, in a real Chromium: paths, history, reloads, errors."""

from __future__ import annotations

import pytest

from tests.clients.chat import ASSISTANT
from tests.clients.conftest import OpenToday
from tests.clients.today import TRANSPORTS
from tests.clients.world import World, prompts, words

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(("transport", "paths"), [("rest", 3), ("single", 1), ("one-route", 2)])
async def test_the_page_uses_the_paths_that_it_was_told_or_found(
    open_today: OpenToday, transport: str, paths: int
) -> None:
    chat = await open_today(transport=transport, threadId="thread-1")
    await chat.say("hello")
    await chat.answers("You said: hello")

    methods = ("info", "agent/connect", "agent/run")
    asked = [each for method in methods for each in await chat.asked(method)]
    answered = {each.request.url for each in asked}
    assert len(answered) == paths


async def test_a_page_without_a_thread_asks_for_no_history(open_today: OpenToday) -> None:
    chat = await open_today()
    await chat.say("hello")
    await chat.answers("You said: hello")
    assert await chat.asked("agent/connect") == []


@TRANSPORTS
async def test_a_reload_during_a_run_goes_on_with_it(
    open_today: OpenToday, world: World, transport: str
) -> None:
    chat = await open_today(transport=transport, threadId="thread-1")
    await chat.say("[n:9] [wait:7]")
    await chat.tab.shows(ASSISTANT, "tok5")
    await chat.tab.reload()
    await chat.tab.shows(ASSISTANT, "tok5")
    await world.model.go_on()
    await chat.answers("tok8")

    told = [("user", "[n:9] [wait:7]"), ("assistant", words(9))]
    assert await chat.messages() == told
    assert len(prompts(world)) == 1
    await chat.tab.reload()
    await chat.answers("tok8")
    assert await chat.messages() == told


async def test_a_second_turn_after_a_reload_during_a_run(
    open_today: OpenToday, world: World
) -> None:
    chat = await open_today(threadId="thread-1")
    await chat.say("[n:9] [wait:7]")
    await chat.tab.shows(ASSISTANT, "tok5")
    await chat.tab.reload()
    await chat.tab.shows(ASSISTANT, "tok5")
    await world.model.go_on()
    await chat.answers("tok8")
    await chat.say("and now?")
    await chat.answers("You said: and now?")
    assert prompts(world)[-1] == [
        ("user", "[n:9] [wait:7]"),
        ("assistant", words(9)),
        ("user", "and now?"),
    ]


async def test_a_second_tab_watches_the_same_run(open_today: OpenToday, world: World) -> None:
    prompt = "[n:9] [wait:3] [wait:4] [wait:8]"
    one = await open_today(threadId="thread-1")
    await one.say(prompt)
    await one.tab.shows(ASSISTANT, "tok1")
    other = await open_today(beside=one, threadId="thread-1")
    for count in 2, 3, 7:
        await other.shows([("user", prompt), ("assistant", words(count))])
        await world.model.go_on()
    await one.answers("tok8")
    await other.answers("tok8")

    assert await other.messages() == await one.messages()
    assert len(prompts(world)) == 1


async def test_two_tabs_take_turns(open_today: OpenToday, world: World) -> None:
    one = await open_today(threadId="thread-1")
    await one.say("from one")
    await one.answers("You said: from one")
    other = await open_today(beside=one, threadId="thread-1")
    await other.answers("You said: from one")
    await other.say("from the other")
    await other.answers("You said: from the other")

    await one.tab.reload()
    await one.answers("You said: from the other")
    assert await one.messages() == await other.messages()


async def test_a_second_tab_is_told_that_the_thread_is_busy(
    open_today: OpenToday, world: World
) -> None:
    one = await open_today(threadId="thread-1")
    other = await open_today(beside=one, threadId="thread-1")
    await other.tab.exchange('"threadId":"thread-1"')  # it has asked for the history
    await one.say("[n:9] [wait:5]")
    await one.tab.shows(ASSISTANT, "tok3")
    await other.say("me too")
    assert "thread-1" in await other.error()
    assert len(prompts(world)) == 1

    await world.model.go_on()
    await one.answers("tok8")
    await other.idle()
    await other.say("and now?")
    await other.answers("You said: and now?")


@TRANSPORTS
async def test_a_reload_after_stop_shows_what_was_said(
    open_today: OpenToday, world: World, transport: str
) -> None:
    chat = await open_today(transport=transport, threadId="thread-1")
    await chat.say("[n:1000] [delay:20]")
    await chat.tab.shows(ASSISTANT, "tok3")
    await chat.stop()
    await chat.idle()
    await world.model.hung_up()
    [said, (_, cut)] = await chat.messages()
    [stop] = await chat.asked("agent/stop")
    [run] = await chat.runs()
    assert stop.body == {"runId": run["runId"]}

    await chat.tab.reload()
    await chat.answers("tok3")
    [still_said, (_, kept)] = await chat.messages()
    assert still_said == said
    assert kept.startswith(cut)
    assert "tok999" not in kept
    await chat.say("still there?")
    await chat.answers("You said: still there?")


async def test_an_agent_that_reports_a_failure_is_told(open_today: OpenToday) -> None:
    chat = await open_today(agent="run_error_agent")
    await chat.say("hello")
    assert "agent exploded" in await chat.error()
    await chat.idle()
    assert await chat.messages() == [("user", "hello"), ("assistant", "partial")]


async def test_an_agent_that_throws_is_told_without_its_secrets(open_today: OpenToday) -> None:
    chat = await open_today(agent="throw_agent")
    await chat.say("hello")
    told = await chat.error()
    assert "ECONNREFUSED" not in told
    await chat.idle()


async def test_a_reload_after_a_failure_shows_what_was_said(open_today: OpenToday) -> None:
    chat = await open_today(agent="mid_error_agent", threadId="thread-1")
    await chat.say("hello")
    await chat.error()
    await chat.tab.reload()
    await chat.answers("half")
    assert await chat.messages() == [("user", "hello"), ("assistant", "half")]


async def test_a_page_for_an_unknown_agent_is_told_which_there_are(open_today: OpenToday) -> None:
    chat = await open_today(agent="nobody")
    await chat.tab.shows("#fallen", "Agent 'nobody' not found")
    [told] = await chat.texts("#fallen")
    assert "text_agent" in told
