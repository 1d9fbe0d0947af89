"""What an app offers, read from its own tables of routes: methods and paths with ids in braces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fastapi import FastAPI
from starlette.routing import BaseRoute, Route

from agui_runtime.wires.a2a.endpoint import A2AEndpoint
from agui_runtime.wires.agui.routes import AguiEndpoint
from agui_runtime.wires.mcp.routes import McpEndpoint
from agui_runtime.wires.openai.routes import OpenAIEndpoint
from agui_runtime.wires.rest.routes import RestEndpoint
from agui_runtime.wires.shared.wire import WireRoute


class Offer(NamedTuple):
    """A method and a path that are answered; no `method` stands for those that a wire chooses."""

    method: str
    path: str

    def takes(self, method: str, path: str) -> bool:
        """Whether such a request comes here."""
        pattern = re.sub(r"\{\w+\}", "[^/]+", self.path)
        return self.method in ("", method) and re.fullmatch(pattern, path) is not None


def offers(app: FastAPI) -> set[Offer]:
    """All that the app answers over HTTP."""
    return set(_offers(app.routes))


def _offers(routes: Iterable[BaseRoute]) -> Iterator[Offer]:
    for route in routes:
        included = getattr(route, "original_router", None)  # FastAPI keeps routers as they were
        if included is not None:
            yield from _offers(included.routes)
        elif isinstance(route, Route):
            yield from _of_route(route)


def _of_route(route: Route) -> Iterator[Offer]:
    if isinstance(route.endpoint, McpEndpoint):
        yield Offer("POST", route.path)
        return
    if isinstance(getattr(route.endpoint, "__self__", None), A2AEndpoint):
        yield Offer("GET", route.path)  # a card at the root
        return
    base = route.path.removesuffix("/{rest:path}")
    whole = isinstance(route.endpoint, A2AEndpoint | OpenAIEndpoint | RestEndpoint)
    if isinstance(route, WireRoute) and (not whole or base == route.path):
        return  # what it serves is in the table of the endpoint, too
    if (
        isinstance(route.endpoint, A2AEndpoint | AguiEndpoint | OpenAIEndpoint | RestEndpoint)
        and base != route.path
    ):
        yield from (Offer(method, f"{base}/{path}") for method, path in route.endpoint.offered)
    else:
        methods = (route.methods or {""}) - {"HEAD"}
        yield from (Offer(method, route.path) for method in methods)
