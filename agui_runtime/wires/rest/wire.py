"""The agent routes as a wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from starlette.routing import BaseRoute

from agui_runtime.connectors.transcription import TranscriptionService
from agui_runtime.core.demands import SECONDS, check_fields
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.rest.options import RestOptions
from agui_runtime.wires.rest.places import PREFIX
from agui_runtime.wires.rest.routes import RestEndpoint
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.streaming import KEEP_ALIVE


@explains_arguments
@dataclass(frozen=True, slots=True)
class RestWire:
    """Runs and threads below `/api/v1/agent`, described in `/openapi.json` and, for people, at
    `/docs`; in production nobody is shown these two.

    `keep_alive` is the seconds of silence before a comment, 0 for none; `transcription` serves
    `/transcribe`, which refuses without it. Raises Misconfigured for a value of another kind.
    """

    keep_alive: float = KEEP_ALIVE
    transcription: TranscriptionService | None = None
    name: ClassVar[str] = "rest"

    def __post_init__(self) -> None:
        check_fields(self, {"keep_alive": SECONDS})

    def routes(self, runtime: CopilotRuntime, options: ServerOptions) -> Sequence[BaseRoute]:
        if f"{options.base}/".startswith(f"{PREFIX}/"):
            raise Misconfigured(
                f"path={options.path!r} is where the agent routes are: choose another, or leave "
                "rest out of AGUI_WIRES"
            )
        own = RestOptions(options, self.keep_alive, self.transcription)
        return RestEndpoint(runtime, own).routes()

    def claims(self, body: Mapping[str, Json]) -> bool:
        return False
