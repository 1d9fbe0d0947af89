"""Executes the queries whose plan is `plain`, in a tenth of the time that graphql-core takes.

It is a second way to the same answers: a test compares both.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphql import (
    ExecutionResult,
    GraphQLSchema,
    OperationDefinitionNode,
    get_variable_values,
    located_error,
)
from graphql.execution.values import get_argument_values

from agui_runtime.core.jsontext import Json
from agui_runtime.off_loop import unless_long
from agui_runtime.wires.graphql.answer.context import GraphQLExecutionContext
from agui_runtime.wires.graphql.delivery.incremental import rendered
from agui_runtime.wires.graphql.delivery.plain_plan import PlainQuery
from agui_runtime.wires.graphql.resolvers.direct import DIRECT, DirectInfo

MOST_ERRORS = 50
"""So many faults of variables are told, as graphql-core itself does."""


async def executed(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    plain: PlainQuery,
    variables: Mapping[str, Json],
    context: GraphQLExecutionContext,
) -> ExecutionResult:
    """The result of the query. Its field may not be null, so a failure leaves no data."""
    values = await unless_long(
        context.long,
        get_variable_values,
        schema,
        operation.variable_definitions or (),
        dict(variables),
        max_errors=MOST_ERRORS,
        hide_suggestions=True,
    )
    if isinstance(values, list):
        return ExecutionResult(None, values)
    try:
        arguments = get_argument_values(plain.definition, plain.nodes[0], values, None, True)
        found = await DIRECT[plain.name](None, DirectInfo(context), **arguments)
        return ExecutionResult({plain.field.key: rendered(plain.field, found)}, None)
    except Exception as error:  # noqa: BLE001  # user code, a wire's edge: the client gets every failure
        return ExecutionResult(None, [located_error(error, plain.nodes, [plain.field.key])])
