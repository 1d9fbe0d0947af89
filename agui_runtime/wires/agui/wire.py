"""The AG-UI routes, as the front ends of CopilotKit since 1.50 use them, as a wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from starlette.routing import BaseRoute

from agui_runtime.connectors.transcription import TranscriptionService
from agui_runtime.core.demands import FLAG, SECONDS, check_fields
from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.agui.annotate import Recorder
from agui_runtime.wires.agui.options import AguiOptions
from agui_runtime.wires.agui.routes import AguiEndpoint
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.streaming import KEEP_ALIVE


@explains_arguments
@dataclass(frozen=True, slots=True)
class AguiWire:
    """It answers everything below the base path, so that others come before it.

    `keep_alive` is the seconds of silence before a comment, 0 for none. `transcription` serves
    `/transcribe`, `annotations` is given what pages post to `/annotate`; without them both refuse.
    `oldest_clients` serves AG-UI clients up to 0.0.47 (react-core 1.50 to 1.53), too: those before
    1.0 then get no reasoning, at which runs of 1.50 end with an error, and all attachments as
    `binary` parts. It has to be set, because what they send is, byte for byte, what clients up to
    0.0.59 send. Raises Misconfigured for a value of another kind.
    """

    keep_alive: float = KEEP_ALIVE
    oldest_clients: bool = False
    transcription: TranscriptionService | None = None
    annotations: Recorder | None = None
    name: ClassVar[str] = "agui"

    def __post_init__(self) -> None:
        check_fields(self, {"keep_alive": SECONDS, "oldest_clients": FLAG})

    def routes(self, runtime: CopilotRuntime, options: ServerOptions) -> Sequence[BaseRoute]:
        own = (self.keep_alive, self.oldest_clients, self.transcription, self.annotations)
        return AguiEndpoint(runtime, AguiOptions(options, *own)).routes()

    def claims(self, body: Mapping[str, Json]) -> bool:
        """The one-route form of its requests."""
        return "method" in body and "query" not in body
