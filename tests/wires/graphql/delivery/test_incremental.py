"""Whatever may come later in an answer: all of it put together is the answer without directives."""

from __future__ import annotations

import dataclasses
import re
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import build_schema, execute_sync, parse

from agui_runtime.core.events import Event
from agui_runtime.wires.graphql.delivery.incremental import Delivery
from agui_runtime.wires.graphql.delivery.plan import Plan
from agui_runtime.wires.graphql.engine.limits import OperationLimits
from agui_runtime.wires.graphql.engine.operations import Operations
from agui_runtime.wires.graphql.nouns.types import CopilotResponse
from agui_runtime.wires.graphql.resolvers import schema as wire
from tests.wires.graphql.merging import Json, merged
from tests.wires.graphql.runs import (
    CUT,
    FAILED,
    FINISHED,
    STARTED,
    STOPPED,
    call,
    custom,
    end_call,
    end_text,
    event,
    open_call,
    open_text,
    projector,
    records,
    result,
    say,
    text,
)

DATA = Path(__file__).parents[3] / "data" / "graphql"
WIRE = orjson.loads((DATA / "client-operations.json").read_bytes())[2]["body"]["query"]
PLAIN_SCHEMA = build_schema(re.sub(r"directive @(defer|stream)", r"directive @no_\1", wire.sdl()))
PREPARED = Operations(wire.build_schema(), OperationLimits(aliases=100))

INPUT = "data: {metadata: {}, messages: [], frontend: {actions: []}}"


def mutation(selection: str, head: str = "mutation") -> str:
    return f"{head} {{ generateCopilotResponse({INPUT}) {{ {selection} }} }}"


STATUS = "status { __typename ... on FailedResponseStatus { code reason details } }"
MESSAGE_STATUS = (
    "status { ... on SuccessMessageStatus { code } ... on FailedMessageStatus { code reason } }"
)
BODIES = """
    ... on TextMessageOutput { content @stream role parentMessageId }
    ... on ActionExecutionMessageOutput { name arguments @stream scope }
    ... on ResultMessageOutput { result actionExecutionId actionName }
    ... on AgentStateMessageOutput { threadId state running agentName nodeName runId active role }
"""

OPERATIONS: dict[str, str] = {
    "as the client sends it": WIRE,
    "without typenames": re.sub(r"\n\s*__typename", "", WIRE),
    "without directives": WIRE.replace("@stream", "").replace("@defer", ""),
    "only deferred": WIRE.replace("@stream", ""),
    "only streamed": WIRE.replace("@defer", ""),
    "first items at once": WIRE.replace("@stream", "@stream(initialCount: 2)"),
    "labels": re.sub(r"@(stream|defer)", lambda m: f'@{m[1]}(label: "{m.start()}")', WIRE),
    "switched off": WIRE.replace("@stream", "@stream(if: false)").replace(
        "@defer", "@defer(if: false)"
    ),
    "the same stream in two fragments": mutation("...A ...B")
    + " fragment A on CopilotResponse { messages @stream(initialCount: 1) { id ...T } }"
    " fragment B on CopilotResponse { messages @stream(initialCount: 1) { __typename ...T } }"
    " fragment T on TextMessageOutput { content @stream }",
    "aliases": mutation(
        "thread: threadId again: threadId ... @defer { how: status { __typename } }"
        " all: messages @stream { key: id ... @defer { done: status { kind: __typename } }"
        " ... on TextMessageOutput { words: content @stream } }"
    ),
    "messages not streamed": mutation(f"threadId {STATUS} messages {{ id {BODIES} }}"),
    "status waits for nothing else": mutation(
        f"... @defer {{ {STATUS} }} messages @stream {{ id {MESSAGE_STATUS} {BODIES} }}"
    ),
    "everything deferred": mutation(
        f"... @defer {{ threadId {STATUS} messages @stream {{ id {BODIES} }}"
        " metaEvents { name } }"
    ),
    "deferred within deferred": mutation(
        f"... @defer {{ threadId ... @defer {{ {STATUS}"
        " ... @defer { runId metaEvents { type } } } }"
        " messages @stream { id"
        " ... @defer { createdAt ... on TextMessageOutput { content @stream } } }"
    ),
    "asked twice, at once and deferred": mutation(
        f"messages {{ id }} ... @defer {{ {STATUS} messages {{ __typename"
        f" ... @defer {{ {MESSAGE_STATUS} }} {BODIES} }} }}"
    ),
    "asked in two deferred fragments": mutation(
        f"... @defer {{ messages {{ id {BODIES} }} {STATUS} }}"
        " ... @defer { messages { createdAt } threadId status { __typename } }"
    ),
    "named fragments": mutation(
        "...Head ...State @defer messages @stream { ...Message ...Ending @defer }"
    )
    + f"""
        fragment Head on CopilotResponse {{ threadId ...State @defer }}
        fragment State on CopilotResponse {{ {STATUS} metaEvents @stream {{ ...Meta }} }}
        fragment Meta on BaseMetaEvent {{ name ... on LangGraphInterruptEvent {{ value }} }}
        fragment Message on BaseMessageOutput {{ id {BODIES} ...Ending @defer }}
        fragment Ending on BaseMessageOutput {{ {MESSAGE_STATUS} createdAt }}
    """,
    "a fragment at once and deferred": mutation("...A @defer ...A messages @stream { id }")
    + "fragment A on CopilotResponse { threadId status { __typename } }",
    "variables decide": mutation(
        f"threadId @skip(if: $yes) runId @include(if: $yes) ... @defer(if: $yes) {{ {STATUS} }}"
        f" messages @stream(if: $yes, initialCount: $some) {{ id @include(if: $no)"
        f" ... on TextMessageOutput @skip(if: $no) {{ content @stream(if: $no) }} }}"
        " ... @include(if: $no) { metaEvents { name } }",
        "mutation ($yes: Boolean!, $no: Boolean = false, $some: Int)",
    ),
    "hardly anything": mutation("threadId"),
    "only what comes late": mutation("... @defer { status { __typename } }"),
    "typename beside the mutation": f"mutation {{ __typename it: generateCopilotResponse({INPUT})"
    " { messages @stream { id } } }",
}

