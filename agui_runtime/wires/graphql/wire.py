"""CopilotKit's GraphQL, as its front ends up to 1.10 speak it, as a wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, ClassVar

from starlette.routing import BaseRoute

from agui_runtime.core.jsontext import Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.off_loop import off_loop
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.graphql.engine.limits import OperationLimits
from agui_runtime.wires.graphql.transport.late import Late
from agui_runtime.wires.graphql.transport.playground import Playground
from agui_runtime.wires.graphql.transport.routes import routes
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.sockets import SocketLimits

if TYPE_CHECKING:
    from agui_runtime.wires.graphql.transport.endpoint import Endpoints

GRAPHQL_PATH = "/graphql"
"""Where people look for GraphQL; the same as the base path."""

LIMITS = OperationLimits()
SOCKET_LIMITS = SocketLimits()


@explains_arguments
@dataclass(frozen=True, slots=True)
class GraphQLWire:
    """GraphQL over HTTP, event streams and WebSockets, and a playground, at the base path and at
    the `aliases`.
    """

    aliases: tuple[str, ...] = (GRAPHQL_PATH,)
    limits: OperationLimits = LIMITS
    socket_limits: SocketLimits = SOCKET_LIMITS
    name: ClassVar[str] = "graphql"

    async def prepare(self) -> None:
        """Load what the first operation needs: a third of a second that nobody has to wait for."""
        await off_loop(_load)

    def routes(self, runtime: CopilotRuntime, options: ServerOptions) -> Sequence[BaseRoute]:
        paths = list(dict.fromkeys((options.base, *self.aliases)))
        page = None if options.production else Playground()

        @cache
        def made() -> Endpoints:
            from agui_runtime.wires.graphql.engine.engine import Engine
            from agui_runtime.wires.graphql.transport.endpoint import endpoints

            engine = Engine(runtime, options, self.limits)
            return endpoints(engine, self.socket_limits, page, paths[0])

        http, sockets = Late(lambda: made().http), Late(lambda: made().sockets)
        return routes(http, sockets, paths, page)

    def claims(self, body: Mapping[str, Json]) -> bool:
        """An operation, or one that the client believes to be known by its hash."""
        return "query" in body or "extensions" in body


def _load() -> None:
    from agui_runtime.wires.graphql.resolvers.schema import build_schema
    from agui_runtime.wires.graphql.transport import endpoint as endpoint

    build_schema()
