"""What a thread's messages become when pages send their own view of them."""

from __future__ import annotations

from typing import Any

from agui_runtime.core.fold import Fold
from agui_runtime.core.history import merged, new_messages


def messages(*ids: str, role: str = "user") -> list[dict[str, Any]]:
    return [{"id": each, "role": role, "content": each} for each in ids]


def ids(stored: list[dict[str, Any]], sent: list[dict[str, Any]]) -> list[str]:
    return [message["id"] for message in merged(Fold(stored), sent, sent).fold.messages]


def test_new_messages_are_appended() -> None:
    assert ids(messages("a", "b"), messages("a", "b", "c")) == ["a", "b", "c"]


def test_a_page_that_has_not_seen_the_latest_loses_nothing() -> None:
    assert ids(messages("a", "b", "c"), messages("a", "d")) == ["a", "b", "c", "d"]


def test_a_request_that_ends_at_an_earlier_message_continues_from_there() -> None:
    assert ids(messages("a", "b", "c"), messages("a", "b")) == ["a", "b"]


def test_a_request_with_all_that_is_known_changes_nothing() -> None:
    assert ids(messages("a", "b"), messages("a", "b")) == ["a", "b"]


def test_an_empty_request_changes_nothing() -> None:
    assert ids(messages("a"), []) == ["a"]


def test_prompts_are_not_part_of_the_conversation() -> None:
    prompt = messages("p", role="system")
    assert new_messages(prompt + messages("a"), frozenset()) == messages("a")
    assert ids(messages("a", "b"), prompt + messages("a")) == ["a"]
