"""The enums of the schema: those of CopilotKit 1.10.6, then our own."""

from __future__ import annotations

from enum import Enum

import strawberry


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


@strawberry.enum(description="Whether an agent that kept failing is left alone")
class BreakerState(Enum):
    Closed = strawberry.enum_value("closed", description="It is asked")
    Open = strawberry.enum_value("open", description="It is left alone: runs fail at once")
    HalfOpen = strawberry.enum_value("half-open", description="The next run tries again")


@strawberry.enum(description="The type of Copilot request")
class CopilotRequestType(Enum):
    Chat = "Chat"
    Task = "Task"
    TextareaCompletion = "TextareaCompletion"
    TextareaPopover = "TextareaPopover"
    Suggestion = "Suggestion"


@strawberry.enum(description="The availability of the frontend action")
class ActionInputAvailability(Enum):
    disabled = "disabled"
    enabled = "enabled"
    remote = "remote"


@strawberry.enum(description="How the parts of a growing answer are sent")
class StreamingDelivery(Enum):
    Part = "Part"
    Framed = "Framed"


@strawberry.enum(description="Where a run stands")
class RunStatus(Enum):
    Queued = "queued"
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
    Routed = "Routed"
    Finished = "Finished"
    Interrupted = "Interrupted"
    Stopped = "Stopped"
    Failed = "Failed"


@strawberry.enum(description="When in a run something happened")
class MetaEventTiming(Enum):
    BeforeAnswer = "BeforeAnswer"
    DuringAnswer = "DuringAnswer"
    AfterAnswer = "AfterAnswer"
