"""The Strawberry schema: that of CopilotKit 1.10.6, and room for more. Resolvers only delegate."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import uuid4

import strawberry
from graphql import GraphQLResolveInfo, GraphQLSchema
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from agui_runtime.off_loop import unless_long
from agui_runtime.wires.graphql.answer.context import GraphQLExecutionContext, Info, StartedAnswer
from agui_runtime.wires.graphql.answer.projector import Projector
from agui_runtime.wires.graphql.answer.releases import FrontEnd
from agui_runtime.wires.graphql.answer.request import execution_request, run_request, streaming_of
from agui_runtime.wires.graphql.delivery.plan import STREAMED_ROOT
from agui_runtime.wires.graphql.nouns.inputs import (
    ExecuteAgentInput,
    GenerateCopilotResponseInput,
    LoadAgentStateInput,
    MetadataInput,
    SaveAgentStateInput,
    StreamingConfigInput,
    given,
)
from agui_runtime.wires.graphql.nouns.own_types import SaveAgentStateResponse
from agui_runtime.wires.graphql.nouns.scalars import SCALARS, DateTimeISO, JSONObject
from agui_runtime.wires.graphql.nouns.types import (
    ActionExecutionMessageOutput,
    AgentsResponse,
    AgentStateMessageOutput,
    CopilotKitLangGraphInterruptEvent,
    CopilotResponse,
    ImageMessageOutput,
    LangGraphInterruptEvent,
    LoadAgentStateResponse,
    ResultMessageOutput,
    TextMessageOutput,
)
from agui_runtime.wires.graphql.resolvers.direct import DirectInfo, resolve_directly
from agui_runtime.wires.graphql.resolvers.execution import AgentExecutionResponse, executed
from agui_runtime.wires.graphql.resolvers.exploration import ExplorationQuery, agents_of
from agui_runtime.wires.graphql.resolvers.memory import MemoryMutation, MemoryQuery
from agui_runtime.wires.graphql.resolvers.reading import read
from agui_runtime.wires.graphql.resolvers.saved_state import loaded, saved
from agui_runtime.wires.graphql.resolvers.subscriptions import Subscription, speed_up
from agui_runtime.wires.graphql.resolvers.usage import (
    Outcomes,
    Usage,
    UsageBy,
    outcomes_of,
    usage_of,
)


@strawberry.type
class Query(ExplorationQuery, MemoryQuery):
    @strawberry.field
    def hello(self) -> str:
        return "Hello World"

    @strawberry.field
    async def available_agents(self, info: Info) -> AgentsResponse:
        return AgentsResponse(agents=await agents_of(info.context))

    @strawberry.field
    async def usage(
        self, info: Info, since: DateTimeISO | None = None, by: UsageBy = UsageBy.MODEL
    ) -> list[Usage]:
        """What the caller's runs took that began since then, a week ago when left out."""
        return await usage_of(info.context, since, by)

    @strawberry.field
    async def outcomes(
        self, info: Info, since: DateTimeISO | None = None, by: UsageBy = UsageBy.MODEL
    ) -> list[Outcomes]:
        """How these runs ended, and medians and 95th percentiles of their times."""
        return await outcomes_of(info.context, since, by)

    @strawberry.field
    async def load_agent_state(
        self, info: Info, data: LoadAgentStateInput
    ) -> LoadAgentStateResponse:
        return await loaded(info.context, data)


@strawberry.type
class Mutation(MemoryMutation):
    @strawberry.mutation
    async def generate_copilot_response(
        self,
        info: Info,
        data: GenerateCopilotResponseInput,
        properties: JSONObject | None = strawberry.UNSET,
        streaming: StreamingConfigInput | None = strawberry.UNSET,
    ) -> CopilotResponse:
        return await _start(info.context, data, given(properties), given(streaming))

    @strawberry.mutation
    async def execute_agent(self, info: Info, data: ExecuteAgentInput) -> AgentExecutionResponse:
        return await _execute(info.context, data)

    @strawberry.mutation
    async def save_agent_state(
        self, info: Info, data: SaveAgentStateInput
    ) -> SaveAgentStateResponse:
        return await saved(info.context, data)


@cache
def build_schema() -> GraphQLSchema:
    """The executable schema, the same for all runtimes; its resolvers expect a
    GraphQLExecutionContext.
    """
    schema = _strawberry()._schema
    assert schema.mutation_type is not None
    fields = schema.mutation_type.fields
    fields[STREAMED_ROOT].resolve = _generate_copilot_response
    fields["executeAgent"].resolve = _execute_agent
    fields["saveAgentState"].resolve = _save_agent_state
    resolve_directly(schema)
    speed_up(schema)
    return schema


def sdl() -> str:
    """The schema as text, in GraphQL's schema definition language."""
    return print_schema(_strawberry())


async def _start(
    context: GraphQLExecutionContext,
    data: GenerateCopilotResponseInput,
    properties: Mapping[str, Any] | None,
    config: StreamingConfigInput | None,
) -> CopilotResponse:
    """Start the run; its document grows after this returns (see `stream`)."""
    streaming = streaming_of(config)
    surroundings = context.run_context(properties or {}, given(data.frontend.url))
    request = await unless_long(
        context.long, run_request, data, surroundings, context.limits, str(uuid4())
    )
    handle = await context.runtime.start(request, begun=False)  # the answer begins without
    front_end = FrontEnd(frozenset(each.name for each in data.frontend.actions), context.has_banner)
    context.started = StartedAnswer(handle, Projector(handle.run, front_end), streaming)
    return context.started.projector.response


async def _generate_copilot_response(
    root: None,
    info: DirectInfo,
    data: Mapping[str, Any] | GenerateCopilotResponseInput,
    properties: Mapping[str, Any] | None = None,
    streaming: Mapping[str, Any] | StreamingConfigInput | None = None,
) -> CopilotResponse:
    """As Mutation's, with the input read in a way that long chats can afford."""
    config = None if streaming is None else read(StreamingConfigInput, streaming)
    if not isinstance(data, GenerateCopilotResponseInput):
        data = await unless_long(info.context.long, read, GenerateCopilotResponseInput, data)
    return await _start(info.context, data, properties, config)


async def _execute(
    context: GraphQLExecutionContext, data: ExecuteAgentInput
) -> AgentExecutionResponse:
    metadata = data.metadata or MetadataInput()
    surroundings = context.run_context(metadata.properties or {}, given(metadata.url))
    request = await unless_long(context.long, execution_request, data, surroundings, context.limits)
    handle = await context.runtime.start(request)
    stopping = context.runtime.options.stop_on_disconnect
    return await executed(handle, stop_if_cancelled=stopping)


async def _execute_agent(
    root: None, info: GraphQLResolveInfo[GraphQLExecutionContext], data: Mapping[str, Any]
) -> AgentExecutionResponse:
    parsed = await unless_long(info.context.long, read, ExecuteAgentInput, data)
    return await _execute(info.context, parsed)


async def _save_agent_state(
    root: None, info: GraphQLResolveInfo[GraphQLExecutionContext], data: Mapping[str, Any]
) -> SaveAgentStateResponse:
    parsed = await unless_long(info.context.long, read, SaveAgentStateInput, data)
    return await saved(info.context, parsed)


def _strawberry() -> strawberry.Schema:
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
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
