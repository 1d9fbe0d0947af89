"""How this wire behaves; every default is safe on a public network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.sockets import SocketLimits
from agui_runtime.wires.shared.streaming import KEEP_ALIVE

THREAD_HEADERS = ("x-thread-id", "x-openwebui-chat-id")


@dataclass(frozen=True, slots=True)
class OpenAIOptions:
    """What the handlers of this wire obey: `server` is for all wires of an app, the rest are the
    fields of OpenAIWire.
    """

    server: ServerOptions = field(default_factory=ServerOptions)
    path: str = "/v1"
    keep_alive: float = KEEP_ALIVE
    thread_headers: Sequence[str] = THREAD_HEADERS
    sockets: SocketLimits = field(default_factory=SocketLimits)
