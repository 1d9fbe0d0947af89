"""LangChain's message content, whichever library and version wrote it, as AG-UI has it. Pure.

Content is a text, or a list of blocks, which may be texts or lists themselves. A block is one of
LangChain's own (v0 or v1), or one in the form of the model's provider.
"""

from __future__ import annotations

from collections.abc import Iterator

from agui_runtime.connectors.shared.langchain.blocks import Block, blocks_in, text_in, text_of
from agui_runtime.connectors.shared.langchain.calls import ChainCall, calls_of
from agui_runtime.connectors.shared.langchain.parts import Part, part_of, to_block
from agui_runtime.connectors.shared.langchain.reasoning import Reasoning
from agui_runtime.connectors.shared.langchain.thoughts import (
    Thought,
    reasoning_id,
    thoughts_of,
    to_thought,
)

__all__ = [
    "Block",
    "ChainCall",
    "Part",
    "Reasoning",
    "Thought",
    "calls_of",
    "parts_of",
    "reasoning_id",
    "text_of",
    "thoughts_of",
    "to_block",
    "to_thought",
]


def parts_of(content: object) -> str | list[Part]:
    """A message's content for a front end: one text where there is nothing else."""
    if not isinstance(content, list):
        return text_of(content)
    parts = list(_parts(content))
    texts = [part["text"] for part in parts if part["type"] == "text"]
    return texts[0] if len(parts) == len(texts) == 1 and isinstance(content[0], str) else parts


def _parts(content: object) -> Iterator[Part]:
    for block in blocks_in(content):
        part = part_of(block)
        if part is not None:
            yield part
        elif (text := text_in(block)) is not None:
            yield {"type": "text", "text": text}
