"""Answers that MCP's own client could not read: mended, or made errors of their requests.

The client would only log such an answer, and leave whoever made the request waiting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

from pydantic import ValidationError

from agui_runtime.core.jsontext import Json, without_halves

if TYPE_CHECKING:
    from mcp.client._transport import ReadStream
    from mcp.shared.message import SessionMessage

    Incoming: TypeAlias = ReadStream[SessionMessage | Exception]

UNREADABLE = -32099
"""The code of the error in place of an answer that cannot be read; one of those for clients' own
use (JSON-RPC 2.0, 5.1).
"""

_OF_THE_CLIENT = ("Failed to parse JSON response:", "Failed to parse SSE message:")

_BEGINNING = re.compile(rb'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d{1,9})\s*,')
_END = re.compile(rb'"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*(\d{1,9})\s*\}\s*\Z')
"""Where servers write the id of an answer. Anywhere else it may belong to what they answer."""


class ReadableAnswers:
    """What a server says, for MCP's client to read: its stream of messages, each readable.

    Halves of characters are replaced. What is no message but names the request that it is for is
    an error for that one. Anything else, such as what a process prints besides, stays as it is.
    """

    def __init__(self, stream: Incoming) -> None:
        self._stream = stream

    async def __aenter__(self) -> ReadableAnswers:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stream.__aexit__(kind, error, traceback)

    def __aiter__(self) -> ReadableAnswers:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        return _read(await anext(self._stream))

    async def receive(self) -> SessionMessage | Exception:
        return _read(await self._stream.receive())

    async def aclose(self) -> None:
        await self._stream.aclose()


def _read(message: SessionMessage | Exception) -> SessionMessage | Exception:
    if isinstance(message, ValidationError):
        return _readable(message)
    return message if isinstance(message, Exception) else _refused(message)


def _readable(unread: ValidationError) -> SessionMessage | ValidationError:
    from mcp.shared.message import SessionMessage
    from mcp.types import jsonrpc_message_adapter

    given = [fault["input"] for fault in unread.errors(include_url=False, include_context=False)]
    line = given[0].encode() if isinstance(given[0], str) else given[0]
    text = line if isinstance(line, bytes) else b""
    mended = without_halves(text)
    if mended != text:
        try:
            return SessionMessage(jsonrpc_message_adapter.validate_json(mended))
        except ValidationError:
            pass  # it is no message for another reason, too
    about = next(_ids(text, given), None)
    return unread if about is None else _unreadable(about)


def _refused(message: SessionMessage) -> SessionMessage:
    """The same; what the client could not read over HTTP is not what the server refused."""
    from mcp.types import PARSE_ERROR, JSONRPCError

    error = message.message
    if not isinstance(error, JSONRPCError) or error.error.code != PARSE_ERROR:
        return message
    own = error.error.message.startswith(_OF_THE_CLIENT)
    return _unreadable(error.id) if own else message


def _unreadable(about: int | str | None) -> SessionMessage:
    from mcp.shared.message import SessionMessage
    from mcp.types import ErrorData, JSONRPCError

    fault = ErrorData(code=UNREADABLE, message="what it answered is no JSON-RPC")
    return SessionMessage(JSONRPCError(jsonrpc="2.0", id=about, error=fault))


def _ids(text: bytes, given: list[Json]) -> Iterator[int]:
    """The id of the request that it is for, where that can be seen."""
    for found in (_BEGINNING.match(text), _END.search(text)):
        if found:
            yield int(found[1])
    for each in given:
        if isinstance(each, dict) and type(each.get("id")) is int:
            yield each["id"]
