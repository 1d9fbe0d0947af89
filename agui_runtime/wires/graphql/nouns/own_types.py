"""What the schema gives out beside CopilotKit 1.10.6: what the runtime reports of a run, and the
unions of subscriptions and executions.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from agui_runtime.wires.graphql.nouns.enums import MetaEventTiming, RunStatus, RuntimeEventName
from agui_runtime.wires.graphql.nouns.scalars import DateTimeISO
from agui_runtime.wires.graphql.nouns.types import (
    ActionExecutionMessageOutput,
    AgentStateMessageOutput,
    CopilotKitLangGraphInterruptEvent,
    ImageMessageOutput,
    LangGraphInterruptEvent,
    ResultMessageOutput,
    TextMessageOutput,
)


@strawberry.type
class MetaEventResponse:
    """What the runtime tells about itself: `status` is where the run stands after it, `timing`
    whether the agent had said anything yet. `code` and `message` say more of a failure; `routedTo`
    is the agent to which a router gave the message, and `domain` its domain.
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
    routed_to: str | None = None
    domain: str | None = None


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