MEANT = {"value": "Go on?", "messages": [{"id": "i1", "role": "assistant", "content": "Hm"}]}

VARIABLES = {
    "data": {"metadata": {}, "messages": [], "frontend": {"actions": []}},
    "yes": True,
    "some": 1,
}

RUNS: dict[str, list[Event]] = {
    "nothing": [STARTED, FINISHED],
    "a text": [STARTED, *text("m1", "Hel", "lo", " you"), FINISHED],
    "two texts at once": [
        STARTED,
        open_text("m1"),
        open_text("m2"),
        say("m1", "a"),
        say("m2", "b"),
        say("m1", "c"),
        end_text("m2"),
        say("m1", "d"),
        end_text("m1"),
        FINISHED,
    ],
    "calls and results": [
        STARTED,
        *text("m1", "Let me see."),
        *call("c1", "look", '{"a":', "1}"),
        open_call("c2", "find"),
        result("c1", "seen"),
        event("TOOL_CALL_ARGS", toolCallId="c2", delta="{}"),
        end_call("c2"),
        result("c2", [{"type": "text", "text": "found"}]),
        FINISHED,
    ],
    "state": [
        STARTED,
        event("STEP_STARTED", stepName="plan"),
        event("STATE_SNAPSHOT", snapshot={"n": 1}),
        *text("m1", "One", "two"),
        event("STATE_DELTA", delta=[{"op": "replace", "path": "/n", "value": 2}]),
        event("STEP_FINISHED", stepName="plan"),
        FINISHED,
    ],
    "an interrupt": [
        STARTED,
        *text("m1", "May I?"),
        custom("on_interrupt", {"q": 1}),
        custom("CopilotKitLangGraphInterruptEvent", MEANT),
        FINISHED,
    ],
    "a failure": [
        STARTED,
        *text("m1", "Fine."),
        open_text("m2"),
        say("m2", "Half"),
        open_call("c1", "look"),
        {**end_call("c1"), **CUT},
        {**end_text("m2"), **CUT},
        FAILED,
    ],
    "a stop": [STARTED, open_text("m1"), say("m1", "Ha"), {**end_text("m1"), **CUT}, STOPPED],
}


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_all_parts_together_are_the_answer_without_directives(
    operation: str, run: str, size: int
) -> None:
    query, variables = OPERATIONS[operation], VARIABLES
    parts, document = delivered(query, variables, RUNS[run], size)
    assert answer(parts) == by_graphql_core(query, variables, document)
    thorough, _ = delivered(query, variables, RUNS[run], size, quick=False)
    assert without_random_ids(parts) == without_random_ids(thorough)


def test_each_word_leaves_with_the_batch_that_brought_it() -> None:
    delivery, made = begun(WIRE)
    delivery.take()
    for number, each in enumerate(records([STARTED, *text("m1", "Hel", "lo")])):
        made.feed([each])
        told = b"".join(delivery.take())
        assert [b"m1" in told, b'["Hel"]' in told, b'["lo"]' in told, b"Success" in told] == [
            number == place for place in (1, 2, 3, 4)
        ]


def test_words_that_are_ready_together_share_one_list() -> None:
    delivery, made = begun(WIRE)
    delivery.take()
    made.feed(records([open_text("m1"), say("m1", "a")]))
    delivery.take()
    made.feed(records([say("m1", "b"), say("m1", "c")]))
    path = ["generateCopilotResponse", "messages", 0, "content", 1]
    assert [orjson.loads(each) for each in delivery.take()] == [
        {"incremental": [{"items": ["b", "c"], "path": path}], "hasNext": True}
    ]


