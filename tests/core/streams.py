"""Streams of events for property tests: what agents might emit, sensible or not, from few ids.

Few ids make collisions likely: ids used twice, shared by text and reasoning, closed and reopened.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from hypothesis import settings, strategies as st

from agui_runtime.core.errors import ProtocolFailure
from agui_runtime.core.events import Event, Message
from agui_runtime.core.grammar import Grammar
from agui_runtime.core.shorthand import Shorthand

QUICK = settings(derandomize=True, database=None, deadline=None, max_examples=60)
"""The same examples on every machine, so that a red build is a red build everywhere."""

Strategy = st.SearchStrategy[Event]

MESSAGE = st.sampled_from(["m1", "m2"])
CALL = st.sampled_from(["c1", "c2"])
TEXT = st.sampled_from(["", "a", "b", "c"])
METADATA = st.fixed_dictionaries({}, optional={"k": st.integers(0, 3), "l": st.just(1)})


def event(kind: str, **fields: st.SearchStrategy[Any]) -> Strategy:
    return st.fixed_dictionaries({"type": st.just(kind), **fields})


def streamed(kind: str, **fields: st.SearchStrategy[Any]) -> Strategy:
    optional = {"metadata": METADATA, "subagentRunId": st.just("s1")}
    plain = event(kind, **fields)
    dressed = st.fixed_dictionaries({"type": st.just(kind), **fields}, optional=optional)
    return st.one_of(plain, plain, plain, dressed)


def snapshot_messages() -> st.SearchStrategy[list[Event]]:
    id_ = st.sampled_from(["m1", "m2", "c1", "u1", "v1"])
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "x"}}
    message = st.one_of(
        st.fixed_dictionaries({"id": id_, "role": st.just("user"), "content": st.just("hi")}),
        st.fixed_dictionaries({"id": id_, "role": st.just("reasoning"), "content": st.just("hm")}),
        st.fixed_dictionaries({"id": id_, "role": st.just("assistant"), "content": TEXT}),
        st.fixed_dictionaries(
            {"id": id_, "role": st.just("assistant"), "toolCalls": st.just([call])}
        ),
    )
    return st.lists(message, max_size=3, unique_by=lambda one: str(one["id"]))


def patch() -> st.SearchStrategy[list[Event]]:
    path = st.sampled_from(["/a", "/b", "/a/c", "/x/y", ""])
    add = st.fixed_dictionaries(
        {"op": st.sampled_from(["add", "replace"]), "path": path, "value": VALUE}
    )
    remove = st.fixed_dictionaries({"op": st.just("remove"), "path": path})
    return st.lists(st.one_of(add, remove), max_size=3)


VALUE = st.sampled_from([0, "s", {}, {"c": 1}, [1]])

SPOKEN = [
    streamed("TEXT_MESSAGE_START", messageId=MESSAGE),
    streamed("TEXT_MESSAGE_CONTENT", messageId=MESSAGE, delta=TEXT),
    streamed("TEXT_MESSAGE_CONTENT", messageId=MESSAGE, delta=TEXT),
    streamed("TEXT_MESSAGE_END", messageId=MESSAGE),
    streamed("TOOL_CALL_START", toolCallId=CALL, toolCallName=st.just("f")),
    streamed(
        "TOOL_CALL_START", toolCallId=CALL, toolCallName=st.just("g"), parentMessageId=MESSAGE
    ),
    streamed("TOOL_CALL_ARGS", toolCallId=CALL, delta=TEXT),
    streamed("TOOL_CALL_ARGS", toolCallId=CALL, delta=TEXT),
    streamed("TOOL_CALL_END", toolCallId=CALL),
    event(
        "TOOL_CALL_RESULT",
        messageId=st.sampled_from(["r1", "m2"]),
        toolCallId=CALL,
        content=st.just("done"),
    ),
    streamed("REASONING_MESSAGE_START", messageId=MESSAGE, role=st.just("reasoning")),
    streamed("REASONING_MESSAGE_CONTENT", messageId=MESSAGE, delta=TEXT),
    streamed("REASONING_MESSAGE_END", messageId=MESSAGE),
]
CHUNKED = [
    streamed("TEXT_MESSAGE_CHUNK", messageId=MESSAGE, delta=TEXT),
    event("TEXT_MESSAGE_CHUNK", delta=TEXT),
    streamed("TOOL_CALL_CHUNK", toolCallId=CALL, toolCallName=st.just("f"), delta=TEXT),
    event("TOOL_CALL_CHUNK", delta=TEXT),
    streamed("REASONING_MESSAGE_CHUNK", messageId=MESSAGE, delta=TEXT),
]
BRACKETS = [
    event("REASONING_START", messageId=MESSAGE),
    event("REASONING_END", messageId=MESSAGE),
    event("STEP_STARTED", stepName=st.just("step")),
    event("STEP_FINISHED", stepName=st.just("step")),
    event("SUBAGENT_STARTED", subagentRunId=st.sampled_from(["s1", "s2"]), name=st.just("sub")),
    event("SUBAGENT_FINISHED", subagentRunId=st.sampled_from(["s1", "s2"])),
    event("THINKING_START"),
    event("THINKING_TEXT_MESSAGE_START"),
    event("THINKING_TEXT_MESSAGE_CONTENT", delta=TEXT),
    event("THINKING_TEXT_MESSAGE_END"),
]
WHOLE = [
    event("STATE_SNAPSHOT", snapshot=VALUE),
    event("STATE_DELTA", delta=patch()),
    event("MESSAGES_SNAPSHOT", messages=snapshot_messages()),
    event(
        "ACTIVITY_SNAPSHOT",
        messageId=st.sampled_from(["v1", "m1"]),
        activityType=st.just("plan"),
        content=st.just({"a": 1}),
        replace=st.booleans(),
    ),
    event("ACTIVITY_DELTA", messageId=st.just("v1"), activityType=st.just("plan"), patch=patch()),
    event(
        "REASONING_ENCRYPTED_VALUE",
        subtype=st.sampled_from(["message", "tool-call"]),
        entityId=st.sampled_from(["m1", "c1"]),
        encryptedValue=st.just("e"),
    ),
    event("CUSTOM", name=st.just("n"), value=st.just(1)),
    event("RAW", event=st.just({})),
    event("RUN_STARTED", threadId=st.just("t"), runId=st.just("other")),
]
TERMINALS = st.one_of(
    event("RUN_FINISHED", threadId=st.just("t"), runId=st.just("r")),
    event(
        "RUN_FINISHED",
        threadId=st.just("t"),
        runId=st.just("r"),
        outcome=st.sampled_from(
            [
                {"type": "cancelled"},
                {"type": "interrupt", "interrupts": [{"id": "i", "reason": "input_required"}]},
            ]
        ),
    ),
    event("RUN_ERROR", message=st.just("broken")),
)

EMITTED = st.lists(
    st.one_of(st.one_of(SPOKEN), st.one_of(SPOKEN), st.one_of(CHUNKED + BRACKETS + WHOLE)),
    min_size=20,
    max_size=60,
)
"""What an agent emits, not filtered: much of it is illegal where it stands."""


def accepted(emitted: list[Event], history: Sequence[Message] = ()) -> tuple[list[Event], Grammar]:
    """What is made of the stream when each event that is refused is left out."""
    log: list[Event] = []
    state = Shorthand(lambda: "thought"), Grammar(history)
    for one in emitted:
        shorthand, grammar = copy.deepcopy(state)
        try:
            full = shorthand.expand(copy.deepcopy(one))
            log += [legal for each in full for legal in grammar.accept(each)]
        except ProtocolFailure:
            continue
        state = shorthand, grammar
    return log, state[1]


@st.composite
def runs(draw: st.DrawFn) -> list[Event]:
    """The log of a run that is over; some that failed stay as foreign runtimes leave them, open."""
    given: dict[str, Any] = {"threadId": "t", "runId": "r", "messages": draw(snapshot_messages())}
    if draw(st.booleans()):
        given["state"] = draw(VALUE)
    started = {"type": "RUN_STARTED", "threadId": "t", "runId": "r", "input": given}
    log, grammar = accepted(draw(EMITTED), given["messages"])
    terminal = draw(TERMINALS)
    if terminal["type"] == "RUN_ERROR" and draw(st.booleans()):
        return [started, *log, terminal]
    return [started, *log, *grammar.accept(terminal)]


LOGS = st.lists(runs(), min_size=1, max_size=3).map(
    lambda some: [one for log in some for one in log]
)
"""Logs of one to three finished runs, all of them acceptable to a client."""
