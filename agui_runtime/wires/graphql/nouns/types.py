"""What the schema gives out: the nouns of CopilotKit 1.10.6, and what of them is known.

A `CopilotResponse` is a document that grows while its run goes on (see `projector`). Whatever is
not decided yet says so with a Pending status; `knows` tells whether a field has its last value.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from agui_runtime.wires.graphql.nouns.enums import (
    BreakerState,
    FailedResponseStatusReason,
    MessageRole,
    MessageStatusCode,
    MetaEventName,
    ResponseStatusCode,
)
from agui_runtime.wires.graphql.nouns.scalars import JSON, DateTimeISO


@strawberry.type
class PendingMessageStatus:
    code: MessageStatusCode = MessageStatusCode.Pending


@strawberry.type
class SuccessMessageStatus:
    code: MessageStatusCode = MessageStatusCode.Success


@strawberry.type
class FailedMessageStatus:
    reason: str
    code: MessageStatusCode = MessageStatusCode.Failed


MessageStatus: TypeAlias = Annotated[
    PendingMessageStatus | SuccessMessageStatus | FailedMessageStatus,
    strawberry.union("MessageStatus"),
]


@strawberry.interface
class BaseMessageOutput:
    """A message of the answer. Lists that grow are complete, and the status is the last one, once
    the status is not Pending any more.
    """

    id: str
    created_at: DateTimeISO
    status: MessageStatus = strawberry.field(default_factory=PendingMessageStatus)

    def knows(self, attribute: str) -> bool:
        return not isinstance(self.status, PendingMessageStatus)


@strawberry.type
class TextMessageOutput(BaseMessageOutput):
    role: MessageRole = MessageRole.assistant
    content: list[str] = strawberry.field(default_factory=list)
    parent_message_id: str | None = None


@strawberry.type
class ActionExecutionMessageOutput(BaseMessageOutput):
    name: str
    scope: str | None = strawberry.field(
        default=None, deprecation_reason="This field will be removed in a future version"
    )
    arguments: list[str] = strawberry.field(default_factory=list)
    parent_message_id: str | None = None


@strawberry.type
class ResultMessageOutput(BaseMessageOutput):
    action_execution_id: str
    action_name: str
    result: str


@strawberry.type
class AgentStateMessageOutput(BaseMessageOutput):
    thread_id: str
    agent_name: str
    node_name: str
    run_id: str
    active: bool
    state: str
    running: bool
    role: MessageRole = MessageRole.assistant


@strawberry.type
class ImageMessageOutput(BaseMessageOutput):
    format: str
    bytes: str
    role: MessageRole = MessageRole.assistant
    parent_message_id: str | None = None


@strawberry.interface
class BaseMetaEvent:
    name: MetaEventName
    type: str = "MetaEvent"


@strawberry.type
class LangGraphInterruptEvent(BaseMetaEvent):
    value: str
    name: MetaEventName = MetaEventName.LangGraphInterruptEvent
    response: str | None = None


@strawberry.type
class CopilotKitLangGraphInterruptEventData:
    value: str
    messages: list[BaseMessageOutput]


@strawberry.type
class CopilotKitLangGraphInterruptEvent(BaseMetaEvent):
    data: CopilotKitLangGraphInterruptEventData
    name: MetaEventName = MetaEventName.CopilotKitLangGraphInterruptEvent
    response: str | None = None


@strawberry.interface
class BaseResponseStatus:
    code: ResponseStatusCode


@strawberry.type
class PendingResponseStatus(BaseResponseStatus):
    code: ResponseStatusCode = ResponseStatusCode.Pending


@strawberry.type
class SuccessResponseStatus(BaseResponseStatus):
    code: ResponseStatusCode = ResponseStatusCode.Success


@strawberry.type
class FailedResponseStatus(BaseResponseStatus):
    code: ResponseStatusCode = ResponseStatusCode.Failed
    reason: FailedResponseStatusReason = FailedResponseStatusReason.UNKNOWN_ERROR
    details: JSON | None = None


ResponseStatus: TypeAlias = Annotated[
    PendingResponseStatus | SuccessResponseStatus | FailedResponseStatus,
    strawberry.union("ResponseStatus"),
]


@strawberry.type
class OpenAIApiAssistantAPIResponse:
    run_id: str | None = None
    thread_id: str | None = None


@strawberry.type
class ExtensionsResponse:
    openai_assistant_api: OpenAIApiAssistantAPIResponse | None = strawberry.field(
        name="openaiAssistantAPI", default=None
    )


@strawberry.type
class CopilotResponse:
    """The document of one run. `done` is set when no message or meta event can follow."""

    thread_id: str
    run_id: str | None = None
    status: ResponseStatus = strawberry.field(default_factory=PendingResponseStatus)
    messages: list[BaseMessageOutput] = strawberry.field(default_factory=list)
    extensions: ExtensionsResponse | None = None
    meta_events: list[BaseMetaEvent] | None = strawberry.field(default_factory=list)
    done: strawberry.Private[bool] = False

    def knows(self, attribute: str) -> bool:
        if attribute == "status":
            return not isinstance(self.status, PendingResponseStatus)
        return self.done


@strawberry.type(name="Agent")
class ExploredAgent:
    """`capabilities` is what the agent says that it can do, in AG-UI's form; null if it says
    nothing. `breaker` is null for an agent that has none.
    """

    id: str
    name: str
    description: str
    capabilities: JSON | None = None
    breaker: BreakerState | None = None


@strawberry.type
class AgentsResponse:
    agents: list[ExploredAgent]


@strawberry.type
class LoadAgentStateResponse:
    """`state` and `messages` are JSON texts, as the 1.10.6 client parses them. `version` grows with
    each save, and is 0 before the first.
    """

    thread_id: str
    thread_exists: bool
    state: str
    messages: str
    version: int
