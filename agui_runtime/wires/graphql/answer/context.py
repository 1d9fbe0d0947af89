"""What resolvers get: who calls, which runtime, and where they put the run that they start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import strawberry

from agui_runtime.core.events import Caller, RunContext
from agui_runtime.core.jsontext import Json
from agui_runtime.runtime.runtime import CopilotRuntime, RunHandle
from agui_runtime.wires.graphql.answer.projector import Projector
from agui_runtime.wires.graphql.answer.trace import Trace
from agui_runtime.wires.shared.bodies import DEFAULT_LIMITS, BodyLimits
from agui_runtime.wires.shared.pace import FRAME

CLOUD_KEY = "x-copilotcloud-public-api-key"


class Streaming(NamedTuple):
    """How a growing answer is delivered; both in seconds.

    What comes within `frame` is gathered into one part; after `heartbeat` without any, there is a
    sign of life, unless it is 0.
    """

    frame: float = FRAME
    heartbeat: float = 0.0


class StartedAnswer(NamedTuple):
    """A run that a mutation started, and the projector of its answer, which grows with it."""

    handle: RunHandle
    projector: Projector
    streaming: Streaming = Streaming()


@dataclass(slots=True)
class GraphQLExecutionContext:
    """The `info.context` of one request; its `request_id` is the correlation id, `operation_id` the
    client's own. `begun` are the runs that were begun on its connection.

    `headers` are those that the allow-list lets through, `cloud_key` is CopilotKit's public key if
    the front end sent one. `properties` are the front end's, from when a resolver has read them.
    `has_banner`: the front end shows failures by itself. `started` is set by the mutation that
    starts a run. `long` says that there is much in the variables, so that work on them goes to a
    thread.
    """

    runtime: CopilotRuntime
    caller: Caller
    request_id: str
    headers: Mapping[str, str] = field(default_factory=dict)
    cloud_key: str | None = None
    has_banner: bool = True
    properties: Mapping[str, Any] = field(default_factory=dict)
    trace: Trace = field(default_factory=lambda: Trace(""))
    limits: BodyLimits = DEFAULT_LIMITS
    long: bool = False
    started: StartedAnswer | None = None
    operation_id: str = ""
    begun: set[str] = field(default_factory=set)

    def run_context(self, properties: Mapping[str, Json], url: str | None) -> RunContext:
        """The surroundings of a run; as in the reference, a cloud key is one of its properties."""
        key = {"copilotCloudPublicApiKey": self.cloud_key} if self.cloud_key else {}
        self.properties = {**properties, **key}
        return RunContext(
            caller=self.caller,
            request_id=self.request_id,
            properties=self.properties,
            headers=self.headers,
            url=url,
        )


Info: TypeAlias = strawberry.Info[GraphQLExecutionContext, None]
"""What a resolver is given beside its arguments."""
