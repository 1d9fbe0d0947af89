"""Makes ready what is executed: the variables are coerced, of long chats in a thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, GraphQLSchema
from graphql.execution import Executor

from agui_runtime.core.jsontext import Json
from agui_runtime.off_loop import unless_long
from agui_runtime.wires.graphql.answer.context import GraphQLExecutionContext
from agui_runtime.wires.graphql.engine.operations import Operation


@dataclass(frozen=True, slots=True)
class Prepared:
    """An executor that was built beforehand, or why there is none; to be given to graphql-core as
    if it were a class of executors.
    """

    executor: Executor[Any] | list[GraphQLError]

    def build(self, *_: object, **__: object) -> Executor[Any] | list[GraphQLError]:
        return self.executor


async def prepared(
    schema: GraphQLSchema,
    operation: Operation,
    variables: Mapping[str, Json],
    context: GraphQLExecutionContext,
) -> Prepared:
    """What executes the operation with these variables."""
    executor = await unless_long(
        context.long,
        Executor.build,
        schema,
        operation.document,
        context_value=context,
        raw_variable_values=dict(variables),
        operation_name=operation.name,
        hide_suggestions=True,
    )
    return Prepared(executor)


def let_go(executor: Executor[object]) -> None:
    """Have an executor that has done its work refer to itself no longer: it and the run that it
    began are freed at once, and not when the garbage collector comes.
    """
    del executor.async_helpers
