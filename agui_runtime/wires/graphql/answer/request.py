"""From the mutations' inputs to a RunRequest: messages, tools, state, forwarded values. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime.agents.run_input import typed
from agui_runtime.core import jsontext
from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.events import NO_TOPICS, Message, RunContext, RunRequest, Topics
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.wires.graphql.answer.context import Streaming
from agui_runtime.wires.graphql.answer.messages import to_agui
from agui_runtime.wires.graphql.nouns.enums import (
    ActionInputAvailability,
    CopilotRequestType,
    StreamingDelivery,
)
from agui_runtime.wires.graphql.nouns.inputs import (
    ActionInput,
    AgentSessionInput,
    ExecuteAgentInput,
    ForwardedParametersInput,
    FrontendInput,
    GenerateCopilotResponseInput,
    GenerateCopilotResponseMetadataInput,
    MessageInput,
    MetadataInput,
    MetaEventInput,
    StreamingConfigInput,
    given,
)
from agui_runtime.wires.shared.bodies import DEFAULT_LIMITS, BodyLimits, loaded_at_once

_PARAMETERS = {
    "model": "model",
    "max_tokens": "maxTokens",
    "stop": "stop",
    "tool_choice": "toolChoice",
    "tool_choice_function_name": "toolChoiceFunctionName",
    "temperature": "temperature",
}


def run_request(
    data: GenerateCopilotResponseInput,
    context: RunContext,
    limits: BodyLimits = DEFAULT_LIMITS,
    run_id: str = "",
) -> RunRequest:
    """The run that the mutation asks for, by this id if any; raises InvalidInput and TooLarge.

    Only a chat is part of its thread; suggestions, tasks and completions are ephemeral. The front
    end goes on after server-side actions by itself, with a second request.
    """
    session = given(data.agent_session)
    kind = data.metadata.request_type or CopilotRequestType.Chat
    return RunRequest(
        input=_agent_input(data, context.properties, limits, run_id),
        context=context,
        agent=session.agent_name if session else None,
        ephemeral=kind is not CopilotRequestType.Chat,
        follow_up=False,
        topics=_topics(data),
        states={each.agent_name: _json(each.state, {}, limits) for each in data.agent_states or ()},
    )


def _topics(data: GenerateCopilotResponseInput) -> Topics:
    """What the page wants guardrails to check."""
    guardrails = data.cloud.guardrails if data.cloud else None
    if not guardrails:
        return NO_TOPICS
    rules = guardrails.input_validation_rules
    return Topics(rules.allow_list or (), rules.deny_list or ())


def execution_request(
    data: ExecuteAgentInput, context: RunContext, limits: BodyLimits = DEFAULT_LIMITS
) -> RunRequest:
    """The run that is executed to its end for a caller who does not come back: the agent goes on
    after server-side actions by itself. Raises InvalidInput and TooLarge.
    """
    name, state = given(data.agent_name), given(data.state)
    metadata = data.metadata or MetadataInput()
    response_input = GenerateCopilotResponseInput(
        metadata=GenerateCopilotResponseMetadataInput(request_type=metadata.request_type),
        thread_id=data.thread_id,
        messages=data.messages,
        frontend=FrontendInput(actions=data.actions or [], url=metadata.url),
        forwarded_parameters=data.forwarded_parameters,
        agent_session=AgentSessionInput(agent_name=name) if name else None,
        context=data.context,
    )
    request = run_request(response_input, context, limits)
    if state is not None:
        held = {"state": parsed_state(state, limits)}
        request = replace(request, input=request.input.model_copy(update=held))
    return replace(request, follow_up=True)


def parsed_state(text: str, limits: BodyLimits = DEFAULT_LIMITS) -> JsonObject:
    """An agent's state out of its JSON text; raises InvalidInput and TooLarge."""
    state = _json(text, None, limits)
    if not isinstance(state, dict):
        raise InvalidInput("state: not the JSON text of an object")
    return state


def conversation(sent: Sequence[MessageInput], limits: BodyLimits) -> list[Message]:
    """The messages in AG-UI's form; raises TooLarge."""
    if len(sent) > limits.messages:
        raise limits.exceeded("messages")
    messages = to_agui(sent)
    limits.check_messages(messages)
    return messages


def streaming_of(config: StreamingConfigInput | None) -> Streaming:
    """How the answer is to be delivered; raises InvalidInput for what is out of bounds."""
    if config is None:
        return Streaming()
    frame = _within("frameMilliseconds", given(config.frame_milliseconds), 1, 1000)
    heartbeat = _within("heartbeatSeconds", given(config.heartbeat_seconds), 1, 300) or 0.0
    if frame is not None and config.delivery is StreamingDelivery.Framed:
        return Streaming(frame / 1000, heartbeat)
    return Streaming(heartbeat=heartbeat)


