"""Who answers a request on the base path, which is the `runtimeUrl` of every generation of clients.

Each wire says of a POST whether it is its own; no wire knows another.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import NamedTuple

from starlette.routing import BaseRoute, Match, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.observation import speak
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.shared.http import ClientGone
from agui_runtime.wires.shared.json_bodies import OpenedBody
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.own_scope import note_send
from agui_runtime.wires.shared.paths import path_within
from agui_runtime.wires.shared.wire import Wire, WireRoute
from agui_runtime.wires.shared.words import Refusal


class Entrance(NamedTuple):
    """A wire, and its route at the base path."""

    wire: Wire
    route: Route


class Door:
    """An ASGI app for the base path. A POST is answered by the first wire that claims its body, any
    other request by the first that takes its method; what nobody claims, and what is no JSON, is
    answered by the first of all, in its own words.
    """

    def __init__(self, entrances: Sequence[Entrance], limits: BodyLimits) -> None:
        self._entrances = entrances
        self._limits = limits
        self._posts = self._open("POST")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST" and len(self._posts) > 1:
            try:
                body = await OpenedBody.read(scope, receive, self._limits)
            except ClientGone:
                return
            entrance = _claimed(self._posts, body.value)
            scope, receive = body.lend(scope, receive)
            del body  # large ones are held by whoever reads them
        else:
            entrance = self._open(scope["method"])[0]
        await entrance.route.handle(scope, receive, send)

    def _open(self, method: str) -> Sequence[Entrance]:
        """Those that take the method; all, where none does."""
        return [each for each in self._entrances if _takes(each.route, method)] or self._entrances


class DirectRoutes:
    """A middleware that serves the direct routes of wires, see `WireRoute`."""

    def __init__(self, app: ASGIApp, routes: Sequence[Route]) -> None:
        self._app = app
        self._routes = [(route.path_regex.match, route) for route in routes]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            note_send(scope, send)
            path = path_within(scope)
            for is_at, route in self._routes:
                if is_at(path):
                    match, found = route.matches(scope)
                    if match is Match.FULL:
                        scope.update(found)
                        return route.app(scope, receive, send)
        return self._app(scope, receive, send)


class Speaking:
    """The app of one of a wire's routes; what it reads from a store is for that wire."""

    def __init__(self, app: ASGIApp, wire: str) -> None:
        self._app = app
        self._wire = wire

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        speak(self._wire)
        return self._app(scope, receive, send)


class Entered(NamedTuple):
    """The routes of all wires of an app, and what the middleware in front has to know of them."""

    routes: Sequence[BaseRoute]
    direct: Sequence[Route]
    forms: Sequence[str]
    json_below: Sequence[str]
    refusals: Mapping[str, Refusal]


def enter(wires: Sequence[Wire], runtime: CopilotRuntime, options: ServerOptions) -> Entered:
    """Let the wires in, in their order, with one door for all at the base path. Raises
    Misconfigured for two of one name, and where none answers.
    """
    if not wires:
        raise Misconfigured("wires: give at least one")
    names = [wire.name for wire in wires]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Misconfigured(f"wires: more than one is named {twice}")
    entrances: list[Entrance] = []
    routes: list[BaseRoute] = []
    for wire in wires:
        for route in wire.routes(runtime, options):
            if isinstance(route, Route | WebSocketRoute):
                route.app = Speaking(route.app, wire.name)
            if isinstance(route, Route) and route.path == options.path:
                entrances.append(Entrance(wire, route))
            else:
                routes.append(route)
    if entrances:
        door = Door(entrances, options.body)
        direct = all(_is_direct(each.route) for each in entrances)
        routes.insert(0, WireRoute(options.path, door, direct=direct))
    return _entered(routes, options)


def _entered(routes: Sequence[BaseRoute], options: ServerOptions) -> Entered:
    own = [route for route in routes if isinstance(route, WireRoute)]
    checked = [each for each in routes if not (isinstance(each, WireRoute) and each.any_type)]
    return Entered(
        routes,
        direct=[route for route in own if _is_direct(route)],
        forms=[route.path for route in own if route.forms],
        json_below=sorted({options.path, *map(_static, checked)}),
        refusals={_static(each): each.refusal for each in own if each.refusal is not None},
    )


def _static(route: BaseRoute) -> str:
    """The route's path up to its first parameter, or the root."""
    return str(getattr(route, "path", "")).partition("/{")[0] or "/"


def _is_direct(route: Route) -> bool:
    return isinstance(route, WireRoute) and route.direct


def _takes(route: Route, method: str) -> bool:
    return not route.methods or method in route.methods


def _claimed(entrances: Sequence[Entrance], body: object) -> Entrance:
    if isinstance(body, Mapping):
        for each in entrances:
            if each.wire.claims(body):
                return each
    return entrances[0]