def test_labels_are_told_with_what_they_label() -> None:
    query = mutation(
        '... @defer(label: "end") { status { __typename } }'
        ' messages @stream(label: "m")'
        ' { id ... on TextMessageOutput { content @stream(label: "w") } }'
    )
    parts, _ = delivered(query, {}, RUNS["a text"], 1)
    pieces = [piece for part in parts[1:] for piece in orjson.loads(part).get("incremental", ())]
    assert [piece["label"] for piece in pieces] == ["m", "w", "w", "w", "end"]


@pytest.mark.parametrize("operation", ["without directives", "switched off"])
def test_an_answer_without_directives_is_one_plain_payload(operation: str) -> None:
    parts, _ = delivered(OPERATIONS[operation], {}, RUNS["a text"], 1)
    assert [list(orjson.loads(part)) for part in parts] == [["data"]]


def test_a_message_waits_for_as_many_words_as_are_asked_for_at_once() -> None:
    words = "... on TextMessageOutput { content @stream(initialCount: 2) }"
    delivery, made = begun(mutation(f"messages @stream {{ id {words} }}"))
    delivery.take()
    made.feed(records([open_text("m1"), say("m1", "a")]))
    assert delivery.take() == []
    made.feed(records([say("m1", "b"), say("m1", "c")]))
    [payload] = delivery.take()
    assert [piece["items"] for piece in orjson.loads(payload)["incremental"]] == [
        [{"id": "m1", "content": ["a", "b"]}],
        ["c"],
    ]


def test_fragments_that_spread_each_other_twice_do_not_multiply() -> None:
    chain = [
        f"fragment F{n} on CopilotResponse {{ ...F{n + 1} @defer ...F{n + 1} @defer ...F{n + 1} }}"
        for n in range(40)
    ]
    last = "fragment F40 on CopilotResponse { threadId }"
    parts, _ = delivered(" ".join([mutation("...F0"), *chain, last]), {}, RUNS["nothing"], 1)
    assert answer(parts)["data"]["generateCopilotResponse"] == {"threadId": "thread-1"}


def test_nothing_is_ever_taken_after_the_last_payload() -> None:
    delivery, made = begun(WIRE)
    made.feed(records(RUNS["a text"]))
    assert delivery.take()
    assert delivery.finished
    assert delivery.take() == []


def begun(query: str) -> tuple[Delivery, Any]:
    made = projector()
    return Delivery(plan(query, {}), made.response), made


def plan(query: str, variables: dict[str, Any]) -> Plan:
    prepared = PREPARED.prepare(query, None, variables).plan
    assert prepared is not None
    return prepared


def delivered(
    query: str, variables: dict[str, Any], run: list[Event], size: int, *, quick: bool = True
) -> tuple[list[bytes], CopilotResponse]:
    """The payloads of a run that comes in batches of `size`, and the finished document. What comes
    first, and what only brings pieces, is taken the `quick` way.
    """
    made = projector()
    delivery = Delivery(plan(query, variables), made.response)
    parts = delivery.begin() if quick else delivery.take()
    log = records(run)
    for start in range(0, len(log), size):
        changed = made.feed(log[start : start + size])
        parts += delivery.take() if changed or not quick else delivery.take_pieces()
    assert delivery.finished
    return parts, made.response


def without_random_ids(parts: list[bytes]) -> list[bytes]:
    return [re.sub(rb"ck-[0-9a-f-]{36}", b"", part) for part in parts]


def answer(parts: list[bytes]) -> Json:
    first = orjson.loads(parts[0])
    return first if list(first) == ["data"] and len(parts) == 1 else merged(parts)


def by_graphql_core(query: str, variables: dict[str, Any], document: CopilotResponse) -> Json:
    """An executor that is not ours, on a schema that is only the SDL's text."""
    plain = re.sub(r"@(defer|stream)(\([^)]*\))?", "", query)
    root = {"__typename": "Mutation", "generateCopilotResponse": as_json(document)}
    done = execute_sync(PLAIN_SCHEMA, parse(plain), root, variable_values=variables)
    assert not done.errors
    return {"data": done.data}


def as_json(thing: object) -> Json:
    match thing:
        case Enum():
            return thing.name
        case datetime():
            return thing.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case list():
            return [as_json(each) for each in thing]
        case _ if dataclasses.is_dataclass(thing):
            fields = {each.name: getattr(thing, each.name) for each in dataclasses.fields(thing)}
            shown = {camel(name): as_json(value) for name, value in fields.items()}
            return {"__typename": type(thing).__name__, **shown}
        case _:
            return thing


def camel(name: str) -> str:
    return re.sub("_(.)", lambda match: match[1].upper(), name)
