"""Requests to an MCP server, whose answers are read as loosely as they can be.

The client of the `mcp` package drops all tools for one that it cannot read, and the result of a
call whose structured part is not as promised.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import httpx

from agui_runtime.connectors.mcp.results import McpResult
from agui_runtime.core.jsontext import Json
from agui_runtime.core.observation import outgoing_headers
from agui_runtime.core.secrets import redact_path

if TYPE_CHECKING:
    from mcp import ClientSession, types

_OF_MCP = ("application/json", "text/event-stream")


class LastAnswer:
    """The latest HTTP answer of a server, as far as a failure may tell of it."""

    def __init__(self) -> None:
        self._status = 0
        self._path = ""
        self._kind = ""

    async def note(self, response: httpx.Response) -> None:
        """To be called with each answer; a stream that a server does not offer (405) is none."""
        if response.request.method == "GET" and response.status_code in {404, 405}:
            return
        self._status = response.status_code
        self._path = redact_path(response.request.url.path)
        self._kind = response.headers.get("content-type", "").partition(";")[0].strip()

    @property
    def refusal(self) -> int | None:
        """The status, if it was no success."""
        return self._status if self._status >= 300 else None

    @property
    def words(self) -> str:
        if self.refusal:
            return f": HTTP {self._status} at {self._path}"
        if self._status == 200 and self._kind not in _OF_MCP:
            kind = self._kind or "nothing"
            return f": HTTP 200 at {self._path} with {kind}; is it the URL of an MCP server?"
        return ""


async def listing(session: ClientSession, cursor: str | None) -> McpResult:
    """One page of the tools, as the server lists them."""
    from mcp import types

    params = types.PaginatedRequestParams(cursor=cursor) if cursor else None
    return await _answer_to(session, types.ListToolsRequest(params=params))


async def calling(session: ClientSession, name: str, arguments: Mapping[str, Json]) -> McpResult:
    """The result of a call, as the server gives it."""
    from mcp import types

    # A session serves many runs, so that no header of its connection can name the trace (SEP-414).
    trace = outgoing_headers()
    meta = types.RequestParams.Meta.model_validate(trace) if trace else None
    params = types.CallToolRequestParams(name=name, arguments=dict(arguments), _meta=meta)
    return await _answer_to(session, types.CallToolRequest(params=params))


async def _answer_to(
    session: ClientSession, request: types.ListToolsRequest | types.CallToolRequest
) -> McpResult:
    from mcp import types

    answer = await session.send_request(types.ClientRequest(request), types.EmptyResult)
    return answer.model_dump(mode="json", by_alias=True)
