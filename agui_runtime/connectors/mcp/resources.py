"""Two tools of ours with which a model finds and reads what an MCP server has to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol

from ag_ui.core import Tool

from agui_runtime.agents.agent import OfferedTool, ResultParts
from agui_runtime.connectors.mcp.results import McpResult, bounded, content_of
from agui_runtime.connectors.mcp.tools import PAGES_AT, model_name
from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.jsontext import Json, JsonObject

SHOWN = ("uri", "name", "title", "description", "mimeType", "size")
"""What a model is told of a resource."""

_ADDRESS: JsonObject = {"type": "string", "description": "The resource's uri, as it is listed"}


class Readable(Protocol):
    """A server with resources; both methods raise RemoteFailure."""

    @property
    def label(self) -> str: ...

    async def resources(self) -> Sequence[Json]: ...

    async def read(self, address: str) -> McpResult: ...


def resource_tools(server: Readable, prefix: str) -> list[OfferedTool]:
    """`list_resources` and `read_resource`, behind the prefix. Pages, which are for browsers, are
    not listed.
    """
    listing = Tool(
        name=model_name(f"{prefix}list_resources"),
        description=f"Lists what can be read at the {server.label}",
        parameters={"type": "object", "properties": {}},
    )
    reading = Tool(
        name=model_name(f"{prefix}read_resource"),
        description=f"Reads a resource of the {server.label}",
        parameters={"type": "object", "properties": {"uri": _ADDRESS}, "required": ["uri"]},
    )
    return [
        OfferedTool(listing, partial(_listed, server)),
        OfferedTool(reading, partial(_read, server)),
    ]


async def _listed(server: Readable, arguments: Mapping[str, Json]) -> Json:
    found = [each for each in await server.resources() if isinstance(each, dict)]
    others = (each for each in found if not str(each.get("uri")).startswith(PAGES_AT))
    shown = [{key: each[key] for key in SHOWN if each.get(key) is not None} for each in others]
    return bounded({"resources": shown}, server.label)["resources"]


async def _read(server: Readable, arguments: Mapping[str, Json]) -> str | ResultParts:
    address = arguments.get("uri")
    if not isinstance(address, str):
        raise InvalidInput("uri: give the address of a resource, as it is listed")
    result = bounded(await server.read(address), server.label)
    found = result.get("contents")
    contents = found if isinstance(found, list) else []
    return content_of({"content": [{"type": "resource", "resource": each} for each in contents]})
