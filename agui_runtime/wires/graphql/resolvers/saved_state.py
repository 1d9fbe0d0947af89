"""An agent's state in a thread, loaded and saved by a front end. It runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agui_runtime.core import jsontext
from agui_runtime.core.events import Message
from agui_runtime.off_loop import is_much, unless_long
from agui_runtime.runtime.saved_states import StateUpdate
from agui_runtime.stores.base import AgentState
from agui_runtime.wires.graphql.answer.context import GraphQLExecutionContext
from agui_runtime.wires.graphql.answer.messages import legacy
from agui_runtime.wires.graphql.answer.request import conversation, parsed_state
from agui_runtime.wires.graphql.nouns.inputs import LoadAgentStateInput, SaveAgentStateInput, given
from agui_runtime.wires.graphql.nouns.own_types import SaveAgentStateResponse
from agui_runtime.wires.graphql.nouns.types import LoadAgentStateResponse
from agui_runtime.wires.shared.bodies import BodyLimits


async def loaded(
    context: GraphQLExecutionContext, data: LoadAgentStateInput
) -> LoadAgentStateResponse:
    """What the agent left, or was given, in the caller's thread; empty where there is nothing."""
    found = await context.runtime.saved_states.load(
        data.thread_id, data.agent_name, context.caller, context.run_context({}, None)
    )
    known = found or AgentState()
    messages = known.messages
    long = bool(messages) and is_much(messages)
    state = {} if known.state is None else known.state
    return LoadAgentStateResponse(
        thread_id=data.thread_id,
        thread_exists=found is not None,
        state=jsontext.dumps(state).decode(),
        messages=await unless_long(long, _legacy_json, messages),
        version=known.version,
    )


def _legacy_json(messages: Sequence[Message]) -> str:
    return jsontext.dumps(legacy(messages)).decode()


def _read(
    data: SaveAgentStateInput, limits: BodyLimits
) -> tuple[dict[str, Any], list[Message] | None]:
    messages = given(data.messages)
    made = None if messages is None else conversation(messages, limits)
    return parsed_state(data.state, limits), made


async def saved(
    context: GraphQLExecutionContext, data: SaveAgentStateInput
) -> SaveAgentStateResponse:
    """Save; raises what `SavedStates.save` does, and InvalidInput for unreadable JSON."""
    state, messages = await unless_long(context.long, _read, data, context.limits)
    update = StateUpdate(state, messages, given(data.expected_version))
    version = await context.runtime.saved_states.save(
        data.thread_id, data.agent_name, context.caller, update
    )
    context.trace.note("saved version %s of %s", version, data.agent_name)
    return SaveAgentStateResponse(
        thread_id=data.thread_id, agent_name=data.agent_name, version=version
    )
