"""What resolvers get: who asks, for what runtime, and where the run that they start is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from agui_runtime.events import Caller, RunContext
from agui_runtime.runtime import CopilotRuntime, RunHandle
from agui_runtime.wires.graphql.projector import Projector

CLOUD_KEY = "x-copilotcloud-public-api-key"


class StartedRun(NamedTuple):
    """A run, and the projector of its answer; whoever executes the mutation reads on."""

    handle: RunHandle
    projector: Projector


@dataclass(slots=True)
class GraphQLExecutionContext:
    """The `info.context` of one request.

    `headers` are those that the allow-list lets through, `cloud_key` is CopilotKit's public key if
    the front end sent one. `started` is set by the mutation that starts a run.
    """

    runtime: CopilotRuntime
    caller: Caller
    request_id: str
    headers: Mapping[str, str] = field(default_factory=dict)
    cloud_key: str | None = None
    started: StartedRun | None = None

    def run_context(self, properties: Mapping[str, Any], url: str | None) -> RunContext:
        """The surroundings of a run; as in the reference, a cloud key is one of its properties."""
        key = {"copilotCloudPublicApiKey": self.cloud_key} if self.cloud_key else {}
        return RunContext(
            caller=self.caller,
            request_id=self.request_id,
            properties={**properties, **key},
            headers=self.headers,
            url=url,
        )
