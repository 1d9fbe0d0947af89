"""What the schema takes in: the inputs of CopilotKit 1.10.6, field for field, and our own.

An optional field that was left out is UNSET, which is false; `given` makes it None.
"""

from __future__ import annotations

from typing import TypeVar

import strawberry

from agui_runtime.wires.graphql.nouns.enums import (
    ActionInputAvailability,
    CopilotRequestType,
    MessageRole,
    MetaEventName,
    StreamingDelivery,
)
from agui_runtime.wires.graphql.nouns.scalars import DateTimeISO, JSONObject

T = TypeVar("T")

SCOPE_IS_OLD = "This field will be removed in a future version"


def given(value: T | None) -> T | None:
    """The value, or None if the client left it out."""
    return None if value is strawberry.UNSET else value


@strawberry.input
class LoadAgentStateInput:
    thread_id: str
    agent_name: str


@strawberry.input
class GenerateCopilotResponseMetadataInput:
    request_type: CopilotRequestType | None = strawberry.UNSET


@strawberry.input
class TextMessageInput:
    content: str
    parent_message_id: str | None = strawberry.UNSET
    role: MessageRole


@strawberry.input
class ActionExecutionMessageInput:
    name: str
    arguments: str
    parent_message_id: str | None = strawberry.UNSET
    scope: str | None = strawberry.field(default=strawberry.UNSET, deprecation_reason=SCOPE_IS_OLD)


@strawberry.input
class ResultMessageInput:
    action_execution_id: str
    action_name: str
    parent_message_id: str | None = strawberry.UNSET
    result: str


@strawberry.input
class AgentStateMessageInput:
    thread_id: str
    agent_name: str
    role: MessageRole
    state: str
    running: bool
    node_name: str
    run_id: str
    active: bool


@strawberry.input
class ImageMessageInput:
    format: str
    bytes: str
    parent_message_id: str | None = strawberry.UNSET
    role: MessageRole


@strawberry.input
class MessageInput:
    """One of the five kinds is set."""

    id: str
    created_at: DateTimeISO
    text_message: TextMessageInput | None = strawberry.UNSET
    action_execution_message: ActionExecutionMessageInput | None = strawberry.UNSET
    result_message: ResultMessageInput | None = strawberry.UNSET
    agent_state_message: AgentStateMessageInput | None = strawberry.UNSET
    image_message: ImageMessageInput | None = strawberry.UNSET


@strawberry.input
class ActionInput:
    """A frontend action; `json_schema` is the JSON text of its parameters' schema."""

    name: str
    description: str
    json_schema: str
    available: ActionInputAvailability | None = strawberry.UNSET


@strawberry.input
class FrontendInput:
    to_deprecate_full_context: str | None = strawberry.field(
        name="toDeprecate_fullContext", default=strawberry.UNSET
    )
    actions: list[ActionInput]
    url: str | None = strawberry.UNSET


@strawberry.input
class GuardrailsRuleInput:
    allow_list: list[str] | None = strawberry.field(default_factory=list)
    deny_list: list[str] | None = strawberry.field(default_factory=list)


@strawberry.input
class GuardrailsInput:
    input_validation_rules: GuardrailsRuleInput


@strawberry.input
class CloudInput:
    guardrails: GuardrailsInput | None = strawberry.UNSET


@strawberry.input
class ForwardedParametersInput:
    model: str | None = strawberry.UNSET
    max_tokens: float | None = strawberry.UNSET
    stop: list[str] | None = strawberry.UNSET
    tool_choice: str | None = strawberry.UNSET
    tool_choice_function_name: str | None = strawberry.UNSET
    temperature: float | None = strawberry.UNSET


@strawberry.input
class AgentSessionInput:
    agent_name: str
    thread_id: str | None = strawberry.UNSET
    node_name: str | None = strawberry.UNSET


@strawberry.input
class AgentStateInput:
    """`state` and `config` are JSON texts; pages of 1.6 to 1.8 call the latter `configurable`."""

    agent_name: str
    state: str
    config: str | None = strawberry.UNSET
    configurable: str | None = strawberry.field(
        default=strawberry.UNSET, deprecation_reason="use `config`"
    )


@strawberry.input
class OpenAIApiAssistantAPIInput:
    run_id: str | None = strawberry.UNSET
    thread_id: str | None = strawberry.UNSET


@strawberry.input
class ExtensionsInput:
    openai_assistant_api: OpenAIApiAssistantAPIInput | None = strawberry.field(
        name="openaiAssistantAPI", default=strawberry.UNSET
    )


@strawberry.input
class MetaEventInput:
    name: MetaEventName
    value: str
    response: str | None = strawberry.UNSET
    messages: list[MessageInput] | None = strawberry.UNSET


@strawberry.input
class CopilotContextInput:
    description: str
    value: str


@strawberry.input
class GenerateCopilotResponseInput:
    metadata: GenerateCopilotResponseMetadataInput
    thread_id: str | None = strawberry.UNSET
    run_id: str | None = strawberry.UNSET
    messages: list[MessageInput]
    frontend: FrontendInput
    cloud: CloudInput | None = strawberry.UNSET
    forwarded_parameters: ForwardedParametersInput | None = strawberry.UNSET
    agent_session: AgentSessionInput | None = strawberry.UNSET
    agent_state: AgentStateInput | None = strawberry.UNSET
    agent_states: list[AgentStateInput] | None = strawberry.UNSET
    extensions: ExtensionsInput | None = strawberry.UNSET
    meta_events: list[MetaEventInput] | None = strawberry.UNSET
    context: list[CopilotContextInput] | None = strawberry.UNSET


# Our own names, beside the reference's.


@strawberry.input
class StreamingConfigInput:
    """How a growing answer is delivered.

    `Part`, the default, sends whatever there is, at most every 16 milliseconds. `Framed` gathers
    what comes within `frameMilliseconds` (1 to 1000, 16 if left out) into one part. What comes
    later than that never waits, nor does the first part.
    `heartbeatSeconds` (1 to 300) sends a sign of life whenever nothing else was sent for so long.
    """

    delivery: StreamingDelivery = StreamingDelivery.Part
    frame_milliseconds: int | None = strawberry.UNSET
    heartbeat_seconds: float | None = strawberry.UNSET


@strawberry.input
class MetadataInput:
    """What surrounds a request: its kind (a chat if left out), the page that asks, and properties
    for agents, actions and hooks.
    """

    request_type: CopilotRequestType | None = strawberry.UNSET
    url: str | None = strawberry.UNSET
    properties: JSONObject | None = strawberry.UNSET


@strawberry.input
class SaveAgentStateInput:
    """`state` is the JSON text of an object. Messages that are left out stay as they are.

    With `expectedVersion` the save is refused if another one came first; 0 expects that there is
    nothing yet. Without it, what is there is overwritten.
    """

    thread_id: str
    agent_name: str
    state: str
    messages: list[MessageInput] | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@strawberry.input
class ExecuteAgentInput:
    """A run to its end: the agent `default` if none is named, a new thread if none is given.

    `state` is the JSON text of an object. `actions` are those that the caller carries out.
    """

    agent_name: str | None = strawberry.UNSET
    thread_id: str | None = strawberry.UNSET
    messages: list[MessageInput]
    state: str | None = strawberry.UNSET
    actions: list[ActionInput] | None = strawberry.UNSET
    context: list[CopilotContextInput] | None = strawberry.UNSET
    forwarded_parameters: ForwardedParametersInput | None = strawberry.UNSET
    metadata: MetadataInput | None = strawberry.UNSET
