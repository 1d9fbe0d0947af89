"""Which handler answers which method and path: paths of segments, ids in braces."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from agui_runtime.core.errors import RequestError
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.shared.exchange import Exchange

Handler: TypeAlias = Callable[..., Awaitable[None]]
"""Takes the exchange, and the ids in its path by name."""

Found: TypeAlias = tuple[Handler, Mapping[str, str]]


class WrongMethod(RequestError):
    """What is at this path takes other methods."""

    code, status = "METHOD_NOT_ALLOWED", 405

    def __init__(self, methods: Sequence[str]) -> None:
        self.methods = ", ".join(methods)
        super().__init__(f"this path takes {self.methods}")


class Table:
    """Finds handlers; a GET is also answered to HEAD."""

    def __init__(self, entries: Iterable[tuple[str, str, Handler]]) -> None:
        self._entries = [
            (method, tuple(pattern.split("/")), handler) for method, pattern, handler in entries
        ]

    @property
    def offered(self) -> Sequence[tuple[str, str]]:
        """Every method with its pattern."""
        return [(method, "/".join(pattern)) for method, pattern, _ in self._entries]

    def find(self, method: str, segments: Sequence[str]) -> Found | None:
        """The handler and the ids for the decoded segments below the base path; None where nothing
        is. Raises WrongMethod.
        """
        method = "GET" if method == "HEAD" else method
        allowed = []
        for offered, pattern, handler in self._entries:
            ids = _matched(pattern, segments)
            if ids is None:
                continue
            if offered == method:
                return handler, ids
            allowed.append(offered)
        if allowed:
            raise WrongMethod(allowed)
        return None


def growing(handler: Handler, runtime: CopilotRuntime) -> Handler:
    """One whose answer grows, and counts as a stream of the caller's where these are limited."""

    async def counted(exchange: Exchange, **ids: str) -> None:
        async with runtime.streams.place(exchange.caller.owner):
            await handler(exchange, **ids)

    def answering(exchange: Exchange, **ids: str) -> Awaitable[None]:
        answer = counted if runtime.streams.are_limited else handler
        return answer(exchange, **ids)

    return answering


def _matched(pattern: Sequence[str], segments: Sequence[str]) -> Mapping[str, str] | None:
    if len(pattern) != len(segments) or "" in segments:
        return None
    ids = {}
    for part, segment in zip(pattern, segments, strict=True):
        if part.startswith("{"):
            ids[part[1:-1]] = segment
        elif part != segment:
            return None
    return ids
