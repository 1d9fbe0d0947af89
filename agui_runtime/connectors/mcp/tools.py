"""What an MCP server says of a tool, and what a tool's result says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ag_ui.core import Tool

from agui_runtime import jsontext
from agui_runtime.errors import RemoteFailure

McpResult: TypeAlias = Mapping[str, Any]
"""MCP's own JSON of a result: `{"content": [...], "structuredContent"?, "isError"}` of a call,
`{"contents": [...]}` of a resource.
"""

PAGES_AT = "ui://"
"""So begin the addresses of a server's pages; its other resources are not for browsers."""


@dataclass(frozen=True, slots=True)
class McpTool:
    """A tool; `page` is the address of the one that shows its results, "" where there is none.

    `for_model` and `for_page` tell who may call it (the MCP Apps extension, SEP-1865).
    """

    tool: Tool
    page: str = ""
    for_model: bool = True
    for_page: bool = True


def tool_of(name: str, about: str, schema: Any, meta: Mapping[str, Any]) -> McpTool:  # noqa: ANN401
    """The tool of that name, schema and `_meta`."""
    ui = meta.get("ui")
    ui = ui if isinstance(ui, dict) else {}
    page = ui.get("resourceUri") or meta.get("ui/resourceUri")  # as it was before the extension
    callers = ui.get("visibility", ("model", "app"))
    callers = callers if isinstance(callers, list | tuple) else ()
    return McpTool(
        Tool(name=name, description=about, parameters=schema),
        page if isinstance(page, str) and page.startswith(PAGES_AT) else "",
        for_model="model" in callers,
        for_page="app" in callers,
    )


def said(result: McpResult) -> object:
    """What a call gave: the text if there is nothing else; else what is structured; else all parts
    as JSON.
    """
    parts = result["content"]
    if parts and all(part["type"] == "text" for part in parts):
        return "\n".join(part["text"] for part in parts)
    if "structuredContent" in result:
        return result["structuredContent"]
    return jsontext.dumps(parts).decode() if parts else ""


def succeeded(result: McpResult) -> object:
    """The same; raises RemoteFailure where the tool says that it failed."""
    if result["isError"]:
        raise RemoteFailure("REFUSED", str(said(result)))
    return said(result)
