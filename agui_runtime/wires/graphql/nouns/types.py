"""What the schema gives out: the nouns of CopilotKit 1.10.6 and our own, and what of them is known.

A `CopilotResponse` is a document that grows while its run goes on (see `projector`). Whatever is
not decided yet says so with a Pending status; `knows` tells whether a field has its last value.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, NewType, TypeAlias

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

DateTimeISO = NewType("DateTimeISO", datetime)
JSON = NewType("JSON", object)
JSONObject = NewType("JSONObject", dict[str, Any])

ECMA_404 = "http://www.ecma-international.org/publications/files/ECMA-ST/ECMA-404.pdf"


def now() -> DateTimeISO:
    return DateTimeISO(datetime.now(UTC))


def _written(moment: object) -> str:
    """Milliseconds and Z, as JavaScript writes a date."""
    if not isinstance(moment, datetime):
        raise GraphQLError(f"DateTimeISO cannot represent {type(moment).__name__}")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _read(value: object) -> datetime:
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise GraphQLError("DateTimeISO must be an ISO 8601 date and time") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise GraphQLError("DateTimeISO must be a string")


def _object(value: object) -> object:
    if not isinstance(value, dict):
        raise GraphQLError("JSONObject must be an object")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    DateTimeISO: strawberry.scalar(
        name="DateTimeISO",
        description=(
            "A date-time string at UTC, such as 2007-12-03T10:15:30Z, compliant with the "
            "`date-time` format outlined in section 5.6 of the RFC 3339 profile of the ISO 8601 "
            "standard for representation of dates and times using the Gregorian calendar."
            "This scalar is serialized to a string in ISO 8601 format and parsed from a string in "
            "ISO 8601 format."
        ),
        serialize=_written,
        parse_value=_read,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description=(
            f"The `JSON` scalar type represents JSON values as specified by [ECMA-404]({ECMA_404})."
        ),
        specified_by_url=ECMA_404,
    ),
    JSONObject: strawberry.scalar(
        name="JSONObject",
        description=(
            "The `JSONObject` scalar type represents JSON objects as specified by "
            f"[ECMA-404]({ECMA_404})."
        ),
        specified_by_url=ECMA_404,
        parse_value=_object,
    ),
}
"""For the schema's `scalar_map`; names and descriptions are the reference's."""


@strawberry.enum(description="The role of the message")
class MessageRole(Enum):
    user = "user"
    assistant = "assistant"
    system = "system"
    tool = "tool"
    developer = "developer"


@strawberry.enum
class MessageStatusCode(Enum):
    Pending = "Pending"
    Success = "Success"
    Failed = "Failed"


@strawberry.enum
class ResponseStatusCode(Enum):
    Pending = "Pending"
    Success = "Success"
    Failed = "Failed"


@strawberry.enum
class FailedResponseStatusReason(Enum):
    GUARDRAILS_VALIDATION_FAILED = "GUARDRAILS_VALIDATION_FAILED"
    MESSAGE_STREAM_INTERRUPTED = "MESSAGE_STREAM_INTERRUPTED"
    UNKNOWN_ERROR = "UNKNOWN_ERROR"


@strawberry.enum(description="Meta event types")
class MetaEventName(Enum):
    LangGraphInterruptEvent = "LangGraphInterruptEvent"
    CopilotKitLangGraphInterruptEvent = "CopilotKitLangGraphInterruptEvent"


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


@strawberry.enum(description="Whether an agent that kept failing is left alone")
class BreakerState(Enum):
    Closed = strawberry.enum_value("closed", description="It is asked")
    Open = strawberry.enum_value("open", description="It is left alone: runs fail at once")
    HalfOpen = strawberry.enum_value("half-open", description="The next run tries again")


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


# Our own names, beside the reference's.


@strawberry.enum(description="Where a run stands")
class RunStatus(Enum):
    Running = "running"
    Finished = "finished"
    Interrupted = "interrupted"
    Stopped = "stopped"
    Failed = "failed"


@strawberry.enum(description="What the runtime tells of a run")
class RuntimeEventName(Enum):
    Started = "Started"
    Retried = "Retried"
    FailedOver = "FailedOver"
    HandedOver = "HandedOver"
    Finished = "Finished"
    Interrupted = "Interrupted"
    Stopped = "Stopped"
    Failed = "Failed"


@strawberry.enum(description="When in a run something happened")
class MetaEventTiming(Enum):
    BeforeAnswer = "BeforeAnswer"
    DuringAnswer = "DuringAnswer"
    AfterAnswer = "AfterAnswer"


@strawberry.type
class MetaEventResponse:
    """What the runtime tells about itself: `status` is where the run stands after it, `timing`
    whether the agent had said anything yet. `code` and `message` say more of a failure.
    """

    event: RuntimeEventName
    status: RunStatus
    timing: MetaEventTiming
    at: DateTimeISO
    thread_id: str
    run_id: str
    agent_name: str
    code: str | None = None
    message: str | None = None


@strawberry.type
class SaveAgentStateResponse:
    """`version` is the one to expect at the next save."""

    thread_id: str
    agent_name: str
    version: int


MessageUnion: TypeAlias = Annotated[
    TextMessageOutput
    | ActionExecutionMessageOutput
    | ResultMessageOutput
    | AgentStateMessageOutput
    | ImageMessageOutput,
    strawberry.union("MessageUnion", description="A message of an answer"),
]

MetaEventUnion: TypeAlias = Annotated[
    LangGraphInterruptEvent | CopilotKitLangGraphInterruptEvent | MetaEventResponse,
    strawberry.union("MetaEventUnion", description="What is told beside the messages"),
]
