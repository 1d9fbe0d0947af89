"""What is read without pydantic is what pydantic reads, and what it refuses is not read so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest
from ag_ui.core import BaseEvent, Event as AnyEvent, TextMessageStartEvent
from pydantic import TypeAdapter, ValidationError

from agui_runtime.core.short_events import short_event

KINDS = {
    model.model_fields["type"].default.value: model for model in get_args(get_args(AnyEvent)[0])
}
ADAPTER: TypeAdapter[BaseEvent] = TypeAdapter(AnyEvent)

VALUES: Any = (
    "a",
    "assistant",
    "reasoning",
    "tool-call",
    "ä",
    "",
    "\ud800",
    None,
    7,
    {"a": "b"},
    [],
)


def by_pydantic(item: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        return ADAPTER.validate_python(item).model_dump(mode="json", by_alias=True)
    except (ValidationError, ValueError):  # half a character cannot be written
        return None


def items(kind: str) -> Iterator[dict[str, Any]]:
    """One that holds as little as it may, and each with one value more, another or less."""
    fields = {field.alias or name: field for name, field in KINDS[kind].model_fields.items()}
    needed = [key for key, field in fields.items() if field.is_required()]
    for text in ("a", "message"):
        bare = {"type": kind} | dict.fromkeys(needed, text)
        yield bare
        for key in (*fields, "more", *KINDS[kind].model_fields):
            yield {name: bare[name] for name in bare if name != key}
            for value in VALUES:
                yield bare | {key: value}


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_is_read_as_pydantic_reads_it(kind: str) -> None:
    for item in items(kind):
        read, expected = short_event(item), by_pydantic(item)
        assert read is None or read == expected, item
        if expected is not None:
            typed = ADAPTER.validate_python(item)
            read = short_event(typed)
            assert read is None or read == expected, item
            assert read is None or list(read) == list(expected), item


def test_what_begins_and_ends_a_message_is_read_so() -> None:
    start = {"type": "TEXT_MESSAGE_START", "messageId": "a", "role": "assistant"}

    assert short_event(start) == start
    assert short_event(TextMessageStartEvent(message_id="a", role="assistant")) == start
    assert short_event({"type": "TOOL_CALL_END", "toolCallId": "a"})
    assert short_event({"type": "STATE_SNAPSHOT", "snapshot": "a"}) is None
    assert short_event(start | {"type": ["TEXT_MESSAGE_START"]}) is None
