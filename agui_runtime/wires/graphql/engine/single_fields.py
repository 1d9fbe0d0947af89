"""Executes the operations that have one field to resolve, in a tenth of the time that graphql-core
takes: queries whose plan is `plain`, and the mutation whose answer grows.

It is a second way to the same answers: tests compare both.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, get_variable_values, located_error
from graphql.execution.values import get_argument_values

from agui_runtime.core.jsontext import Json
from agui_runtime.off_loop import unless_long
from agui_runtime.wires.graphql.answer.context import GraphQLExecutionContext
from agui_runtime.wires.graphql.delivery.incremental import rendered
from agui_runtime.wires.graphql.delivery.plan import RootField
from agui_runtime.wires.graphql.engine.operations import Operation
from agui_runtime.wires.graphql.resolvers.direct import DirectInfo

MOST_ERRORS = 50
"""So many faults of variables are told, as graphql-core itself does."""


async def executed(
    schema: GraphQLSchema,
    operation: Operation,
    start: RootField,
    variables: Mapping[str, Json],
    context: GraphQLExecutionContext,
) -> ExecutionResult:
    """The result of an operation that begins with `start`, and of which nothing else is resolved.
    The field may not be null, so a failure leaves no data.
    """
    assert start.definition.resolve is not None
    try:
        arguments = await unless_long(context.long, _arguments, schema, operation, start, variables)
        if isinstance(arguments, list):
            return ExecutionResult(None, arguments)
        found = await start.definition.resolve(None, DirectInfo(context), **arguments)
        shown = {start.key: rendered(operation.plain.field, found)} if operation.plain else {}
        return ExecutionResult(shown, None)
    except Exception as error:  # noqa: BLE001  # user code, a wire's edge: the client gets every failure
        return ExecutionResult(None, [located_error(error, start.nodes, [start.key])])


def _arguments(
    schema: GraphQLSchema,
    operation: Operation,
    start: RootField,
    variables: Mapping[str, Json],
) -> Mapping[str, object] | list[GraphQLError]:
    """What the field is resolved with, or what is wrong with the variables, in graphql-core's
    words; raises GraphQLError for what else is wrong with them.
    """
    if operation.arguments is not None:
        quick = operation.arguments.of(variables)
        if quick is not None:
            return quick
    values = get_variable_values(
        schema,
        operation.node.variable_definitions or (),
        dict(variables),
        max_errors=MOST_ERRORS,
        hide_suggestions=True,
    )
    if isinstance(values, list):
        return values
    return get_argument_values(start.definition, start.nodes[0], values, None, True)
