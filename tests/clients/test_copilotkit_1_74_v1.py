"""The set-up and scenarios of the 1.10 page on CopilotKit 1.74, in a real Chromium."""

from __future__ import annotations

import json

import pytest

from tests.clients.chat import ASSISTANT, SUGGESTION
from tests.clients.conftest import OpenToday
from tests.clients.world import World, asked, prompts, words

CLICKED = """(selector) => {
    const button = document.querySelector(selector);
    button?.click();
    return Boolean(button);
}"""

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_reply_streams_and_a_reload_shows_it(open_v1: OpenToday, world: World) -> None:
    chat = await open_v1(threadId="thread-1")
    await chat.watch_answer()
    await chat.say("[n:40] [delay:20]")
    await chat.answers("tok39")
    told = [("user", "[n:40] [delay:20]"), ("assistant", words(40))]
    assert await chat.messages() == told
    assert len(await chat.answer_as_it_grew()) >= 10

    await chat.tab.reload()
    await chat.answers("tok39")
    assert await chat.messages() == told
    await chat.say("and now?")
    await chat.answers("You said: and now?")
    assert prompts(world)[-1] == [*told, ("user", "and now?")]


async def test_the_page_carries_out_an_action(open_v1: OpenToday, world: World) -> None:
    chat = await open_v1(scenario="frontend-actions")
    await chat.say('[tool:setColor {"color":"teal"}]')
    await chat.answers("Tool result: the swatch is teal")
    assert await chat.texts("#color") == ["teal"]
    assert len(asked(world)) == 2


@pytest.mark.parametrize("response", ["approved", "refused"])
async def test_an_action_waits_for_a_person(
    open_v1: OpenToday, world: World, response: str
) -> None:
    chat = await open_v1(scenario="approval")
    await chat.say('[tool:deleteFile {"path":"/tmp/a"}]')
    await chat.tab.shows("#approval[data-status=executing]", "Delete /tmp/a?")
    assert len(asked(world)) == 1
    await chat.tab.click(f"#{response}")
    await chat.answers(f"Tool result: {response}")


async def test_the_page_draws_what_the_server_carried_out(open_v1: OpenToday) -> None:
    chat = await open_v1(scenario="weather-card")
    await chat.say('[tool:getWeather {"city":"Paris"}]')
    await chat.answers('Tool result: {"city":"Paris","temp":21}')
    assert await chat.texts("#weather[data-status=complete]") == [
        'Paris: {"city":"Paris","temp":21}'
    ]


async def test_the_prompt_has_the_readables(open_v1: OpenToday, world: World) -> None:
    chat = await open_v1(scenario="readables")
    await chat.say("who am I?")
    await chat.answers("You said: who am I?")
    [request] = asked(world)
    prompt = str(request["messages"][0]["content"])
    assert "Ada Lovelace" in prompt
    assert "Bernoulli numbers" in prompt


async def test_the_page_and_an_agent_share_a_state(open_v1: OpenToday) -> None:
    chat = await open_v1(agent="state_agent", scenario="agent-state")
    await chat.tab.shows("#state", "dogs")
    await chat.tab.click("#cats")
    await chat.tab.shows("#state", "cats")
    await chat.say("work")
    await chat.answers("State done")
    [state] = await chat.texts("#state[data-running=false]")
    shared = json.loads(state)
    assert (shared["topic"], shared["steps"], shared["progress"]) == ("cats", ["one"], 100)


async def test_an_agent_asks_and_goes_on_with_the_answer(open_v1: OpenToday) -> None:
    chat = await open_v1(agent="interrupt_agent", scenario="interrupt")
    await chat.say("do it")
    await chat.tab.shows("#question", "Approve?")
    await chat.tab.click("#agree")
    await chat.answers("Resumed with yes, go on")
    assert await chat.texts("#interrupt") == []


async def test_the_model_suggests_what_to_say(open_v1: OpenToday) -> None:
    chat = await open_v1(scenario="suggestions")
    # The page asks again and again, so that no suggestion stays long enough for a person's click.
    await chat.tab.wait(CLICKED, SUGGESTION)
    await chat.tab.shows(ASSISTANT, "You said: Message A")


async def test_stop_hangs_up_on_the_model(open_v1: OpenToday, world: World) -> None:
    chat = await open_v1()
    await chat.say("[n:1000] [delay:20]")
    await chat.tab.shows(ASSISTANT, "tok3")
    await chat.stop()
    await chat.idle()
    await world.model.hung_up()
    await chat.say("still there?")
    await chat.answers("You said: still there?")


async def test_a_refused_key_is_told_and_the_chat_goes_on(open_v1: OpenToday) -> None:
    chat = await open_v1()
    await chat.say("[error:401]")
    await chat.tab.shows("[data-testid=copilot-error-banner]", "API key")
    await chat.idle()
    await chat.say("and now?")
    await chat.answers("You said: and now?")
