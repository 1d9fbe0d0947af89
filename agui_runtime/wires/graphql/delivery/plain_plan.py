"""Compiles a query that needs no executor: one field that is resolved, and attributes below. Pure.

Done as a `plan` is, once for each query text and set of directive variables.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

from graphql import (
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.execution.values import VariableValues

from agui_runtime.wires.graphql.delivery.plan import Compiler, Level, RootField
from agui_runtime.wires.graphql.delivery.selected import Field


@dataclass(frozen=True, slots=True)
class PlainQuery:
    """A query for one field of the schema's, below which there is nothing but attributes: what is
    resolved, and how to show what it resolves to.
    """

    start: RootField
    field: Field


def compile_plain(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: VariableValues,
    direct: Container[str],
) -> PlainQuery | None:
    """The plan of a query for one of the `direct` fields alone; None for any other operation, and
    where something of the answer has a resolver of its own or may come later.
    """
    query = schema.query_type
    if operation.operation.value != "query" or query is None:
        return None
    compiler = Compiler(schema, fragments, variables)
    level = Level()
    compiler.collect(query, operation.selection_set, level, level.immediate)
    for key, nodes in level.immediate.items():
        name = nodes[0].name.value
        if len(level.immediate) == 1 and name in direct:
            field = compiler.field(query, key, nodes)
            is_plain = compiler.resolvers == 1 and not compiler.incremental
            start = RootField(key, query.fields[name], nodes)
            return PlainQuery(start, field) if is_plain else None
    return None
