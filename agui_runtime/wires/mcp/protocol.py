"""What a POST brings: one message of JSON-RPC, of one of MCP's two generations. Pure.

Up to 2025-11-25 a client begins a session, in which it says what it can do. Since 2026-07-28 each
request says so itself. Which one it is, the header `Mcp-Protocol-Version` tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from mcp.shared.inbound import (
    ERROR_CODE_HTTP_STATUS,
    InboundLadderRejection,
    classify_inbound_request,
    find_duplicated_routing_header,
    unsupported_protocol_version_rejection,
)
from mcp.types import HEADER_MISMATCH
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.wires.mcp.errors import INVALID_PARAMS, INVALID_REQUEST, RpcError
from agui_runtime.wires.mcp.places import Session, session_of

VERSION, SESSION = "mcp-protocol-version", "mcp-session-id"
"""Headers."""

UNNAMED = "2025-03-26"
"""The version of a client that names none (2025-11-25, Streamable HTTP)."""

LONGEST_ID = 200

Kind: TypeAlias = Literal["request", "notification", "response"]


@dataclass(frozen=True, slots=True)
class Message:
    """`asks` is whether its client can put a question to its user. `session` is there in the older
    generation alone, and not with every client.
    """

    kind: Kind
    body: JsonObject
    version: str
    is_stateless: bool = False
    asks: bool = False
    session: Session | None = None

    @property
    def method(self) -> str:
        return str(self.body.get("method", ""))

    @property
    def id(self) -> str | int | None:
        found: str | int | None = self.body.get("id")
        return found

    @property
    def params(self) -> JsonObject:
        return self.body.get("params") or {}

    @property
    def token(self) -> str | int | None:
        """That of notes of progress, where the client wants any."""
        token = (self.params.get("_meta") or {}).get("progressToken")
        return token if _is_id(token) else None


def is_stateless(headers: Mapping[str, str]) -> bool:
    """Whether a request with these headers is one of the newer generation."""
    return VERSION in headers and headers[VERSION] not in HANDSHAKE_PROTOCOL_VERSIONS


def message_of(
    payload: Json, headers: Mapping[str, str], raw: Sequence[tuple[str, str]]
) -> Message:
    """The message in a body; raises RpcError. `raw` are the headers as they came, with repeated
    ones.
    """
    kind = _kind(payload)
    stateless = is_stateless(headers)
    if not stateless:
        session = _session(headers)
        version = session.version if session else headers.get(VERSION, UNNAMED)
        asks = session is not None and session.asks
        return Message(kind, payload, version, asks=asks, session=session)
    if kind == "notification":
        _check(unsupported_protocol_version_rejection(headers[VERSION]))
        return Message(kind, payload, headers[VERSION], is_stateless=True)
    if kind == "response":
        raise RpcError(INVALID_REQUEST, "answers come with the request that is made again")
    if name := find_duplicated_routing_header(raw):
        raise RpcError(HEADER_MISMATCH, f"{name} header appears more than once")
    found = classify_inbound_request(payload, headers=headers)
    if isinstance(found, InboundLadderRejection):
        raise _rejected(found)
    asks = can_ask(found.client_capabilities)
    return Message(kind, payload, found.protocol_version, is_stateless=True, asks=asks)


def can_ask(capabilities: Json) -> bool:
    """Whether a client that can do this puts forms to its user."""
    about = capabilities.get("elicitation") if isinstance(capabilities, dict) else None
    return isinstance(about, dict) and (not about or "form" in about)


def checked_id(id_: Json) -> str | int | None:
    """The id to answer with; None for what is none."""
    return id_ if _is_id(id_) and len(str(id_)) <= LONGEST_ID else None


def _kind(payload: Json) -> Kind:
    if not isinstance(payload, dict) or payload.get("jsonrpc") != "2.0":
        raise RpcError(INVALID_REQUEST, "the body must be one message of JSON-RPC 2.0")
    if "method" not in payload:
        if "id" in payload and ("result" in payload or "error" in payload):
            return "response"
        raise RpcError(INVALID_REQUEST, "the message must have a method, or be a response")
    _check_form(payload)
    if "id" in payload and checked_id(payload["id"]) is None:
        raise RpcError(INVALID_REQUEST, f"id: give a text of up to {LONGEST_ID}, or a number")
    return "request" if "id" in payload else "notification"


def _check_form(payload: JsonObject) -> None:
    if not isinstance(payload["method"], str):
        raise RpcError(INVALID_REQUEST, "method: give a name")
    if not isinstance(payload.get("params", {}), dict):
        raise RpcError(INVALID_PARAMS, "params: give an object")
    if not isinstance(payload.get("params", {}).get("_meta", {}), dict):
        raise RpcError(INVALID_PARAMS, "params._meta: give an object")


def _session(headers: Mapping[str, str]) -> Session | None:
    """Raises RpcError for one that nobody was given: its client is to begin another (404)."""
    if SESSION not in headers:
        return None
    session = session_of(headers[SESSION])
    if session is None or session.version not in HANDSHAKE_PROTOCOL_VERSIONS:
        raise RpcError(INVALID_REQUEST, "there is no such session; begin one", 404)
    return session


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _check(found: InboundLadderRejection | None) -> None:
    if found is not None:
        raise _rejected(found)


def _rejected(found: InboundLadderRejection) -> RpcError:
    status = ERROR_CODE_HTTP_STATUS.get(found.code, 400)
    return RpcError(found.code, found.message, status, found.data)
