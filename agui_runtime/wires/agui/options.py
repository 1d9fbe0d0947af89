"""How this wire behaves; every default is safe on a public network."""

from __future__ import annotations

from dataclasses import dataclass, field

from agui_runtime.connectors.transcription import TranscriptionService
from agui_runtime.wires.agui.annotate import Recorder
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.streaming import KEEP_ALIVE


@dataclass(frozen=True, slots=True)
class AguiOptions:
    """What the handlers of this wire obey: `server` is for all wires of an app, the rest are the
    fields of AguiWire.
    """

    server: ServerOptions = field(default_factory=ServerOptions)
    keep_alive: float = KEEP_ALIVE
    oldest_clients: bool = False
    transcription: TranscriptionService | None = None
    annotations: Recorder | None = None
