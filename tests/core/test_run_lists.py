"""With which question a run began, as its first events say."""

from __future__ import annotations

import pytest

from agui_runtime.core.events import Event
from agui_runtime.core.run_lists import question_in

TEA = {"id": "u1", "role": "user", "content": "tea?"}
ANSWER = {"id": "a1", "role": "assistant", "content": "Yes"}


@pytest.mark.parametrize(
    ("event", "question"),
    [
        ({"type": "RUN_STARTED", "input": {"messages": [TEA, ANSWER]}}, "tea?"),
        ({"type": "RUN_STARTED", "input": {"messages": [ANSWER]}}, None),
        ({"type": "RUN_STARTED"}, None),
        ({"type": "MESSAGES_SNAPSHOT", "messages": [TEA]}, None),
        (
            {"type": "MESSAGES_SNAPSHOT", "messages": [TEA], "metadata": {"regenerates": True}},
            "tea?",
        ),
        ({"type": "TEXT_MESSAGE_CONTENT", "delta": "tea?"}, None),
    ],
)
def test_the_question_is_the_last_message_of_the_user(event: Event, question: str | None) -> None:
    assert question_in(event) == question
