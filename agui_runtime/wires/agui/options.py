"""How this wire behaves; every default is safe on a public network."""

from __future__ import annotations

from dataclasses import dataclass

from agui_runtime.connectors.transcription import TranscriptionService
from agui_runtime.wires.agui.annotate import Recorder
from agui_runtime.wires.shared.options import WireOptions


@dataclass(frozen=True, slots=True)
class AguiOptions(WireOptions):
    """The rest are the fields of AguiWire."""

    oldest_clients: bool = False
    transcription: TranscriptionService | None = None
    annotations: Recorder | None = None
