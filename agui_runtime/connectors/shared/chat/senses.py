"""Pictures and sounds in tools' results, for models that can take them. Pure.

Chat completions have no place for them in a tool's message, so they follow as the user's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from agui_runtime.core.events import Message
from agui_runtime.core.jsontext import Json, JsonObject

Part = JsonObject

# By parts of their names; who knows better sets `ChatOptions.senses`.
_KNOWN = {
    "image": re.compile(
        r"gpt-4o|gpt-4\.[1-9]|gpt-4-(?:turbo|vision)|gpt-[5-9]|chatgpt|(?:^|/)o[1-9]"
        r"|claude|gemini|gemma-?[3-9]|pixtral|llava|llama-?4|vision|omni|multimodal"
        r"|[-.\d]vl?(?:$|[-:@\d])|mistral-(?:small|medium|large)-[3-9]|grok-[4-9]|kimi-k2\.[5-9]"
    ),
    "audio": re.compile(r"audio|omni|gemini"),
}
_NOT = re.compile(r"o[13]-mini|o1-preview|gpt-4o[\w-]*-(?:audio|realtime|transcribe|tts)")


def known_senses(model: str) -> frozenset[str]:
    """The kinds of parts that a model of that name is known to take."""
    name = model.lower()
    found = {kind for kind, pattern in _KNOWN.items() if pattern.search(name)}
    return frozenset(found - {"image"} if _NOT.search(name) else found)


def with_shown(
    messages: Iterable[tuple[Message, Message]],
    senses: frozenset[str],
    written: Callable[[Part], Part],
) -> Iterator[Message]:
    """The written messages (each behind the one that it was made of), and behind each block of
    results what a model with these senses takes of them.
    """
    shown: list[Part] = []
    for message, made in messages:
        if message["role"] != "tool" and shown:
            yield {"role": "user", "content": shown}
            shown = []
        yield made
        if message["role"] == "tool":
            shown += _shown(message, senses, written)
    if shown:
        yield {"role": "user", "content": shown}


def _shown(
    message: Mapping[str, Json], senses: frozenset[str], written: Callable[[Part], Part]
) -> Iterator[Part]:
    content = message["content"]
    parts = [
        part
        for part in (content if isinstance(content, list) else ())
        if part["type"] in senses and part["source"]["type"] != "file"
    ]
    if parts:
        yield {"type": "text", "text": f"[what the tool call {message['toolCallId']} returned]"}
        yield from map(written, parts)
