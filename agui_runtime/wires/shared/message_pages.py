"""A thread's messages, so many at a time, the latest first. Pure."""

from __future__ import annotations

from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.fold import Fold
from agui_runtime.core.jsontext import Json, JsonObject


def page_of(folded: Fold, limit: int, before: str | None) -> JsonObject:
    """The latest messages, or those before the one of that id; raises InvalidInput."""
    messages = folded.shared_messages
    stop = len(messages)
    if before is not None:
        places = [index for index, each in enumerate(messages) if each["id"] == before]
        if not places:
            raise InvalidInput("before: give the `before` of an earlier page of this thread")
        stop = places[0]
    start = max(0, stop - limit)
    earlier: Json = messages[start]["id"] if start else None
    return {"messages": messages[start:stop], "page": {"limit": limit, "before": earlier}}
