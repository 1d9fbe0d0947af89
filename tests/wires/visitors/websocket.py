"""A page on one socket, which sends what is new and reads what the thread holds already."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from agui_runtime.core.events import Event
from tests.wires.visitors.visitor import Client, Received, Turn, of_events
from tests.wires.websocket.serving import Page, events_of


class SocketClient(Client):
    """Talks as a home page does; answers and results go where the socket has a frame for them."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._turns = 0

    async def send(self, turn: Turn) -> AsyncGenerator[Received]:
        self._turns += 1
        id_ = f"q{self._turns}"
        answers = {"resume": turn.answers} if turn.answers else {}
        given = {"runId": turn.run, "messages": turn.messages, "tools": turn.tools, **answers}
        await self._page.send("request", id_, thread_id=turn.thread, input=given)
        while True:
            frame = await self._page.frame()
            assert frame["type"] != "error", frame
            events: list[Event] = events_of(self._page.of(id_))
            if events:
                yield of_events(events)
            if events and events[-1]["type"] in ("RUN_FINISHED", "RUN_ERROR"):
                return

    async def stop(self, received: Received) -> bool:
        await self._page.send("cancel", f"q{self._turns}")
        return True
