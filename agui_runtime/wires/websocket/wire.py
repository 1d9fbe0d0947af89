"""One socket with many requests, as a wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from starlette.routing import BaseRoute, WebSocketRoute

from agui_runtime.core.demands import a, check_fields
from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.sockets import SocketLimits
from agui_runtime.wires.shared.wire import WireRoute
from agui_runtime.wires.websocket.endpoint import SchemaEndpoint, SocketEndpoint

PLACE = "socket"

SOCKETS = SocketLimits(message=1_000_000)


@explains_arguments
@dataclass(frozen=True, slots=True)
class WebSocketWire:
    """A socket at `/socket` below the `runtimeUrl`, which speaks `agui-mux.1`; a GET there is
    answered with the JSON Schema of its frames. It is among an app's
    wires only where somebody wants it.

    `socket_limits` are those of these sockets, where `operations` are the requests that are open on
    one. Raises Misconfigured for a value of another kind.
    """

    socket_limits: SocketLimits = SOCKETS
    name: ClassVar[str] = "websocket"

    def __post_init__(self) -> None:
        check_fields(self, {"socket_limits": a(SocketLimits)})

    def routes(self, runtime: CopilotRuntime, options: ServerOptions) -> Sequence[BaseRoute]:
        path = f"{options.base}/{PLACE}"
        return [
            WebSocketRoute(path, SocketEndpoint(runtime, options, self.socket_limits)),
            WireRoute(path, SchemaEndpoint(options), direct=True),
        ]

    def claims(self, body: Mapping[str, Json]) -> bool:
        return False
