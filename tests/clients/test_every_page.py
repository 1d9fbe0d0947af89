"""What a person does and sees alike on every page, in a real Chromium: CopilotKit 1.10.6, 1.74 with
the API of 1.10, and 1.74 with its own. What a page alone can, or sends, is in a file of its own.
"""

from __future__ import annotations

import json

import pytest

from tests.clients.chat import ASSISTANT
from tests.clients.conftest import OpenPage
from tests.clients.frameworks import EITHER_GENERATION, stops_and_goes_on
from tests.clients.world import World, prompts, requests_of, threads, words

TODAY = ("1.74 rest", "1.74 single", "1.74 one-route")
EVERY_WAY = pytest.mark.parametrize("open_page", ["1.10.6", "1.74 v1", *TODAY], indirect=True)
"""What the transport makes a difference to; elsewhere the page of 1.74 finds out itself."""

pytestmark = pytest.mark.asyncio(loop_scope="session")


@EVERY_WAY
async def test_a_reply_streams_word_by_word(open_page: OpenPage, world: World) -> None:
    prompt = "count [n:5] [wait:2] [wait:3] [wait:5]"
    chat = await open_page()
    await chat.say(prompt)
    await chat.tab.shows(ASSISTANT, "tok0")
    await chat.picture("growing")
    for count in 1, 2, 4:
        await chat.shows([("user", prompt), ("assistant", words(count))])
        await world.model.go_on()
    await chat.answers("tok4")
    assert await chat.messages() == [("user", prompt), ("assistant", words(5))]


@EITHER_GENERATION
async def test_a_second_turn_brings_the_first_along(open_page: OpenPage, world: World) -> None:
    chat = await open_page()
    await chat.say("my name is Ada")
    await chat.answers("You said: my name is Ada")
    await chat.say("and yours?")
    await chat.answers("You said: and yours?")

    [_, second_prompt] = prompts(world)
    assert second_prompt == [
        ("user", "my name is Ada"),
        ("assistant", "You said: my name is Ada"),
        ("user", "and yours?"),
    ]
    first, second = await chat.turns_taken()
    assert first.thread == second.thread


@pytest.mark.parametrize("open_page", ["1.74 v1", *TODAY], indirect=True)
async def test_a_reload_shows_the_thread_so_far(open_page: OpenPage, world: World) -> None:
    chat = await open_page(threadId="thread-1")
    for text in "one", "two":
        await chat.say(text)
        await chat.answers(f"You said: {text}")
    before = await chat.messages()

    await chat.tab.reload()
    await chat.answers("You said: two")
    await chat.shows(before)
    await chat.say("three")
    await chat.answers("You said: three")
    assert prompts(world)[-1] == [*before, ("user", "three")]


@EVERY_WAY
async def test_the_page_carries_out_a_tool_and_the_model_goes_on(
    open_page: OpenPage, world: World
) -> None:
    chat = await open_page(scenario="tools")
    await chat.say('[tool:setColor {"color":"teal"}]')
    await chat.answers("Tool result: the swatch is teal")

    assert await chat.texts("#color") == ["teal"]
    first, follow_up = requests_of(world)
    assert {"setColor", "addItem"} <= {tool["function"]["name"] for tool in first["tools"]}
    assert [message["role"] for message in follow_up["messages"][-2:]] == ["assistant", "tool"]
    _, second = await chat.turns_taken()
    assert second.kinds[-2:] == ["call", "result"]


async def test_the_page_carries_out_parallel_tools(open_page: OpenPage, world: World) -> None:
    chat = await open_page(scenario="tools")
    await chat.say('[tool:setColor {"color":"navy"}] [tool:addItem {"title":"tea","count":2}]')
    await chat.answers('Tool result: {"added":"tea"}')

    assert await chat.texts("#color") == ["navy"]
    assert await chat.texts("#items li") == ["2 x tea"]
    _, follow_up = requests_of(world)
    results = [m["content"] for m in follow_up["messages"] if m["role"] == "tool"]
    assert results == ["the swatch is navy", '{"added":"tea"}']


@EITHER_GENERATION
async def test_text_before_a_tool_stays_on_the_screen(open_page: OpenPage) -> None:
    chat = await open_page(scenario="tools")
    await chat.say('[text+tool] [tool:setColor {"color":"teal"}]')
    await chat.answers("Tool result: the swatch is teal")
    [_, before, after] = await chat.messages()
    assert before == ("assistant", "Let me check.")
    assert after == ("assistant", "Tool result: the swatch is teal")


async def test_the_page_draws_what_the_server_carried_out(open_page: OpenPage) -> None:
    chat = await open_page(scenario="weather-card")
    await chat.say('[tool:getWeather {"city":"Paris"}]')
    await chat.answers('Tool result: {"city":"Paris","temp":21}')
    assert await chat.texts("#weather[data-status=complete]") == [
        'Paris: {"city":"Paris","temp":21}'
    ]


async def test_a_card_is_drawn_from_arguments_while_they_arrive(
    open_page: OpenPage, world: World
) -> None:
    """They come in four parts; the model stands still after the second one and the third."""
    story = "Once there was a log, and every reader of it had a place of its own."
    chat = await open_page(scenario="story")
    await chat.say(f'[wait:4] [wait:5] [tool:writeStory {{"title":"A log","text":"{story}"}}]')
    for part in "there was", "every reader":
        await chat.tab.shows("#story[data-status=inProgress] p", part)
        [begun] = await chat.texts("#story-text")
        assert story.startswith(begun)
        assert begun != story
        await world.model.go_on()
    await chat.answers("Tool result: shown")

    assert await chat.texts("#story[data-status=complete] h3") == ["A log"]
    assert await chat.texts("#story-text") == [story]


