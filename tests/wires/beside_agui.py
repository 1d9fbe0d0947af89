"""Servers of one wire and of AG-UI, whose pages open the threads of both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol, TypeVar

from agui_runtime import AguiWire, CopilotRuntime, ServerOptions, create_app
from agui_runtime.wires.shared.wire import Wire
from tests.support import served

Made = TypeVar("Made", bound=Wire, contravariant=True)


class Serving(Protocol[Made]):
    """Yields the origin of a server that speaks the wire, which is a usual one unless given."""

    def __call__(
        self,
        runtime: CopilotRuntime,
        wire: Made | None = None,
        options: ServerOptions | None = None,
    ) -> AbstractAsyncContextManager[str]: ...


def beside_agui(usual: Callable[[], Made]) -> Serving[Made]:
    """What serves a runtime by that wire and by AG-UI while a block runs."""

    @asynccontextmanager
    async def serving(
        runtime: CopilotRuntime, wire: Made | None = None, options: ServerOptions | None = None
    ) -> AsyncIterator[str]:
        app = create_app(runtime, wires=[wire or usual(), AguiWire()], options=options)
        async with served(app) as origin:
            yield origin

    return serving
