"""One thread on pages of two generations at once, in a real Chromium: CopilotKit 1.10.6 on GraphQL,
and 1.74.
"""

from __future__ import annotations

import pytest

from agui_runtime.runtime.runtime import Options
from tests.clients.chat import Chat
from tests.clients.conftest import OpenChat, OpenToday
from tests.clients.world import World, prompts, requests_of

REGENERATE = "button[aria-label='Regenerate response'] >> nth=-1"  # of the last answer
REGENERATE_TODAY = "[data-testid=copilot-regenerate-button]"  # of the first

HISTORIES = pytest.mark.parametrize(
    "world",
    [Options(history="client"), Options(history="thread")],
    indirect=True,
    ids=["client", "thread"],
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


@HISTORIES
async def test_what_is_said_on_either_page_shows_on_the_other(
    open_chat: OpenChat, open_today: OpenToday, world: World
) -> None:
    old = await open_chat(agent="default", threadId="thread-1")
    await turn(old, "from the old")
    new = await open_today(threadId="thread-1")
    await new.answers("You said: from the old")
    assert await new.messages() == told("from the old")

    await turn(new, "from the new")
    await old.tab.reload()
    await old.answers("You said: from the new")
    assert await old.messages() == told("from the old", "from the new")
    await turn(old, "once more")
    await new.tab.reload()
    await new.answers("You said: once more")
    everything = told("from the old", "from the new", "once more")
    assert await new.messages() == everything
    assert prompts(world)[-1] == everything[:-1]


@pytest.mark.parametrize("world", [Options(history="thread")], indirect=True)
async def test_a_page_that_missed_something_loses_nothing(
    open_chat: OpenChat, open_today: OpenToday, world: World
) -> None:
    old = await open_chat(agent="default", threadId="thread-1")
    new = await open_today(threadId="thread-1")
    await turn(old, "from the old")
    await turn(new, "from the new")
    await turn(old, "once more")

    everything = told("from the old", "from the new", "once more")
    assert prompts(world)[1:] == [everything[:3], everything[:5]]
    for chat in old, new:
        await chat.tab.reload()
        await chat.answers("You said: once more")
        assert await chat.messages() == everything


@HISTORIES
async def test_a_tool_that_one_page_carried_out_is_history_to_the_other(
    open_chat: OpenChat, open_today: OpenToday, world: World
) -> None:
    old = await open_chat(agent="default", threadId="thread-1", scenario="frontend-actions")
    await old.say('[tool:setColor {"color":"teal"}]')
    await old.answers("Tool result: the swatch is teal")
    new = await open_today(threadId="thread-1", scenario="frontend-tools")
    await new.answers("Tool result: the swatch is teal")
    assert await new.texts("#color") == ["white"]
    await new.say('[tool:setColor {"color":"navy"}]')
    await new.answers("Tool result: the swatch is navy")
    await old.tab.reload()
    await old.answers("Tool result: the swatch is navy")
    await turn(old, "and now?")

    roles = [m["role"] for m in requests_of(world)[-1]["messages"] if m["role"] != "system"]
    assert roles == [*(["user", "assistant", "tool", "assistant"] * 2), "user"]


@HISTORIES
@pytest.mark.parametrize("generation", ["1.10", "1.74"])
async def test_a_regenerated_answer_takes_the_place_of_the_first(
    open_chat: OpenChat, open_v1: OpenToday, world: World, generation: str
) -> None:
    chat: Chat
    if generation == "1.10":
        chat = await open_chat(agent="default", threadId="thread-1")
    else:
        chat = await open_v1(threadId="thread-1")
    await turn(chat, "one")
    await turn(chat, "two")
    await chat.tab.click(REGENERATE)
    await world.model.request(2)
    await chat.answers("You said: two")
    assert prompts(world)[2] == prompts(world)[1]
    assert await chat.messages() == told("one", "two")
    await turn(chat, "three")
    assert prompts(world)[3] == [*told("one", "two"), ("user", "three")]
    await chat.tab.reload()
    await chat.answers("You said: three")
    assert await chat.messages() == told("one", "two", "three")


@HISTORIES
async def test_an_older_answer_that_is_asked_for_again_ends_the_conversation_there(
    open_today: OpenToday, world: World
) -> None:
    chat = await open_today(threadId="thread-1", scenario="regenerate")
    for text in "one", "two":
        await turn(chat, text)
    await chat.tab.click(REGENERATE_TODAY)
    await world.model.request(2)
    await chat.answers("You said: one")
    assert prompts(world)[2] == prompts(world)[0]
    assert await chat.messages() == told("one")

    await chat.tab.reload()
    await chat.answers("You said: one")
    assert await chat.messages() == told("one")
    await turn(chat, "three")
    assert prompts(world)[3] == [*told("one"), ("user", "three")]
    assert await chat.errors() == []


async def turn(chat: Chat, text: str) -> None:
    await chat.say(text)
    await chat.answers(f"You said: {text}")


def told(*texts: str) -> list[tuple[str, str]]:
    """The conversation in which these were said."""
    return [turn for text in texts for turn in (("user", text), ("assistant", f"You said: {text}"))]
