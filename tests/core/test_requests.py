"""Messages of a request become the JSON that AG-UI's own models make of them, in less time."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

from ag_ui.core import Message as AnyMessage, UserMessage
from hypothesis import given, settings, strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import TypeAdapter, field_serializer

from agui_runtime.core.requests import message_json

MESSAGES: TypeAdapter[AnyMessage] = TypeAdapter(AnyMessage)

TEXTS = st.sampled_from(["", "one", "\ud83d\ude00", "zwei", "\ud800"])
CALL = {"id": "c", "type": "function", "function": {"name": "pay", "arguments": "{}"}}
BESIDE: Mapping[str, SearchStrategy[object]] = {
    "name": TEXTS,
    "subagentRunId": TEXTS,
    "encryptedValue": TEXTS | st.none(),
    "metadata": st.sampled_from([{}, {"a": None}]),
    "error": TEXTS,
    "toolCalls": st.sampled_from([None, [], [CALL]]),
    "anything": st.sampled_from([None, "else", 1]),
}
PARTS = st.just([{"type": "text", "text": "one"}])
NEEDED: Mapping[str, Mapping[str, SearchStrategy[object]]] = {
    "user": {"content": TEXTS | PARTS},
    "assistant": {"content": TEXTS | st.none()},
    "tool": {"content": TEXTS, "toolCallId": st.just("c")},
    "activity": {"content": st.just({"a": None}), "activityType": TEXTS},
    **{role: {"content": TEXTS} for role in ("system", "developer", "reasoning")},
}
messages = st.sampled_from(sorted(NEEDED)).flatmap(
    lambda role: st.fixed_dictionaries(
        {"id": TEXTS, "role": st.just(role), **NEEDED[role]}, optional=dict(BESIDE)
    )
)


@settings(max_examples=300, deadline=None)
@given(messages, st.sampled_from(["", "content", "role", "name"]))
def test_a_message_is_the_json_that_its_model_makes_of_it(
    given: Mapping[str, object], emptied: str
) -> None:
    message = MESSAGES.validate_python(given)
    if emptied in type(message).model_fields:
        setattr(message, emptied, None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what was emptied
        expected = message.model_dump(mode="json", by_alias=True)
    made = message_json(message)
    assert made == expected
    assert list(made) == list(expected)


def test_what_derives_from_a_message_is_dumped_by_its_own_model() -> None:
    class Loud(UserMessage):
        @field_serializer("content")
        def loudly(self, content: str) -> str:
            return content.upper()

    assert message_json(Loud(id="u", content="loud"))["content"] == "LOUD"
