"""The reasoning in LangChain's messages, and reasoning for LangChain. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agui_runtime.connectors.shared.langchain.blocks import Block, blocks_in
from agui_runtime.core.events import Message
from agui_runtime.core.jsontext import Json, JsonObject

_SHAPES: Mapping[str, tuple[str, ...]] = {
    "reasoning": ("reasoning", "summary", "text", "content"),
    "thinking": ("thinking",),
    "redacted_thinking": (),
    "reasoning_content": ("reasoning_content",),
    "reasoningContent": ("reasoningText",),
}
"""The blocks of reasoning by their types, and the fields in which its words may stand."""

_WORDS = ("text", "reasoning", "thinking")
"""Where an object that stands in such a field has its words."""

_SEALS = ("encrypted_content", "signature", "data", "redactedContent")
"""What only the provider can read."""

_PROVIDERS_OWN = "rs_"
"""OpenAI's ids of reasoning, by which its Responses find it again."""


@dataclass(frozen=True, slots=True)
class Thought:
    """A piece of reasoning. `id` is the provider's, if it has one; `sealed` is what only the
    provider can read. Pieces of one `block` belong together; of those, a new `part` is a new line.
    """

    text: str = ""
    id: str = ""
    sealed: str = ""
    block: object = None
    part: object = None


def thoughts_of(message: Mapping[str, Json]) -> list[Thought]:
    """The reasoning in a message or in a chunk of one, wherever the model's library puts it."""
    blocks = enumerate(blocks_in(message.get("content")))
    found = [thought for place, block in blocks if (thought := _thought_in(block, place))]
    return found or list(_beside(message.get("additional_kwargs") or {}))


def to_thought(thought: Message) -> JsonObject | None:
    """A reasoning message as the block of the one provider that can have sent it; None if there is
    none that could read it again.
    """
    text, sealed = thought["content"], thought.get("encryptedValue")
    if thought["id"].startswith(_PROVIDERS_OWN):
        summary = [{"type": "summary_text", "text": text}] if text else []
        item = {"type": "reasoning", "id": thought["id"], "summary": summary}
        return item | ({"encrypted_content": sealed} if sealed else {})
    if not sealed:
        return None
    if not text:
        return {"type": "redacted_thinking", "data": sealed}
    return {"type": "thinking", "thinking": text, "signature": sealed}


def reasoning_id(message_id: str, number: int = 1) -> str:
    """The id of a message's reasoning whose provider gives it none."""
    return f"{message_id}-reasoning" + (f"-{number}" if number > 1 else "")


def _thought_in(block: Block, place: int) -> Thought | None:
    kind = _kind_of(block)
    if kind is None:
        return None
    inner = block.get(kind)
    own = inner if isinstance(inner, Mapping) else {}
    fields = {**own, **_object(own.get("reasoningText")), **_object(block.get("extras")), **block}
    texts = (_text(fields.get(field)) for field in _SHAPES[kind])
    return Thought(
        text=next((text for text in texts if text), ""),
        id=_texts_only(block.get("id")),
        sealed=next((found for key in _SEALS if (found := _texts_only(fields.get(key)))), ""),
        block=block.get("index", place),
        part=_part(block.get("summary")),
    )


def _kind_of(block: Block) -> str | None:
    """Bedrock's own blocks have no type; Gemini's own are texts that say so."""
    if block.get("thought") is True:
        return "reasoning"
    kind = block.get("type") or next((key for key in block if key == "reasoningContent"), None)
    return kind if kind in _SHAPES else None


def _beside(extra: Mapping[str, Json]) -> Iterator[Thought]:
    """What older versions of the libraries put beside the content."""
    beside = extra.get("reasoning_content", extra.get("reasoning"))
    if isinstance(beside, Mapping):
        thought = _thought_in({**beside, "type": "reasoning"}, 0)
        yield from [thought] if thought else []
    elif text := _text(beside):
        yield Thought(text, block=0)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return next((text for key in _WORDS if (text := _text(value.get(key)))), "")
    if isinstance(value, list):
        return "\n".join(text for each in value if (text := _text(each)))
    return ""


def _part(summary: object) -> object:
    """OpenAI's summaries have parts, with numbers while they stream."""
    last = summary[-1] if isinstance(summary, list) and summary else None
    return last.get("index") if isinstance(last, Mapping) else None


def _object(value: object) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _texts_only(value: object) -> str:
    return value if isinstance(value, str) else ""