@pytest.mark.parametrize(
    ("open_page", "response"),
    [
        *((page, "approved") for page in ("1.10.6", "1.74 v1", *TODAY)),
        *((page, "refused") for page in ("1.10.6", "1.74 v1", "1.74 rest")),
    ],
    indirect=["open_page"],
)
async def test_a_tool_waits_for_a_person(open_page: OpenPage, world: World, response: str) -> None:
    chat = await open_page(scenario="approval")
    await chat.say('[tool:deleteFile {"path":"/tmp/a"}]')
    await chat.tab.shows("#approval[data-status=executing]", "Delete /tmp/a?")
    assert len(requests_of(world)) == 1
    await chat.picture("asked")
    await chat.tab.click(f"#{response}")
    await chat.answers(f"Tool result: {response}")
    assert len(requests_of(world)) == 2


async def test_the_prompt_has_the_context_of_the_page(open_page: OpenPage, world: World) -> None:
    chat = await open_page(scenario="context")
    await chat.say("who am I?")
    await chat.answers("You said: who am I?")
    [request] = requests_of(world)
    prompt = str(request["messages"][0]["content"])
    assert "Ada Lovelace" in prompt
    assert "Bernoulli numbers" in prompt


@pytest.mark.parametrize(
    ("open_page", "said_before"),
    [("1.10.6", []), *((page, ["hello"]) for page in TODAY)],
    indirect=["open_page"],
)
async def test_the_model_suggests_what_to_say(
    open_page: OpenPage, world: World, said_before: list[str]
) -> None:
    chat = await open_page(scenario="suggestions")
    for text in said_before:
        await chat.say(text)
    await chat.tab.shows(chat.SUGGESTIONS, "Title B")
    await chat.picture("suggested")
    assert await chat.texts(chat.SUGGESTIONS) == ["Title A", "Title B"]

    await chat.tab.click(chat.SUGGESTIONS)
    await chat.answers("You said: Message A")
    await chat.tab.shows(chat.SUGGESTIONS, "Title B")
    first, *_ = await chat.turns_taken()
    assert [thread["id"] for thread in await threads(world)] == [first.thread]


async def test_stop_hangs_up_on_the_model(open_page: OpenPage, world: World) -> None:
    chat = await open_page()
    await stops_and_goes_on(chat, world)
    [_, (_, cut), *_] = await chat.messages()
    assert "tok999" not in cut


async def test_a_refused_key_is_told_and_the_chat_goes_on(open_page: OpenPage) -> None:
    chat = await open_page()
    await chat.say("[error:401]")
    assert "API key" in await chat.error()
    await chat.idle()
    await chat.say("and now?")
    await chat.answers("You said: and now?")


@EITHER_GENERATION
async def test_an_unreachable_model_is_told(open_page: OpenPage) -> None:
    chat = await open_page(agent="deaf")
    await chat.say("hello?")
    assert "cannot be reached" in await chat.error()
    await chat.idle()


@EITHER_GENERATION
async def test_a_model_that_breaks_off_is_told(open_page: OpenPage) -> None:
    chat = await open_page()
    await chat.say("[n:20] [midfail:6]")
    assert await chat.error()
    await chat.idle()
    assert await chat.messages() == [("user", "[n:20] [midfail:6]"), ("assistant", words(5))]


async def test_an_agent_calls_a_tool_of_the_page(open_page: OpenPage) -> None:
    chat = await open_page(agent="tool_agent", scenario="tools")
    await chat.say("paint it")
    await chat.answers("Tool done: the swatch is blue")
    assert await chat.texts("#color") == ["blue"]


@pytest.mark.parametrize(
    ("open_page", "at_first"),
    [("1.10.6", "dogs"), ("1.74 v1", "dogs"), ("1.74", "{}")],
    indirect=["open_page"],
)
async def test_the_page_and_an_agent_share_a_state(
    open_page: OpenPage, world: World, at_first: str
) -> None:
    chat = await open_page(agent="state_agent", scenario="state")
    await chat.tab.shows("#state", at_first)
    await chat.tab.click("#cats")
    await chat.tab.shows("#state", "cats")
    await chat.say("work step by step")
    for progress in "0 %", "50 %", "100 %":
        await chat.tab.says("#progress", progress)
        world.gate.go_on()
    await chat.answers("State done")

    [state] = await chat.texts("#state[data-running=false]")
    shared = json.loads(state)
    assert (shared["topic"], shared["steps"], shared["progress"]) == ("cats", ["one"], 100)


async def test_an_agent_asks_and_goes_on_with_the_answer(open_page: OpenPage) -> None:
    chat = await open_page(agent="interrupt_agent", scenario="interrupt")
    await chat.say("do it")
    await chat.tab.shows("#question", "Approve?")
    await chat.idle()
    await chat.picture("asked")
    await chat.tab.click("#agree")
    await chat.answers("Resumed with yes, go on")
    assert await chat.texts("#interrupt") == []
