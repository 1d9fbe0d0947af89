"""The AG-UI routes, as the front ends of CopilotKit since 1.50 use them, as a wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.routing import BaseRoute

from agui_runtime.connectors.transcription import TranscriptionService
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.agui.annotate import Recorder
from agui_runtime.wires.agui.options import WireOptions
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
        return AguiEndpoint(runtime, options.base, self._with(options), options.places).routes()

    def claims(self, body: Mapping[str, Any]) -> bool:
        """The one-route form of its requests."""
        return "method" in body and "query" not in body

    def _with(self, options: ServerOptions) -> WireOptions:
        body = options.body
        return WireOptions(
            forward_headers=tuple(options.forward_headers),
            max_body=body.bytes,
            max_values=body.values,
            max_depth=body.depth,
            max_messages=body.messages,
            max_parts=body.parts,
            keep_alive=self.keep_alive,
            oldest_clients=self.oldest_clients,
            development=options.development,
            transcription=self.transcription,
            annotations=self.annotations,
        )
