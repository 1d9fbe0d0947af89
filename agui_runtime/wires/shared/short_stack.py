"""A FastAPI app whose long streams pass only what `create_app` puts in front of them."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp

from agui_runtime.wires.shared.own_scope import OwnScope


class ShortStack(FastAPI):
    """The framework's outermost layers answer what nobody caught. Here they are behind the app's
    own middlewares, of which the last serves streams: around one they would do nothing but hold
    2 kB, and take part in each of its writes. Whoever adds a middleware has them in front of it.
    """

    def build_middleware_stack(self) -> ASGIApp:
        own = self.user_middleware
        first: object = own[0].cls
        if first is not OwnScope:  # somebody has added one
            return super().build_middleware_stack()
        self.user_middleware = []
        app = super().build_middleware_stack()
        self.user_middleware = own
        for cls, args, kwargs in reversed(own):
            app = cls(app, *args, **kwargs)
        return app
