"""Which operations are valid where fields are streamed, by literals and by variables."""

from __future__ import annotations

from typing import Any

import pytest

from agui_runtime.wires.graphql.engine.limits import OperationLimits
from agui_runtime.wires.graphql.engine.operations import Operations, Refused
from agui_runtime.wires.graphql.resolvers.schema import build_schema

OPERATIONS = Operations(build_schema(), OperationLimits())

MUTATION = """mutation M($data: GenerateCopilotResponseInput!%s) {
  generateCopilotResponse(data: $data) { ...A ...B }
}
fragment A on CopilotResponse { messages %s { id } }
fragment B on CopilotResponse { messages %s { __typename } }"""


def messages(query: str, **variables: Any) -> list[str]:  # noqa: ANN401  # JSON
    """What is wrong with the operation."""
    try:
        OPERATIONS.prepare(query, None, variables)
    except Refused as refused:
        return [error["message"] for error in refused.errors]
    return []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("@stream", "@stream"),
        ("@stream(initialCount: 1)", "@stream(initialCount: 1)"),
        ("@stream(if: true, initialCount: 1)", "@stream(initialCount: 1, if: true)"),
        ("@stream(initialCount: $n)", "@stream(initialCount: $n)"),
    ],
)
def test_fields_with_the_same_stream_are_one_field(one: str, other: str) -> None:
    declared = ", $n: Int" if "$n" in one else ""
    assert messages(MUTATION % (declared, one, other), n=1) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("@stream", ""),
        ("@stream", "@stream(initialCount: 1)"),
        ("@stream(initialCount: 1)", "@stream(initialCount: 2)"),
        ("@stream", "@stream(if: false)"),
    ],
)
def test_fields_with_different_streams_conflict(one: str, other: str) -> None:
    [message] = messages(MUTATION % ("", one, other))
    assert message.startswith("Fields 'messages' conflict")


def test_what_conflicts_below_fields_with_the_same_stream_is_found() -> None:
    query = MUTATION % ("", "@stream", "@stream")
    [message] = messages(query.replace("__typename", "id: __typename"))
    assert "'id' and '__typename' are different fields" in message


NEGATIVE = "initialCount of @stream must not be negative."


@pytest.mark.parametrize("head", ["threads { nodes", "threads { nodes { runs"])
def test_a_stream_begins_with_no_fewer_items_than_none(head: str) -> None:
    query = (
        "query Q($n: Int) { "
        + head
        + " @stream(initialCount: %s) { id } }"
        + " }" * head.count("{")
    )
    literal = query.replace("($n: Int)", "") % "-1"
    assert messages(literal) == [NEGATIVE]
    assert messages(query % "$n", n=-1) == [NEGATIVE]
    assert messages(query.replace("$n: Int", "$n: Int = -2") % "$n") == [NEGATIVE]
    for count in (0, 3, None):
        assert messages(query % "$n", n=count) == []


def test_a_growing_answer_begins_with_no_fewer_items_than_none() -> None:
    stream = "@stream(initialCount: $n)"
    assert messages(MUTATION % (", $n: Int", stream, stream), n=-1) == [NEGATIVE]
