"""The AG-UI routes, as the front ends of CopilotKit since 1.50 use them, as a wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from starlette.routing import BaseRoute

from agui_runtime.connectors.transcription import TranscriptionService
from agui_runtime.core.jsontext import Json
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.agui.annotate import Recorder
from agui_runtime.wires.agui.options import AguiOptions
from agui_runtime.wires.agui.routes import AguiEndpoint
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.streaming import KEEP_ALIVE


@dataclass(frozen=True, slots=True)
class AguiWire:
    """It answers everything below the base path, so that others come before it. The fields are
    those of WireOptions that no other wire has.
    """

    keep_alive: float = KEEP_ALIVE
    oldest_clients: bool = False
    transcription: TranscriptionService | None = None
    annotations: Recorder | None = None
    name: ClassVar[str] = "agui"

    def routes(self, runtime: CopilotRuntime, options: ServerOptions) -> Sequence[BaseRoute]:
        own = (self.keep_alive, self.oldest_clients, self.transcription, self.annotations)
        return AguiEndpoint(runtime, AguiOptions(options, *own)).routes()

    def claims(self, body: Mapping[str, Json]) -> bool:
        """The one-route form of its requests."""
        return "method" in body and "query" not in body
