"""What the two generations of MCP have different forms for. Pure."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

from mcp_types.version import (
    HANDSHAKE_PROTOCOL_VERSIONS,
    LATEST_HANDSHAKE_VERSION,
    MODERN_PROTOCOL_VERSIONS,
)

from agui_runtime.core.events import Cursor
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.wires.mcp.answer import Answer
from agui_runtime.wires.mcp.delivery import Reply
from agui_runtime.wires.mcp.errors import INVALID_PARAMS, RpcError
from agui_runtime.wires.mcp.media import readable
from agui_runtime.wires.mcp.places import Place, Session, new_session
from agui_runtime.wires.mcp.protocol import can_ask
from agui_runtime.wires.mcp.questions import Interrupts, form
from agui_runtime.wires.mcp.tools import INSTRUCTIONS

SERVER = {"name": "agui_runtime", "version": version("agui-runtime")}

UNCACHED: JsonObject = {"ttlMs": 0, "cacheScope": "private"}
"""Of lists since 2026-07-28: what there is depends on the caller."""

ASKED = "answer"
"""The name of the one thing that a call wants entered."""

_HAS_MODES = "2025-11-25"
"""Since then a question says that it is a form, and events may be empty."""


def begun(params: JsonObject) -> tuple[Session, JsonObject]:
    """The session that an `initialize` begins, and its result; raises RpcError."""
    wanted = params.get("protocolVersion")
    if not isinstance(wanted, str):
        raise RpcError(INVALID_PARAMS, "protocolVersion: give a version", 200)
    spoken = wanted if wanted in HANDSHAKE_PROTOCOL_VERSIONS else LATEST_HANDSHAKE_VERSION
    session = new_session(spoken, asks=can_ask(params.get("capabilities")))
    about = {"protocolVersion": spoken, "capabilities": {"tools": {}}, "serverInfo": SERVER}
    return session, {**about, "instructions": INSTRUCTIONS}


def discovered() -> JsonObject:
    """The result of a `server/discover`."""
    spoken = {"supportedVersions": list(MODERN_PROTOCOL_VERSIONS), "capabilities": {"tools": {}}}
    return complete({**spoken, "instructions": INSTRUCTIONS, **UNCACHED}, is_stateless=True)


def complete(result: JsonObject, *, is_stateless: bool) -> JsonObject:
    """A result with which nothing is left to be done."""
    return _typed(result, "complete") if is_stateless else result


def reply(place: Place, version_: str, *, is_stateless: bool, after: Cursor | None = None) -> Reply:
    """How a call of that generation is answered."""
    if is_stateless:
        return Reply(place, lambda answer: _final(answer, place))
    newest = version_ >= _HAS_MODES
    return Reply(place, _read_by(version_), resumable=True, has_modes=newest, after=after)


def entered(params: JsonObject) -> JsonObject:
    """What the user entered, of a call that is made again, empty where there is nothing; raises
    RpcError.
    """
    responses = params.get("inputResponses", {})
    found = responses.get(ASKED, {"action": "accept"}) if isinstance(responses, dict) else None
    if not isinstance(found, dict):
        raise RpcError(INVALID_PARAMS, f"inputResponses: give an object for {ASKED!r}")
    return found


def awaiting(place: Place, interrupts: Interrupts) -> JsonObject:
    """The result of a call that is to be made again, with the user's answer."""
    params = {"mode": "form", **form(interrupts, has_choices=True)}
    request = {"method": "elicitation/create", "params": params}
    state = str(Place(place.thread_id, place.run_id))
    return _typed({"inputRequests": {ASKED: request}, "requestState": state}, "input_required")


def _read_by(version_: str) -> Callable[[Answer], JsonObject]:
    def made(answer: Answer) -> JsonObject:
        result = answer.result()
        return {**result, "content": [readable(each, version_) for each in result["content"]]}

    return made


def _final(answer: Answer, place: Place) -> JsonObject:
    if not (answer.interrupts and place.asks):
        return _typed(answer.result(), "complete")
    return awaiting(Place(answer.thread_id, answer.run_id), answer.interrupts)


def _typed(result: JsonObject, kind: str) -> JsonObject:
    meta = {"io.modelcontextprotocol/serverInfo": SERVER}
    return {**result, "resultType": kind, "_meta": meta}
