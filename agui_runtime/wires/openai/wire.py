"""OpenAI's protocols over the runtime's agents, as a wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from starlette.routing import BaseRoute, WebSocketRoute

from agui_runtime.core.demands import SECONDS, TEXTS, a, check_fields
from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.openai.errors import refusal_of
from agui_runtime.wires.openai.options import THREAD_HEADERS, OpenAIOptions
from agui_runtime.wires.openai.response_sockets import ResponseSockets
from agui_runtime.wires.openai.routes import OpenAIEndpoint
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.paths import base_of
from agui_runtime.wires.shared.sockets import SocketLimits
from agui_runtime.wires.shared.streaming import KEEP_ALIVE
from agui_runtime.wires.shared.wire import WireRoute

DEFAULT_SOCKETS = SocketLimits()

_DEMANDS = {"keep_alive": SECONDS, "thread_headers": TEXTS, "socket_limits": a(SocketLimits)}


@explains_arguments
@dataclass(frozen=True, slots=True)
class OpenAIWire:
    """It is among an app's wires only where somebody wants it. Clients are given `path` as their
    base URL.

    `keep_alive` is the seconds of silence before a comment, 0 for none. `thread_headers` are those
    that may name the thread of a chat: whoever calls chooses among their own threads.
    `socket_limits` are those of WebSockets, where `operations` are the responses that wait on one.
    Raises Misconfigured for a value of another kind.
    """

    path: str = "/v1"
    keep_alive: float = KEEP_ALIVE
    thread_headers: tuple[str, ...] = THREAD_HEADERS
    socket_limits: SocketLimits = DEFAULT_SOCKETS
    name: ClassVar[str] = "openai"

    def __post_init__(self) -> None:
        check_fields(self, _DEMANDS)
        base_of(self.path, "path of OpenAIWire")

    def routes(self, runtime: CopilotRuntime, options: ServerOptions) -> Sequence[BaseRoute]:
        path = base_of(self.path, "path of OpenAIWire")
        names = [name.lower() for name in self.thread_headers]
        chosen = OpenAIOptions(options, self.keep_alive, path, names, self.socket_limits)
        endpoint, sockets = OpenAIEndpoint(runtime, chosen), ResponseSockets(runtime, chosen)
        return [
            WireRoute(f"{path}/{{rest:path}}", endpoint, direct=True, refusal=refusal_of),
            WebSocketRoute(f"{path}/responses", sockets),
        ]

    def claims(self, body: Mapping[str, Json]) -> bool:
        return False
