"""A valid request of each kind that MCP's clients make, in both generations."""

from __future__ import annotations

from collections.abc import Mapping

from agui_runtime.wires.mcp.places import Place
from tests.wires.fuzz.jsons import Json
from tests.wires.fuzz.original import Original

_PATH = "/mcp"
_BOTH = {"accept": "application/json, text/event-stream"}
_SESSION = {
    **_BOTH,
    "mcp-session-id": "2025-11-25~1~" + "0" * 32,
    "mcp-protocol-version": "2025-11-25",
}
_MODERN = "2026-07-28"
_CALL: Mapping[str, Json] = {
    "name": "default",
    "arguments": {"message": "hi", "threadId": "t-1"},
    "_meta": {"progressToken": "p"},
}


def of_mcp() -> list[Original]:
    waiting = str(Place("t-1", "run-default"))
    accepted: Json = {"action": "accept", "content": {"approved": True}}
    capabilities: Json = {"elicitation": {}}
    about: Json = {"protocolVersion": "2025-11-25", "capabilities": capabilities}
    again: Json = {**_CALL, "inputResponses": {"answer": accepted}, "requestState": waiting}
    return [
        _posted("initialize", about, _BOTH),
        _posted("tools/list", {}, _SESSION),
        _posted("tools/call", {**_CALL}, _SESSION),
        _posted("tools/call", {"name": "asking", "arguments": {"message": "hi"}}, _SESSION),
        Original(
            "POST",
            _PATH,
            headers=_SESSION,
            body={"jsonrpc": "2.0", "id": waiting, "result": accepted},
        ),
        Original(
            "POST",
            _PATH,
            headers=_SESSION,
            body={
                "jsonrpc": "2.0",
                "method": "notifications/cancelled",
                "params": {"requestId": 1, "reason": "enough"},
            },
        ),
        _stateless("server/discover", {}),
        _stateless("tools/call", {**_CALL}),
        _stateless("tools/call", again),
    ]


def _posted(method: str, params: Json, headers: Mapping[str, str]) -> Original:
    body: Json = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return Original("POST", _PATH, headers=headers, body=body)


def _stateless(method: str, params: dict[str, Json]) -> Original:
    keys = {"protocolVersion": _MODERN, "clientCapabilities": {"elicitation": {"form": {}}}}
    given: Json = params.get("_meta", {})
    meta = {**given, **{f"io.modelcontextprotocol/{key}": it for key, it in keys.items()}}
    named = {"mcp-name": params["name"]} if "name" in params else {}
    headers = {**_BOTH, "mcp-protocol-version": _MODERN, "mcp-method": method, **named}
    return _posted(method, {**params, "_meta": meta}, headers)
