"""Activities that are blocks of structured output, and what stands for them where activities have
no form. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from agui_runtime.core.events import Event, Message
from agui_runtime.core.jsontext import Json

ACTIVITY = "block."
"""What the type of a block's activity begins with; its kind follows."""

FALLBACK = "agui_runtime.fallback"
"""In the metadata of a block that is whole: a text for readers who know no activities."""


def is_whole(activity: Mapping[str, Json]) -> bool:
    """Whether the event, or message, is a block that can be drawn."""
    content = activity.get("content")
    if not activity.get("activityType", "").startswith(ACTIVITY) or not isinstance(content, dict):
        return False
    return content != {"status": "building"} and content.keys() != {"status", "reason"}


def fallback_of(activity: Mapping[str, Json]) -> str | None:
    """The text that stands for it, if it is a block with one."""
    text = (activity.get("metadata") or {}).get(FALLBACK) if is_whole(activity) else None
    return text if isinstance(text, str) and text else None


def text_events(snapshot: Event) -> Iterator[Event]:
    """The events of a text message in place of a block's; none where there is no such text."""
    text = fallback_of(snapshot)
    if text is not None:
        id_ = {"messageId": snapshot["messageId"]}
        yield {"type": "TEXT_MESSAGE_START", **id_, "role": "assistant"}
        yield {"type": "TEXT_MESSAGE_CONTENT", **id_, "delta": text}
        yield {"type": "TEXT_MESSAGE_END", **id_}


def in_words(messages: Iterable[Message]) -> list[Message]:
    """The messages, with texts in place of blocks."""
    return [m if m["role"] != "activity" else _in_words(m) for m in messages]


def _in_words(message: Message) -> Message:
    text = fallback_of(message)
    return message if text is None else {"id": message["id"], "role": "assistant", "content": text}
