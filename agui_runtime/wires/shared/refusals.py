"""Shows the hooks of a runtime which requests were refused, on whatever wire."""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from agui_runtime.core.observation import count_refusals
from agui_runtime.runtime.runtime import CopilotRuntime


class Refusals:
    """A middleware in front of all that refuses, and notes it: see `note_refusal`."""

    def __init__(self, app: ASGIApp, runtime: CopilotRuntime) -> None:
        self._app = app
        self._runtime = runtime

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        count_refusals(self._runtime.count_refusal)
        return self._app(scope, receive, send)
