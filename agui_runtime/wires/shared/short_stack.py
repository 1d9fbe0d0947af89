"""A FastAPI app whose long streams pass only what `create_app` puts in front of them."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp

from agui_runtime.wires.shared.own_scope import OwnScope


class ShortStack(FastAPI):
    """The framework's outermost layers answer what nobody caught. Here they are behind the app's
    own middlewares, of which the last serves streams: around one they would do nothing but hold
    1.5 kB, and take part in each of its writes.

    They are in front of it for whoever adds a middleware or a handler of all errors, or is to see
    what was raised (`debug`), and for tools that build the stack in the framework's place
    (OpenTelemetry, Datadog). Those that replace `Starlette.__call__` (Sentry, New Relic) are called
    with each request.
    """

    def build_middleware_stack(self) -> ASGIApp:
        own = self.user_middleware
        if self._is_extended():
            return super().build_middleware_stack()
        self.user_middleware = []
        app = super().build_middleware_stack()
        self.user_middleware = own
        if not isinstance(app, ServerErrorMiddleware):  # a tool's own is to be in front of all
            return super().build_middleware_stack()
        for cls, args, kwargs in reversed(own):
            app = cls(app, *args, **kwargs)
        return app

    def _is_extended(self) -> bool:
        first: object = self.user_middleware[0].cls
        handled = self.exception_handlers.keys()
        return (
            first is not OwnScope
            or self.debug
            or not handled.isdisjoint((500, Exception))
            or "build_middleware_stack" in vars(self)
        )
