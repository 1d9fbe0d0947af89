"""Errors as MCP's clients get them: those of JSON-RPC. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from agui_runtime.core.errors import AguiError, InvalidInput, RequestError
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.wires.shared.exchange import ErrorAnswer
from agui_runtime.wires.shared.http import Headers
from agui_runtime.wires.shared.table import WrongMethod

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND = -32700, -32600, -32601
INVALID_PARAMS, INTERNAL_ERROR, REFUSED = -32602, -32603, -32000

RpcId = str | int | None


class RpcError(RequestError):
    """A message is not as JSON-RPC or MCP has it; `rpc_code` is JSON-RPC's, `data` MCP's own."""

    code = "INVALID_INPUT"

    def __init__(self, rpc_code: int, message: str, status: int = 400, data: Json = None) -> None:
        super().__init__(message)
        self.rpc_code, self.status, self.data = rpc_code, status, data


class ForeignPage(RequestError):
    """MCP has its servers refuse pages of other origins (Streamable HTTP, security warning)."""

    code, status = "ORIGIN_NOT_ALLOWED", 403

    def __init__(self) -> None:
        super().__init__(
            "pages of this origin may not call; the operator can list it (cors_origins), or allow"
            " all (McpWire(foreign_pages=True))"
        )


class NoEnd(WrongMethod):
    """A server that does not let clients end sessions says 405 (2025-11-25, Session Management)."""

    def __init__(self) -> None:
        super().__init__(["POST"])
        self.message = (
            "sessions need no end, since nothing is stored of them; end a call with"
            " notifications/cancelled"
        )


def error_message(error: Exception, id_: RpcId) -> JsonObject:
    """The answer of JSON-RPC; of an error that is not ours nothing is shown."""
    return {"jsonrpc": "2.0", "id": id_, "error": _error(error)}


def refusal_of(error: Exception, id_: RpcId) -> ErrorAnswer:
    """The same as an answer of HTTP."""
    status = error.status if isinstance(error, AguiError) else 500
    headers: Headers = ()
    if isinstance(error, WrongMethod):
        headers = [(b"allow", error.methods.encode())]
    return ErrorAnswer(status, error_message(error, id_), headers, is_fault=status >= 500)


def _error(error: Exception) -> Mapping[str, Json]:
    if isinstance(error, RpcError):
        data = {} if error.data is None else {"data": error.data}
        return {"code": error.rpc_code, "message": error.message, **data}
    if not isinstance(error, AguiError):
        return {"code": INTERNAL_ERROR, "message": "the server failed; see its log"}
    code = INTERNAL_ERROR if error.status >= 500 else REFUSED
    if isinstance(error, InvalidInput):
        code = INVALID_PARAMS
    return {"code": code, "message": error.message, "data": {"code": error.code}}
