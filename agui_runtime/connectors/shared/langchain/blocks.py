"""The blocks of a content, one after the other, and the text in them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from agui_runtime.core.jsontext import Json

Block: TypeAlias = Mapping[str, Json]

_WRAPPED = {"non_standard": "value"}
"""Blocks that only hold another one, and where."""

_TEXTS = {
    "text": "text",
    "input_text": "text",
    "output_text": "text",
    "refusal": "refusal",
}
"""The blocks that are text, and where it stands."""


def blocks_in(content: object) -> Iterator[Block]:
    """The blocks in order, also those of lists in lists; texts among them become text blocks."""
    if isinstance(content, str):
        yield {"type": "text", "text": content}
    elif isinstance(content, list | tuple):
        for each in content:
            yield from blocks_in(each)
    elif isinstance(content, Mapping):
        inner = _WRAPPED.get(str(content.get("type")))
        if inner is None:
            yield content
        else:
            yield from blocks_in(content.get(inner))


def text_of(content: object) -> str:
    """The text in a content, without reasoning and the like."""
    return "".join(text_in(block) or "" for block in blocks_in(content))


def text_in(block: Block) -> str | None:
    """The text that the block is, None if it is something else.

    Bedrock's own blocks have no type; Gemini's own are texts, too, where they are thoughts.
    """
    field = _TEXTS.get(str(block.get("type", "text")))
    found = block.get(field) if field and block.get("thought") is not True else None
    return found if isinstance(found, str) else None
