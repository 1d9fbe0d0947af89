"""Whether a tool's result is what its own server promised; it costs a warning, never the result."""

from __future__ import annotations

from agui_runtime.connectors.mcp.results import McpResult
from agui_runtime.connectors.mcp.tools import McpTool
from agui_runtime.core.log_lines import logger_of

logger = logger_of(__name__)

_LONGEST = 300


def check_output(tool: McpTool, result: McpResult, label: str) -> None:
    """Warn where the structured part of a result is missing or breaks the tool's schema."""
    if tool.output is None or result.get("isError"):
        return
    problem = "nothing structured"
    if result.get("structuredContent") is not None:
        problem = _fault(tool.output, result["structuredContent"])
    if problem:
        logger.warning("%s breaks its own schema, tool %r: %s", label, tool.name, problem)


def _fault(schema: object, value: object) -> str:
    from jsonschema import SchemaError, validate  # comes with mcp, and is heavy
    from jsonschema.exceptions import ValidationError
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        # An empty registry: a schema must not make this server fetch anything.
        validate(value, schema, registry=Registry())
    except (SchemaError, ValidationError) as error:
        return str(error.message)[:_LONGEST]
    except Unresolvable as error:
        return str(error)[:_LONGEST]
    return ""
