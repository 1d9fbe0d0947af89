"""Requests to an MCP server, whose answers are read as loosely as they can be.

The client of the `mcp` package drops all tools for one that it cannot read, and the result of a
call that breaks MCP's schema anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from agui_runtime.connectors.mcp.results import McpResult
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.observation import outgoing_headers
from agui_runtime.core.secrets import redact_path

if TYPE_CHECKING:
    import httpx2
    from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher

_OF_MCP = ("application/json", "text/event-stream")


class LastAnswer:
    """The latest HTTP answer of a server, as far as a failure may tell of it."""

    def __init__(self) -> None:
        self._status = 0
        self._path = ""
        self._kind = ""

    async def note(self, response: httpx2.Response) -> None:
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
    def may_be_mcp(self) -> bool:
        """False for a page, and for a refusal in plain words."""
        return self._kind in {"", *_OF_MCP}

    @property
    def words(self) -> str:
        if self.refusal:
            return f": HTTP {self._status} at {self._path}"
        if self._status == 200 and self._kind not in _OF_MCP:
            kind = self._kind or "nothing"
            return f": HTTP 200 at {self._path} with {kind}; is it the URL of an MCP server?"
        return ""


class Requests:
    """The requests of one session, past its client's own reading of the answers.

    Since 2026-07-28 each request says what its client is: `about`, nothing where a session does.
    """

    def __init__(
        self, dispatcher: JSONRPCDispatcher, version: str, about: Mapping[str, Json]
    ) -> None:
        self._dispatcher = dispatcher
        self._version = version
        self._about = about

    async def listing(self, kind: str, cursor: str | None) -> McpResult:
        """One page of the tools, or of the resources, as the server lists them."""
        return await self._answer_to(f"{kind}/list", {"cursor": cursor} if cursor else {})

    async def calling(self, name: str, arguments: Mapping[str, Json]) -> McpResult:
        """The result of a call, as the server gives it."""
        # A session serves many runs: no header of its connection can name the trace (SEP-414).
        trace = outgoing_headers()
        meta: JsonObject = {"_meta": dict(trace)} if trace else {}
        params = {"name": name, "arguments": dict(arguments), **meta}
        return await self._answer_to("tools/call", params)

    async def reading(self, address: str) -> McpResult:
        """A resource, as the server gives it."""
        return await self._answer_to("resources/read", {"uri": address})

    async def _answer_to(self, method: str, params: JsonObject) -> McpResult:
        headers = {"mcp-protocol-version": self._version}
        if self._about:
            params = {**params, "_meta": {**params.get("_meta", {}), **self._about}}
            headers |= _routing(method, params)
        return await self._dispatcher.send_raw_request(method, params, {"headers": headers})


def _routing(method: str, params: Mapping[str, Json]) -> Mapping[str, str]:
    """What the headers of a request since 2026-07-28 repeat of its body."""
    from mcp.shared.inbound import NAME_BEARING_METHODS, encode_header_value

    headers = {"mcp-method": method}
    if named := NAME_BEARING_METHODS.get(method):
        headers["mcp-name"] = encode_header_value(str(params[named]))
    return headers
