"""What the runtime does beside the model, on an unmodified CopilotKit 1.10.6 page in Chromium."""

from __future__ import annotations

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Topics
from tests.clients.browser import Browser
from tests.clients.chat import Chat
from tests.clients.conftest import OpenChat, pages
from tests.clients.world import World, requests_of, start_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

REASON = "We do not talk about that."


class Discreet:
    """Denies what has `secret` in it."""

    async def check(self, request: RunAgentInput, topics: Topics) -> str | None:
        latest = [message.content for message in request.messages if message.role == "user"][-1]
        return REASON if "secret" in str(latest) else None


async def test_an_agent_that_the_model_calls_answers_in_the_chat(
    open_chat: OpenChat, world: World
) -> None:
    chat = await open_chat()
    await chat.say("[tool:text_agent {}]")
    await chat.answers("Hello from agent")
    await chat.idle()
    assert await chat.messages() == [
        ("user", "[tool:text_agent {}]"),
        ("assistant", "Hello from agent"),
    ]
    offered = [tool["function"]["name"] for tool in requests_of(world)[0]["tools"]]
    assert {"getWeather", "text_agent", "state_agent"} <= set(offered)
    assert "default" not in offered


async def test_the_chat_goes_on_after_an_agent_was_called(
    open_chat: OpenChat, world: World
) -> None:
    chat = await open_chat()
    await chat.say("[tool:text_agent {}]")
    await chat.answers("Hello from agent")
    await chat.idle()
    await chat.say("thank you")
    await chat.answers("You said: thank you")


async def test_a_guardrails_reason_is_the_answer(
    browser: Browser, page_1_10: str, request: pytest.FixtureRequest
) -> None:
    album = f"copilotkit-1.10/{request.node.name}"
    async with (
        start_world(guardrails=[Discreet()]) as world,
        pages(browser, f"{page_1_10}/", Chat, album) as opened,
    ):
        chat = await opened.open(runtimeUrl=world.runtime)
        await chat.say("tell me a secret [n:50]")
        await chat.answers(REASON)
        await chat.picture("denied")
        assert (await chat.messages())[-1] == ("assistant", REASON)
        await chat.say("hello")
        await chat.answers("You said: hello")
