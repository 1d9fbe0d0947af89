"""An agent's state in a thread, loaded and saved by a front end. It runs nothing."""

from __future__ import annotations

from agui_runtime import jsontext
from agui_runtime.wires.graphql.context import GraphQLExecutionContext
from agui_runtime.wires.graphql.inputs import LoadAgentStateInput, SaveAgentStateInput, given
from agui_runtime.wires.graphql.messages import legacy
from agui_runtime.wires.graphql.request import conversation, parsed_state
from agui_runtime.wires.graphql.types import LoadAgentStateResponse, SaveAgentStateResponse


async def loaded(
    context: GraphQLExecutionContext, data: LoadAgentStateInput
) -> LoadAgentStateResponse:
    """What the agent left, or was given, in the caller's thread; empty where there is nothing."""
    found = await context.runtime.load_state(
        data.thread_id, data.agent_name, context.caller, context.run_context({}, None)
    )
    state = found.state if found and found.state is not None else {}
    return LoadAgentStateResponse(
        thread_id=data.thread_id,
        thread_exists=found is not None,
        state=jsontext.dumps(state).decode(),
        messages=jsontext.dumps(legacy(found.messages) if found else []).decode(),
        version=found.version if found else 0,
    )


async def saved(
    context: GraphQLExecutionContext, data: SaveAgentStateInput
) -> SaveAgentStateResponse:
    """Save; raises what `CopilotRuntime.save_state` does, and InvalidInput for unreadable JSON."""
    messages = given(data.messages)
    version = await context.runtime.save_state(
        data.thread_id,
        data.agent_name,
        context.caller,
        parsed_state(data.state, context.limits),
        None if messages is None else conversation(messages, context.limits),
        given(data.expected_version),
    )
    context.trace.note("saved version %s of %s", version, data.agent_name)
    return SaveAgentStateResponse(
        thread_id=data.thread_id, agent_name=data.agent_name, version=version
    )
