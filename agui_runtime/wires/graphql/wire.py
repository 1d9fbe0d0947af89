"""CopilotKit's GraphQL, as its front ends up to 1.10 speak it, as a wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from starlette.routing import BaseRoute

from agui_runtime.core.jsontext import Json
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.graphql.engine.engine import Engine
from agui_runtime.wires.graphql.engine.limits import OperationLimits
from agui_runtime.wires.graphql.transport.routes import routes
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.sockets import SocketLimits

GRAPHQL_PATH = "/graphql"
"""Where people look for GraphQL; the same as the base path."""

LIMITS = OperationLimits()
SOCKET_LIMITS = SocketLimits()


@dataclass(frozen=True, slots=True)
class GraphQLWire:
    """GraphQL over HTTP, event streams and WebSockets, and a playground, at the base path and at
    the `aliases`.
    """

    aliases: tuple[str, ...] = (GRAPHQL_PATH,)
    limits: OperationLimits = LIMITS
    socket_limits: SocketLimits = SOCKET_LIMITS
    name: ClassVar[str] = "graphql"

    def routes(self, runtime: CopilotRuntime, options: ServerOptions) -> Sequence[BaseRoute]:
        engine = Engine(runtime, options, self.limits)
        paths = dict.fromkeys((options.base, *self.aliases))
        return routes(engine, list(paths), self.socket_limits, playground=not options.production)

    def claims(self, body: Mapping[str, Json]) -> bool:
        """An operation, or one that the client believes to be known by its hash."""
        return "query" in body or "extensions" in body
