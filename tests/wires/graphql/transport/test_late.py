"""What GraphQL needs is loaded beside the event loop, and whoever comes earlier waits for it."""

from __future__ import annotations

import asyncio
import threading

import httpx
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from agui_runtime.wires.graphql.transport.late import Late


class Library:
    """Stands for one that takes long to import, and cannot be at the first try if it is broken."""

    def __init__(self, *, broken: bool = False) -> None:
        self.begun, self.may_end = asyncio.Event(), threading.Event()
        self._loop = asyncio.get_running_loop()
        self._broken = broken

    def load(self) -> ASGIApp:
        self._loop.call_soon_threadsafe(self.begun.set)
        self.may_end.wait()
        if self._broken:
            self._broken = False
            raise ImportError("half of it is missing")
        return PlainTextResponse("loaded")


def client(library: Library) -> httpx.AsyncClient:
    app = Starlette(routes=[Route("/late", Late(library.load)), Route("/early", early)])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def early(_: object) -> PlainTextResponse:
    return PlainTextResponse("early")


async def test_others_are_answered_while_first_callers_wait() -> None:
    library = Library()
    async with client(library) as asking, asyncio.TaskGroup() as group:
        first = [group.create_task(asking.get("/late")) for _ in range(3)]
        await library.begun.wait()
        assert (await asking.get("/early")).text == "early"
        assert not any(each.done() for each in first)
        library.may_end.set()
    assert [each.result().text for each in first] == ["loaded"] * 3


async def test_what_could_not_be_loaded_is_tried_again() -> None:
    library = Library(broken=True)
    library.may_end.set()
    async with client(library) as asking:
        assert (await asking.get("/late")).status_code == 500
        assert (await asking.get("/late")).text == "loaded"
