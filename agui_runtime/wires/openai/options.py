"""How this wire behaves; every default is safe on a public network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from agui_runtime.wires.shared.options import WireOptions
from agui_runtime.wires.shared.sockets import SocketLimits

THREAD_HEADERS = ("x-thread-id", "x-openwebui-chat-id")


@dataclass(frozen=True, slots=True)
class OpenAIOptions(WireOptions):
    """The rest are the fields of OpenAIWire."""

    path: str = "/v1"
    thread_headers: Sequence[str] = THREAD_HEADERS
    sockets: SocketLimits = field(default_factory=SocketLimits)
