"""An app's own copy of a request's scope, and the way out of it past its own middlewares."""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

_SEND = "agui_runtime.send"
_FOR_ROUTES = "agui_runtime.send_of_routes"


class OwnScope:
    """A middleware in front of all others of an app: those behind it may write into the scope."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return self._app({**scope, _SEND: send}, receive, send)


def note_send(scope: Scope, send: Send) -> None:
    """Called behind the last of the app's own middlewares, with what it gives to routes."""
    scope[_FOR_ROUTES] = id(send)  # by which `send` does not hold itself: it knows its scope


def send_of_rest(scope: Scope, send: Send) -> Send:
    """Where the rest of an answer goes that begins with `send`: the app's middlewares look at
    nothing but its head, and each would take part in every word. What somebody else has put around
    a route takes part in all.
    """
    rest: Send = scope[_SEND] if scope.get(_FOR_ROUTES) == id(send) else send
    return rest
