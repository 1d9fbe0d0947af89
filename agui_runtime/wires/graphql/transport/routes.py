"""What is mounted where: GraphQL over HTTP, event streams and WebSockets, and a page for it."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from agui_runtime.wires.graphql.transport.playground import Playground
from agui_runtime.wires.shared.wire import WireRoute


def routes(
    http: ASGIApp, sockets: ASGIApp, paths: Sequence[str], page: Playground | None
) -> list[BaseRoute]:
    """GraphQL at each of the paths, for front ends of CopilotKit 1.10.6 and older, and for any
    other client. Which pages may call, and open WebSockets, is decided in front of it, see `Gate`.
    The files of `page` are there, where there is one; `http` shows it to browsers.
    """
    made: list[BaseRoute] = []
    for path in paths:
        made.append(WireRoute(path or "/", http, direct=True))
        made.append(WebSocketRoute(path or "/", sockets))
        made.append(Route(f"{path}/health", _healthy, methods=["GET"]))
        if page:
            made.append(Route(f"{path}/playground/{{name}}", page.file, methods=["GET"]))
    return made


async def _healthy(_: Request) -> Response:
    return Response()
