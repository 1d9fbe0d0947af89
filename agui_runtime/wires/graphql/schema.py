"""The Strawberry schema: that of CopilotKit 1.10.6, and room for more. Resolvers only delegate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import orjson
import strawberry
from graphql import GraphQLResolveInfo, GraphQLSchema
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from agui_runtime.wires.graphql.context import GraphQLExecutionContext, StartedRun
from agui_runtime.wires.graphql.inputs import (
    GenerateCopilotResponseInput,
    LoadAgentStateInput,
    given,
)
from agui_runtime.wires.graphql.messages import legacy
from agui_runtime.wires.graphql.plan import STREAMED_ROOT
from agui_runtime.wires.graphql.projector import Projector
from agui_runtime.wires.graphql.reading import read
from agui_runtime.wires.graphql.request import run_request
from agui_runtime.wires.graphql.types import (
    SCALARS,
    ActionExecutionMessageOutput,
    Agent,
    AgentsResponse,
    AgentStateMessageOutput,
    CopilotKitLangGraphInterruptEvent,
    CopilotResponse,
    ImageMessageOutput,
    JSONObject,
    LangGraphInterruptEvent,
    LoadAgentStateResponse,
    ResultMessageOutput,
    TextMessageOutput,
)

Info: TypeAlias = strawberry.Info[GraphQLExecutionContext, None]


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "Hello World"

    @strawberry.field
    def available_agents(self, info: Info) -> AgentsResponse:
        agents = info.context.runtime.describe()
        return AgentsResponse(
            agents=[Agent(id=a.name, name=a.name, description=a.description) for a in agents]
        )

    @strawberry.field
    async def load_agent_state(
        self, info: Info, data: LoadAgentStateInput
    ) -> LoadAgentStateResponse:
        context = info.context
        saved = await context.runtime.load_state(data.thread_id, data.agent_name, context.caller)
        state = saved.state if saved and saved.state is not None else {}
        return LoadAgentStateResponse(
            thread_id=data.thread_id,
            thread_exists=saved is not None,
            state=orjson.dumps(state).decode(),
            messages=orjson.dumps(legacy(saved.messages) if saved else []).decode(),
        )


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def generate_copilot_response(
        self,
        info: Info,
        data: GenerateCopilotResponseInput,
        properties: JSONObject | None = strawberry.UNSET,
    ) -> CopilotResponse:
        return await _start(info.context, data, given(properties))


def build_schema() -> GraphQLSchema:
    """The executable schema; its resolvers expect a GraphQLExecutionContext."""
    schema = _strawberry()._schema
    assert schema.mutation_type is not None
    schema.mutation_type.fields[STREAMED_ROOT].resolve = _generate_copilot_response
    return schema


def sdl() -> str:
    """The schema as text, in GraphQL's schema definition language."""
    return print_schema(_strawberry())


async def _start(
    context: GraphQLExecutionContext,
    data: GenerateCopilotResponseInput,
    properties: Mapping[str, Any] | None,
) -> CopilotResponse:
    """Start the run; its document grows after this returns (see `stream`)."""
    surroundings = context.run_context(properties or {}, given(data.frontend.url))
    handle = await context.runtime.start(run_request(data, surroundings))
    context.started = StartedRun(handle, Projector(handle.run))
    return context.started.projector.response


async def _generate_copilot_response(
    root: None,
    info: GraphQLResolveInfo[GraphQLExecutionContext],
    data: Mapping[str, Any],
    properties: Mapping[str, Any] | None = None,
) -> CopilotResponse:
    """As Mutation's, with the input read in a way that long chats can afford."""
    return await _start(info.context, read(GenerateCopilotResponseInput, data), properties)


def _strawberry() -> strawberry.Schema:
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        types=(
            TextMessageOutput,
            ActionExecutionMessageOutput,
            ResultMessageOutput,
            AgentStateMessageOutput,
            ImageMessageOutput,
            LangGraphInterruptEvent,
            CopilotKitLangGraphInterruptEvent,
        ),
        config=StrawberryConfig(scalar_map=SCALARS, enable_experimental_incremental_execution=True),
    )
