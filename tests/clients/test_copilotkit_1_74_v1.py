"""What is different on a CopilotKit 1.74 page with the API of 1.10, in a real Chromium."""

from __future__ import annotations

import pytest

from tests.clients.chat import ASSISTANT
from tests.clients.conftest import OpenToday

CLICKED = """(selector) => {
    const button = document.querySelector(selector);
    button?.click();
    return Boolean(button);
}"""

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_model_suggests_what_to_say(open_v1: OpenToday) -> None:
    chat = await open_v1(scenario="suggestions")
    # The page asks again and again, so that no suggestion stays long enough for a person's click.
    await chat.tab.wait(CLICKED, chat.SUGGESTIONS)
    await chat.tab.shows(ASSISTANT, "You said: Message A")
