"""What a person does and sees in the chat of CopilotKit 1.74, on a page from `copilotkit-1.74/`.

What the page asks the runtime for is read from either form: a path for each, or one path for all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest

from tests.clients.browser import Request, as_object
from tests.clients.chat import Chat, Turn

TRANSPORTS = pytest.mark.parametrize("transport", ["rest", "single", "one-route"])
"""What makes a difference to them is tried over each; elsewhere the page finds out itself."""

READY = "() => document.querySelector('#ready[data-ready=true], nav ul[aria-busy=false]')"
SEND = "[data-testid=copilot-send-button]"


@dataclass(frozen=True)
class Asked:
    """One request of the page: `method` is `info`, `threads`, or for example `agent/run`."""

    method: str
    agent: str | None
    body: Mapping[str, Any]
    request: Request

    def events(self) -> list[dict[str, Any]]:
        """The events of a stream that has ended."""
        frames = (self.request.answer or "").split("\n\n")
        lines = [line for frame in frames for line in frame.split("\n")]
        return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]


@dataclass(frozen=True)
class TodaysChat(Chat):
    """The chat of one tab."""

    ALERTS: ClassVar[str] = "#errors li"
    SUGGESTIONS: ClassVar[str] = "[data-testid=copilot-suggestion]"

    async def say(self, text: str) -> None:
        """Write a message and send it, once the page has found its runtime."""
        await self.tab.wait(READY)
        await super().say(text)

    async def stop(self) -> None:
        """Press the send button, which stops as long as an answer comes."""
        await self.tab.click(SEND)

    async def asked(self, method: str) -> list[Asked]:
        """The requests of this method, in their order."""
        found = [_asked(request) for request in await self.tab.traffic()]
        return [each for each in found if each is not None and each.method == method]

    async def runs(self) -> list[Mapping[str, Any]]:
        """The RunAgentInput of each run, in their order."""
        return [each.body for each in await self.asked("agent/run")]

    async def turns_taken(self) -> list[Turn]:
        return [
            Turn(run["threadId"], [_kind(message) for message in run["messages"]])
            for run in await self.runs()
        ]


@dataclass(frozen=True)
class OlderChat(TodaysChat):
    """The chat of one tab of the page with the API of 1.10."""

    ALERTS: ClassVar[str] = "[data-testid=copilot-error-banner]"
    SUGGESTIONS: ClassVar[str] = Chat.SUGGESTIONS

    async def say(self, text: str) -> None:
        """Write a message and send it; while it connects, this chat lets Enter pass unnoticed."""
        await self.tab.wait(READY)
        await self.insist(text)


def _kind(message: Mapping[str, Any]) -> str:
    if message.get("toolCalls"):
        return "call"
    return "result" if message["role"] == "tool" else "text"


def _asked(request: Request) -> Asked | None:
    """None for what is no request to a runtime: the page's own files."""
    parts = urlsplit(request.url).path.strip("/").split("/")
    if parts[0] not in {"copilotkit", "one-route"} or request.method == "OPTIONS":
        return None
    sent = as_object(request.sent()) if request.body else {}
    if len(parts) == 1:
        params = as_object(sent.get("params") or {})
        body = as_object(sent.get("body") or {})
        return Asked(str(sent.get("method")), _text(params.get("agentId")), body, request)
    if parts[1] == "agent":
        return Asked(f"agent/{parts[3]}", parts[2], sent, request)
    return Asked(parts[1], None, sent, request)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
