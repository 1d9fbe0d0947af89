"""A server whose address clients give as a webhook."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support import served


class Notice(NamedTuple):
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def state(self) -> str:
        task = self.body.get("task", self.body)
        return str(task["status"]["state"])


class Receiver:
    """Answers with these statuses in turn, the last one for ever."""

    def __init__(self, statuses: Sequence[int] = (200,)) -> None:
        self.origin = ""
        self.notices: asyncio.Queue[Notice] = asyncio.Queue()
        self._statuses = list(statuses)
        self.app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["POST"])])

    @property
    def url(self) -> str:
        return f"{self.origin}/hook"

    async def next(self) -> Notice:
        async with asyncio.timeout(20):
            return await self.notices.get()

    async def _answer(self, request: Request) -> Response:
        await self.notices.put(Notice(dict(request.headers), await request.json()))
        status = self._statuses[0] if len(self._statuses) == 1 else self._statuses.pop(0)
        return Response(status_code=status, headers={"location": f"{self.origin}/elsewhere"})


@asynccontextmanager
async def receiving(*statuses: int) -> AsyncIterator[Receiver]:
    receiver = Receiver(statuses or (200,))
    async with served(receiver.app) as receiver.origin:
        yield receiver
