"""The tool calls in LangChain's messages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from agui_runtime.connectors.shared.langchain.blocks import blocks_in
from agui_runtime.core import jsontext
from agui_runtime.core.jsontext import Json


class ChainCall(NamedTuple):
    """A call of a tool; `arguments` is JSON."""

    id: str
    name: str
    arguments: str


def calls_of(message: Mapping[str, Json]) -> list[ChainCall]:
    """The calls of a message: LangChain's own, or else those in the form of the provider."""
    own = [_call(each, "id", "args") for each in message.get("tool_calls") or ()]
    return [call for call in own or _elsewhere(message) if call.id and call.name]


def _elsewhere(message: Mapping[str, Json]) -> list[ChainCall]:
    blocks = [
        _call(block if field is None else block[field], id_, arguments)
        for block in blocks_in(message.get("content"))
        for kind, (field, id_, arguments) in _BLOCKS.items()
        if (block.get("type") == kind if field is None else field in block)
    ]
    beside = (message.get("additional_kwargs") or {}).get("tool_calls") or ()
    return blocks or [_of_openai(each) for each in beside]


_BLOCKS: Mapping[str, tuple[str | None, str, str]] = {
    "tool_call": (None, "id", "args"),
    "tool_use": (None, "id", "input"),
    "function_call": (None, "call_id", "arguments"),
    "toolUse": ("toolUse", "toolUseId", "input"),
}
"""By type: the field in which it stands, if not in the block itself, its id, and its arguments.

Tools that the provider carries out itself (`server_tool_call` and its likes) are none of them.
"""


def _call(fields: Mapping[str, Json], id_: str, arguments: str) -> ChainCall:
    return ChainCall(
        str(fields.get(id_) or ""),
        str(fields.get("name") or ""),
        _json(fields.get(arguments)),
    )


def _of_openai(call: Mapping[str, Json]) -> ChainCall:
    return _call({**call, **(call.get("function") or {})}, "id", "arguments")


def _json(arguments: object) -> str:
    if isinstance(arguments, str):
        return arguments or "{}"
    return jsontext.dumps(arguments or {}).decode()
