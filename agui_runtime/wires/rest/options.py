"""How this wire behaves."""

from __future__ import annotations

from dataclasses import dataclass

from agui_runtime.connectors.transcription import TranscriptionService
from agui_runtime.wires.shared.options import ServerOptions


@dataclass(frozen=True, slots=True)
class RestOptions:
    """`server` is for all wires of an app, the rest are the fields of RestWire."""

    server: ServerOptions
    keep_alive: float
    transcription: TranscriptionService | None
