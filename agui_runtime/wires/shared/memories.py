"""What is remembered, as routes show it and files of exports hold it."""

from __future__ import annotations

import time
from collections.abc import Iterable

from agui_runtime.core.jsontext import JsonObject
from agui_runtime.memories import rules
from agui_runtime.memories.entries import Entry, MemoryUnreadable, Unreadable
from agui_runtime.wires.shared.figures import shown_time


def shown_entries(entries: Iterable[Entry | Unreadable]) -> list[JsonObject]:
    """Of one that does not open, no more than that."""
    return [shown_entry(each) for each in entries]


def shown_entry(entry: Entry | Unreadable) -> JsonObject:
    if isinstance(entry, Unreadable):
        code = MemoryUnreadable.code
        return {"id": entry.id, "tier": entry.tier, "readable": False, "code": code}
    origin = entry.origin
    return {
        "id": entry.id,
        "tier": entry.tier,
        "readable": True,
        "text": entry.text,
        "key": entry.key,
        "entity": entry.entity,
        "times": entry.times,
        "confidence": confidence_of(entry),
        "createdAt": shown_time(entry.created_at),
        "updatedAt": shown_time(entry.updated_at),
        "origin": {
            "threadId": origin.thread_id,
            "runId": origin.run_id,
            "messageId": origin.message_id,
            "extractor": origin.extractor,
        },
    }


def confidence_of(entry: Entry) -> float | None:
    """How likely a pattern is to be taken up if it is suggested now; nothing else has any."""
    return rules.strength(entry, time.time()) if entry.tier == "proactive" else None