def _within(name: str, value: float | None, least: float, most: float) -> float | None:
    if value is not None and not least <= value <= most:
        raise InvalidInput(f"{name}: {value:g} is not between {least:g} and {most:g}")
    return value


def _agent_input(
    data: GenerateCopilotResponseInput,
    properties: Mapping[str, Any],
    limits: BodyLimits,
    run_id: str,
) -> RunAgentInput:
    session = data.agent_session or None
    state, config = _state_and_config(data, limits)
    made = {
        "threadId": data.thread_id or (session and session.thread_id) or "",
        "runId": run_id,
        "messages": conversation(data.messages, limits),
        "tools": list(_tools(data.frontend.actions, limits, for_model=session is None)),
        "context": [
            {"description": each.description, "value": each.value} for each in data.context or ()
        ],
        "state": state,
        "forwardedProps": _forwarded(data, config, properties),
    }
    return typed(made)


def _state_and_config(
    data: GenerateCopilotResponseInput, limits: BodyLimits
) -> tuple[object, dict[str, Any]]:
    """What the front end holds of the session's agent; unreadable JSON counts as nothing."""
    session = data.agent_session or None
    name = session.agent_name if session else None
    held = next((each for each in data.agent_states or () if each.agent_name == name), None)
    if held is None:
        return {}, {}
    config = _json(held.config or held.configurable or "{}", {}, limits)
    return _json(held.state, {}, limits), config if isinstance(config, dict) else {}


def _tools(
    actions: Iterable[ActionInput], limits: BodyLimits, *, for_model: bool
) -> Iterable[dict[str, Any]]:
    """The actions that may be called, the first of each name; `remote` ones are for agents only.

    A schema that cannot be read fails an agent's request, and means no parameters for a model: so
    does the reference.
    """
    hidden = {ActionInputAvailability.disabled}
    if for_model:
        hidden.add(ActionInputAvailability.remote)
    seen: set[str] = set()
    for action in actions:
        if action.name in seen or action.available in hidden:
            continue
        seen.add(action.name)
        schema = _json(action.json_schema, None, limits)
        if not isinstance(schema, dict) and not for_model:
            raise InvalidInput(f"the jsonSchema of action {action.name!r} is not a JSON object")
        parameters = schema if isinstance(schema, dict) else {}
        yield {"name": action.name, "description": action.description, "parameters": parameters}


def _forwarded(
    data: GenerateCopilotResponseInput, config: dict[str, Any], properties: Mapping[str, Any]
) -> dict[str, Any]:
    """What the reference forwards to its agents, and the model parameters beside it."""
    _check_depth(properties, "properties")
    rest = {key: value for key, value in config.items() if key != "streamSubgraphs"}
    forwarded: dict[str, Any] = {"config": rest}
    answers = [_answer(each) for each in data.meta_events or ()]
    if answers:
        forwarded["metaEvents"] = answers
    if responses := [each["response"] for each in answers if "response" in each]:
        forwarded["command"] = {"resume": responses[0]}
    forwarded["threadMetadata"] = {}
    if data.agent_session and data.agent_session.node_name:
        forwarded["nodeName"] = data.agent_session.node_name
    if config.get("streamSubgraphs"):
        forwarded["streamSubgraphs"] = config["streamSubgraphs"]
    return forwarded | dict(properties) | _parameters(data.forwarded_parameters or None)


def _answer(event: MetaEventInput) -> dict[str, Any]:
    """The page's answer to an interrupt; an empty text is one, too."""
    response = given(event.response)
    answered = {} if response is None else {"response": response}
    return {"name": event.name.value, "value": event.value, **answered}


def _parameters(sent: ForwardedParametersInput | None) -> dict[str, Any]:
    if sent is None:
        return {}
    values = vars(sent)
    return {
        name: values[field]
        for field, name in _PARAMETERS.items()
        if given(values[field]) is not None
    }


def _json(text: str, unreadable: object, limits: BodyLimits) -> object:
    """The value in a JSON text, for which the limits of a body count, too."""
    try:
        return loaded_at_once(text, limits)
    except InvalidInput:
        return unreadable


def _check_depth(value: object, what: str) -> None:
    """What we could not write again must not get in."""
    try:
        jsontext.dumps(value)
    except jsontext.Unencodable:
        raise InvalidInput(f"{what}: nested too deeply") from None
