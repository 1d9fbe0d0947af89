"""One request of a Node runtime, and its one answer, in the form of CopilotKit's SDK."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agui_runtime.core.errors import AguiError, InvalidInput, RequestError
from agui_runtime.core.events import RunContext
from agui_runtime.core.forwarded_headers import HeaderNames
from agui_runtime.runtime.runtime import Authenticate
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.shared.exchange import JSON_TYPE, ErrorAnswer, Exchange
from agui_runtime.wires.shared.http import AS_IT_COMES
from agui_runtime.wires.shared.streaming import Framing

LINES = Framing(headers=(JSON_TYPE, *AS_IT_COMES))
"""For payloads that are lines already."""


class NotForPages(RequestError):
    """A browser sent it; a server would send no `Origin` (Fetch standard, 3.2)."""

    code, status = "FORBIDDEN", 403


class NotThere(InvalidInput):
    """Nothing has the name that was requested."""

    code, status = "NOT_FOUND", 404


class RemoteExchange(Exchange):
    """The request as handlers see it: `body` and `run_context` are there once it was `read`."""

    body: Mapping[str, Any]
    run_context: RunContext

    async def admit(self, authenticate: Authenticate | None) -> str:
        """The owner who calls; raises RequestError, and whatever `authenticate` does."""
        if "origin" in self.headers:
            raise NotForPages("a remote endpoint answers servers, not pages")
        return (await self.identify(authenticate)).owner

    async def read(self, limits: BodyLimits, forward: HeaderNames) -> None:
        """Raises RequestError and ClientGone."""
        body = await self.json(limits)
        if not isinstance(body, dict | None):
            raise InvalidInput("the body must be a JSON object")
        self.body = body or {}
        properties, page = self.body.get("properties"), self.body.get("frontendUrl")
        self.run_context = self.context(
            properties if isinstance(properties, dict) else {},
            forward,
            page if isinstance(page, str) else None,
        )

    def text(self, name: str) -> str:
        """A field that has to be there; raises InvalidInput."""
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise InvalidInput(f"{name} is required")
        return value

    async def refuse(self, error: Exception) -> None:
        await self.refuse_with(_refusal(error), error)


def _refusal(error: Exception) -> ErrorAnswer:
    if not isinstance(error, AguiError):
        hidden = {"error": "something went wrong; see the server's log"}
        return ErrorAnswer(500, hidden, is_fault=True)
    return ErrorAnswer(error.status, {"error": error.message}, is_fault=error.status >= 500)
