"""A request that repeats what the thread holds begins a run as one does whose messages are each
looked at anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, TypeAlias

from ag_ui.core import RunAgentInput
from hypothesis import given, settings, strategies as st

from agui_runtime.core.fold import Fold
from agui_runtime.core.history import Truth, admitted, merged, new_messages, restored
from agui_runtime.core.requests import request_messages
from agui_runtime.runs.opening import Recognized, recall
from agui_runtime.stores.base import AgentState

JsonMessage: TypeAlias = dict[str, Any]

IDS = ("a", "b", "c", "d")
PICTURE = {"type": "image", "source": {"type": "url", "value": "https://example.com/p.png"}}
CONTENTS: Sequence[Any] = ("one", "two", [{"type": "text", "text": "one"}, PICTURE], [])
CALL = {"id": "call", "type": "function", "function": {"name": "pay", "arguments": "{}"}}


def written(message: JsonMessage) -> JsonMessage:
    """A message of AG-UI's, with what its role has besides."""
    if message["role"] == "user":
        return message
    content = message["content"] if isinstance(message["content"], str) else "three"
    said = {**message, "content": content}
    if message["role"] == "tool":
        return {**said, "toolCallId": "call"}
    return {**said, "toolCalls": [CALL]} if message["role"] == "assistant" else said


ROLES = ("user", "assistant", "tool", "system")
messages = st.lists(
    st.fixed_dictionaries(
        {"id": st.sampled_from(IDS), "role": st.sampled_from(ROLES)}
        | {"content": st.sampled_from(CONTENTS), "name": st.sampled_from(["ann", "bob"])}
    ).map(written),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(stored=messages, sent=messages, repeats=st.booleans(), known=st.sets(st.sampled_from(IDS)))
def test_what_the_thread_holds_needs_no_second_look(
    stored: list[JsonMessage], sent: list[JsonMessage], repeats: bool, known: set[str]
) -> None:
    stored = [each for each in stored if each["role"] != "system"]
    sent = deepcopy(stored) + sent if repeats else sent
    request = asking(sent)
    for truth in ("client", "thread"):
        beside = Recognized.of(request.messages, stored, known)
        found = recall(request, truth, AgentState({}, stored), beside)
        got = request_messages(found.request), found.fold, found.rewritten, found.news
        assert got == plainly(request, truth, deepcopy(stored), known)


def plainly(
    request: RunAgentInput, truth: Truth, stored: Sequence[JsonMessage], known: set[str]
) -> tuple[Sequence[JsonMessage], Fold, bool, Sequence[JsonMessage]]:
    """What a request begins with, of which each message is written anew."""
    said = request_messages(request)
    sent = restored(Fold(stored).by_id, said, said)
    counts = admitted(stored, sent) if truth == "thread" else sent
    fold, rewritten = merged(Fold(stored), counts, counts)
    prompts = [each for each in sent if each["role"] == "system"]
    shown = [*prompts, *fold.messages] if truth == "thread" else sent
    return shown, fold, rewritten, new_messages(counts, known)


def asking(sent: Sequence[JsonMessage]) -> RunAgentInput:
    empty: dict[str, Any] = {"tools": [], "context": [], "state": {}, "forwardedProps": {}}
    return RunAgentInput.model_validate({"threadId": "t", "runId": "r", "messages": sent, **empty})
