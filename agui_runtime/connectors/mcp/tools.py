"""What an MCP server says of a tool, as models can be offered it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

from ag_ui.core import Tool

from agui_runtime.agents.agent import TOOL_NAME
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.log_lines import logger_of

logger = logger_of(__name__)

PAGES_AT = "ui://"
"""So begin the addresses of a server's pages; its other resources are not for browsers."""

_LONGEST_NAME = 64
_DIGEST = 4
"""Bytes of the digest that keeps two names apart which look alike to models."""


@dataclass(frozen=True, slots=True)
class McpTool:
    """A tool; `name` is the one that its server knows, `tool.name` the one that models see.
    `page` is the address of the page that shows its results, "" where there is none.

    `for_model` and `for_page` tell who may call it (the MCP Apps extension, SEP-1865). `output` is
    the schema of what is structured in its results.
    """

    tool: Tool
    name: str
    page: str = ""
    for_model: bool = True
    for_page: bool = True
    output: Mapping[str, Json] | None = None


class Source(Protocol):
    """The server that lists tools."""

    @property
    def label(self) -> str: ...

    @property
    def prefix(self) -> str: ...

    @property
    def only(self) -> Sequence[str]: ...


def tool_of(listed: object, source: Source) -> McpTool | None:
    """The tool of which the server tells this; None, with a warning, where it has no name."""
    label = source.label
    about = listed if isinstance(listed, dict) else {}
    name = about.get("name")
    if not isinstance(name, str) or not name:
        logger.warning("%s lists a tool without a name, left out", label)
        return None
    meta = about.get("_meta")
    ui = meta.get("ui") if isinstance(meta, dict) else None
    ui = ui if isinstance(ui, dict) else {}
    page = ui.get("resourceUri")
    if page is None and isinstance(meta, dict):
        page = meta.get("ui/resourceUri")  # as it was before the extension
    callers = ui.get("visibility", ("model", "app"))
    callers = callers if isinstance(callers, list | tuple) else ()
    description = about.get("description")
    output = about.get("outputSchema")
    return McpTool(
        Tool(
            name=model_name(source.prefix + name),
            description=description if isinstance(description, str) else "",
            parameters=parameters_of(about.get("inputSchema"), f"{label}, tool {name!r}"),
        ),
        name,
        page if isinstance(page, str) and page.startswith(PAGES_AT) else "",
        for_model="model" in callers,
        for_page="app" in callers,
        output=output if isinstance(output, dict) else None,
    )


def chosen(tools: Sequence[McpTool], source: Source) -> list[McpTool]:
    """Those that are wanted of it; one that is not there costs a warning."""
    if not source.only:
        return list(tools)
    if missing := sorted({*source.only} - {tool.name for tool in tools}):
        logger.warning("%s lists no tool %s, which `only` names", source.label, ", ".join(missing))
    return [tool for tool in tools if tool.name in source.only]


def model_name(name: str) -> str:
    """The name as every model provider takes it: another one only where it must be, the same in
    every process, and never that of another tool.
    """
    if TOOL_NAME.fullmatch(name):
        return name
    digest = blake2b(name.encode(errors="replace"), digest_size=_DIGEST).hexdigest()
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_") or "tool"
    return f"{plain[: _LONGEST_NAME - len(digest) - 1]}_{digest}"


def parameters_of(schema: object, what: str) -> JsonObject:
    """The JSON Schema of an object, as providers demand it; what cannot be one is left out, with a
    warning.
    """
    if schema is None:
        return {"type": "object", "properties": {}}
    given = schema if isinstance(schema, dict) else {}
    odd = [key for key, kind in _KINDS.items() if key in given and not isinstance(given[key], kind)]
    if odd or not isinstance(schema, dict):
        logger.warning(
            "%s: its input schema is malformed (%s)", what, ", ".join(odd) or "no object"
        )
    plain = {key: value for key, value in given.items() if key not in odd}
    return {**plain, "type": "object", "properties": plain.get("properties", {})}


_KINDS: Mapping[str, type] = {"properties": dict, "required": list, "$defs": dict}
