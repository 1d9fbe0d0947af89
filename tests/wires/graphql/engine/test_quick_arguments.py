"""What is made of variables without graphql-core is what is made of what it coerces; what it
refuses is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import get_variable_values
from graphql.execution.values import get_argument_values

from agui_runtime.wires.graphql.engine.limits import OperationLimits
from agui_runtime.wires.graphql.engine.operations import Operation, Operations
from agui_runtime.wires.graphql.nouns.inputs import (
    GenerateCopilotResponseInput,
    StreamingConfigInput,
)
from agui_runtime.wires.graphql.resolvers.reading import read
from agui_runtime.wires.graphql.resolvers.schema import build_schema
from tests.wires.graphql.resolvers.test_reading import FULL

SCHEMA = build_schema()
MUTATION = """
    mutation ($data: GenerateCopilotResponseInput!, $properties: JSONObject,
        $streaming: StreamingConfigInput) {
        generateCopilotResponse(data: $data, properties: $properties, streaming: $streaming) {
            threadId
        }
    }
"""
VARIABLES: dict[str, Any] = {
    "data": FULL,
    "properties": {"any": [None, {"thing": 1.5}]},
    "streaming": {"delivery": "Framed", "heartbeatSeconds": 2},
}
INPUTS = {"data": GenerateCopilotResponseInput, "streaming": StreamingConfigInput}
OTHERS: tuple[Any, ...] = (None, True, 7, 0.5, "other", [], [None], {}, {"other": 1})


def test_arguments_are_made_as_of_what_graphql_core_coerces() -> None:
    operation = prepared(MUTATION)
    assert operation.arguments is not None
    assert operation.arguments.of(VARIABLES) == by_graphql_core(operation, VARIABLES)
    for variables in filter(lambda it: isinstance(it, dict), changed(VARIABLES)):
        quick = operation.arguments.of(variables)
        assert quick in (None, by_graphql_core(operation, variables)), variables


@pytest.mark.parametrize(
    ("usual", "unusual"),
    [
        ("$streaming: StreamingConfigInput", "$streaming: StreamingConfigInput = {delivery: Part}"),
        ("properties: $properties", "properties: {n: $properties}"),
    ],
)
def test_what_has_more_to_it_than_variables_is_left_to_graphql_core(
    usual: str, unusual: str
) -> None:
    assert prepared(MUTATION.replace(usual, unusual)).arguments is None


def prepared(query: str) -> Operation:
    return Operations(SCHEMA, OperationLimits()).prepare(query, None, {})


def by_graphql_core(operation: Operation, variables: dict[str, Any]) -> dict[str, Any] | None:
    """None where it finds anything wrong."""
    values = get_variable_values(SCHEMA, operation.node.variable_definitions or (), variables)
    if isinstance(values, list):
        return None
    assert operation.start is not None
    arguments = get_argument_values(operation.start.definition, operation.start.nodes[0], values)
    return {
        name: read(INPUTS[name], value) if value and name in INPUTS else value
        for name, value in arguments.items()
    }


def changed(value: Any) -> Iterator[Any]:  # noqa: ANN401  # any JSON
    """The value with one thing in it that is another one, is missing, or is there besides."""
    yield from (other for other in OTHERS if other != value)
    if isinstance(value, list):
        for place, each in enumerate(value):
            yield from ([*value[:place], other, *value[place + 1 :]] for other in changed(each))
    if isinstance(value, dict):
        for name, each in value.items():
            yield {key: it for key, it in value.items() if key != name}
            yield from ({**value, name: other} for other in changed(each))
