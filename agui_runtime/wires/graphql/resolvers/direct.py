"""The fields of queries that front ends ask time and again, with resolvers that need nothing but
the context: graphql-core calls them as it does any, and so may who answers without it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, TypeAlias

from graphql import GraphQLSchema

from agui_runtime.core.jsontext import Json
from agui_runtime.wires.graphql.answer.context import GraphQLExecutionContext
from agui_runtime.wires.graphql.nouns.inputs import LoadAgentStateInput
from agui_runtime.wires.graphql.nouns.types import AgentsResponse, LoadAgentStateResponse
from agui_runtime.wires.graphql.resolvers.exploration import agents_of
from agui_runtime.wires.graphql.resolvers.reading import read
from agui_runtime.wires.graphql.resolvers.saved_state import loaded


class DirectInfo(NamedTuple):
    """All that a direct resolver reads of what graphql-core gives to any."""

    context: GraphQLExecutionContext


DirectResolver: TypeAlias = Callable[..., Awaitable[object]]
"""Called with None, a DirectInfo or more, and the field's coerced arguments by name."""


async def _hello(root: None, info: DirectInfo) -> str:
    return "Hello World"


async def _available_agents(root: None, info: DirectInfo) -> AgentsResponse:
    return AgentsResponse(agents=await agents_of(info.context))


async def _load_agent_state(
    root: None, info: DirectInfo, data: Mapping[str, Json] | LoadAgentStateInput
) -> LoadAgentStateResponse:
    return await loaded(info.context, read(LoadAgentStateInput, data))


DIRECT: Mapping[str, DirectResolver] = {
    "hello": _hello,
    "availableAgents": _available_agents,
    "loadAgentState": _load_agent_state,
}


def resolve_directly(schema: GraphQLSchema) -> None:
    """Have graphql-core call the same functions, whoever asks for a direct field beside others."""
    assert schema.query_type is not None
    for name, resolver in DIRECT.items():
        schema.query_type.fields[name].resolve = resolver
