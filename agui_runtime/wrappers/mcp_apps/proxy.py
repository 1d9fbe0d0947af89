"""Answers what a shown page asks its MCP server for. Only what stands in the table gets through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agui_runtime.connectors.mcp.results import McpResult
from agui_runtime.connectors.mcp.tools import PAGES_AT
from agui_runtime.core.errors import InvalidInput, RemoteFailure, first_fault
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.log_lines import logger_of
from agui_runtime.wrappers.mcp_apps.servers import AppServer, AppServers

logger = logger_of(__name__)

REFUSED = "the MCP server refused the request; the log of the runtime says why"


class _ProxiedRequest(BaseModel):
    """`{"serverHash", "serverId"?, "method", "params"?}`, as front ends send it."""

    model_config = ConfigDict(strict=True)

    server_hash: str = Field("", alias="serverHash")
    server_id: str | None = Field(None, alias="serverId")
    method: str
    params: JsonObject | None = None


class _Call(BaseModel):
    model_config = ConfigDict(strict=True)

    name: str
    arguments: JsonObject | None = None


class _Read(BaseModel):
    model_config = ConfigDict(strict=True)

    uri: str


async def answer_to(requested: object, servers: AppServers) -> Mapping[str, Json]:
    """MCP's result, or `{"error": text}`; a failed call is, besides, the result of a tool that
    failed, which is what the asking page expects. It raises nothing.
    """
    try:
        return await _answered(requested, servers)
    except ValidationError as fault:
        return _refused(f"malformed request: {first_fault(fault)}")
    except RemoteFailure as failure:
        logger.warning("an app's request failed: %s", failure.message, exc_info=failure)
        # Its own words may tell what is no page's business: its files, for example.
        return _refused(REFUSED if failure.code == "REMOTE_REFUSED" else failure.message)
    except InvalidInput as error:
        return _refused(error.message)


async def _answered(requested: object, servers: AppServers) -> McpResult:
    request = _ProxiedRequest.model_validate(requested)
    method = _METHODS.get(request.method)
    if method is None:
        raise InvalidInput(f"apps may use {sorted(_METHODS)}, and not {request.method[:100]!r}")
    server = servers.find(request.server_id, request.server_hash)
    if server is None:
        named = (request.server_id or request.server_hash)[:100]
        raise InvalidInput(f"no MCP server {named!r}: the agent has other ones now")
    return await method(server, request.params or {})


async def _call(server: AppServer, params: Mapping[str, Json]) -> McpResult:
    call = _Call.model_validate(params)
    tool = await server.tool(call.name)
    if tool is None or not tool.for_page:
        raise InvalidInput(f"{server.connection.label} has no tool {call.name[:100]!r} for apps")
    return await server.call(call.name, call.arguments or {})


async def _read(server: AppServer, params: Mapping[str, Json]) -> McpResult:
    address = _Read.model_validate(params).uri
    if not address.startswith(PAGES_AT):
        raise InvalidInput(f"apps may read resources at {PAGES_AT}, and no other ones")
    return await server.read(address)


def _refused(message: str) -> Mapping[str, Json]:
    return {"error": message, "content": [{"type": "text", "text": message}], "isError": True}


_METHODS: Mapping[str, Callable[[AppServer, Mapping[str, Json]], Awaitable[McpResult]]] = {
    "tools/call": _call,
    "resources/read": _read,
}
"""All that CopilotKit's page asks for, up to 1.74."""
