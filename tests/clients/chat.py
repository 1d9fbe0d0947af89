"""What a person does and sees in the chat of CopilotKit 1.10.6, on a page from `copilotkit-1.10/`.

It waits for what a person would wait for; what is right stands in the tests.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tests.clients.browser import BrowserFailure, Json, Request, Tab, as_list, as_object

ASSISTANT = ".copilotKitAssistantMessage"
INPUT = ".copilotKitInput textarea"
STOP = "[data-test-id=copilot-chat-request-in-progress]"
BUSY = f"{STOP}, [data-copilot-running=true]"  # in the chat of 1.10, and in today's

MESSAGES = """() => [...document.querySelectorAll(".copilotKitMessage")].map((message) => [
    message.classList.contains("copilotKitUserMessage") ? "user" : "assistant",
    message.textContent.trim(),
])"""
ANSWERED = f"""(text) => !document.querySelector("{BUSY}") &&
    [...document.querySelectorAll("{ASSISTANT}")].at(-1)?.textContent.includes(text)"""
IDLE = f'() => !document.querySelector("{BUSY}")'
TAKEN = f"""(text) => new Promise((answer) =>
    setTimeout(() => answer(document.querySelector("{INPUT}").value !== text), 100))"""
PRESSES = 100
KINDS = {
    "textMessage": "text",
    "actionExecutionMessage": "call",
    "resultMessage": "result",
    "agentStateMessage": "state",
}
TEXTS = "(selector) => [...document.querySelectorAll(selector)].map((e) => e.textContent)"


@dataclass(frozen=True)
class Chat:
    """The chat of one tab; pictures of it go into `album`.

    `ALERTS` is where the page tells of errors, `SUGGESTIONS` what can be pressed to say it.
    """

    ALERTS: ClassVar[str] = 'div:has(> div > button[title="Dismiss"])'
    SUGGESTIONS: ClassVar[str] = "[data-test-id=suggestion]:not([disabled])"

    tab: Tab
    album: Path

    async def say(self, text: str) -> None:
        """Write a message and send it."""
        await self.tab.fill(INPUT, text)
        await self.tab.press(INPUT, "Enter")

    async def insist(self, text: str) -> None:
        """Write a message and press Enter until the page has taken it: while it looks for its
        runtime or connects, a chat of CopilotKit 1.74 lets Enter pass unnoticed.
        """
        await self.tab.fill(INPUT, text)
        for _ in range(PRESSES):
            await self.idle()
            await self.tab.press(INPUT, "Enter")
            if await self.tab.read(TAKEN, text):
                return

    async def stop(self) -> None:
        """Press the button that has taken the place of the send button."""
        await self.tab.click(f"{STOP} >> nth=0")

    async def answers(self, text: str) -> None:
        """Wait until the chat is idle and the assistant's last message has `text` in it."""
        await self.tab.wait(ANSWERED, text)

    async def idle(self) -> None:
        await self.tab.wait(IDLE)

    async def messages(self) -> list[tuple[str, str]]:
        """`(role, text)` of the messages on the screen."""
        pairs = [as_list(pair) for pair in as_list(await self.tab.read(MESSAGES))]
        return [(str(role), str(text)) for role, text in pairs]

    async def shows(self, messages: Sequence[tuple[str, str]]) -> None:
        """Wait until exactly these messages are on the screen: a page that was loaded again draws
        them one after the other.
        """
        expected: Json = [list(pair) for pair in messages]
        try:
            await self.tab.wait(
                f"(all) => JSON.stringify(({MESSAGES})()) === JSON.stringify(all)", expected
            )
        except BrowserFailure:
            assert await self.messages() == messages
            raise

    async def error(self, text: str = "") -> str:
        """Wait until the page tells of an error with `text` in it; answers what it says."""
        await self.tab.shows(self.ALERTS, text)
        return next(told for told in await self.errors() if text in told)

    async def errors(self) -> list[str]:
        """What the page tells of now."""
        return [told.removesuffix("×") for told in await self.texts(self.ALERTS)]

    async def texts(self, selector: str) -> list[str]:
        return [str(text) for text in as_list(await self.tab.read(TEXTS, selector))]

    async def picture(self, moment: str) -> None:
        await self.tab.screenshot(self.album / f"{moment}.png")

    async def requests(self, operation: str) -> list[Request]:
        """The requests of this GraphQL operation, in their order."""
        posts = [request for request in await self.tab.traffic() if request.method == "POST"]
        return [post for post in posts if as_object(post.sent())["operationName"] == operation]

    async def reply(self, operation: str) -> Json:
        """The JSON that answered the first request of this GraphQL operation, once it is there."""
        request = await self.tab.exchange(f'"operationName":"{operation}"')
        said: Json = json.loads(request.answer or "null")
        return said

    async def turns(self, kind: str = "Chat") -> list[dict[str, Json]]:
        """The `data` variable of each mutation of that request type, in their order."""
        sent = [request.sent() for request in await self.requests("generateCopilotResponse")]
        turns = [as_object(as_object(as_object(body)["variables"])["data"]) for body in sent]
        return [turn for turn in turns if turn["metadata"] == {"requestType": kind}]

    async def turns_taken(self) -> list[Turn]:
        """What the page asked to have answered, in its order."""
        return [
            Turn(str(turn["threadId"]), [_kind(message) for message in as_list(turn["messages"])])
            for turn in await self.turns()
        ]


@dataclass(frozen=True)
class Turn:
    """One request for an answer: its thread, and of what kind each message is that it brings.

    They are `text`, `call` of a tool, `result` of one, and `state`.
    """

    thread: str
    kinds: Sequence[str]


def _kind(message: Json) -> str:
    """The one of its `...Message` fields that is set."""
    return next(kind for field, kind in KINDS.items() if as_object(message).get(field))
