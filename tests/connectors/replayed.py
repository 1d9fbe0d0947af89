"""A LangGraph server that says again what a real one (langgraph-api 0.16.7) has said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from agui_runtime.connectors.langgraph import LangGraphAgent
from agui_runtime.core.events import ANONYMOUS, Caller, Event
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.page import Page
from tests.connectors.scenes import SCENES, Runs, thread_of
from tests.fakes.options import as_options
from tests.support import served

DATA = Path(__file__).parents[1] / "data" / "langgraph"
THREAD = "6f2b5f0e-2f0e-4d0f-9a51-000000000000"

Answer = dict[str, Any]


class Replayed:
    """Says what a server has said, in the same order, and notes what it is asked."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []
        self._answers = iter(answers)

    async def answer(self, request: Request) -> Response:
        self.requests.append((request.url.path, orjson.loads(await request.body())))
        self.headers.append(dict(request.headers))
        answer = next(self._answers)
        blocks = pieces(answer["answer"].encode(), forever="cut" in answer)
        return StreamingResponse(blocks, answer["status"], media_type=answer["type"])


async def pieces(data: bytes, forever: bool) -> AsyncIterator[bytes]:
    """`forever`: whoever listened once went away before the end."""
    for start in range(0, len(data), 700):
        yield data[start : start + 700]
    if forever:
        await asyncio.Event().wait()


@asynccontextmanager
async def talking(
    answers: Sequence[Answer],
    thread: str = THREAD,
    caller: Caller | None = None,
    **options: Any,  # noqa: ANN401
) -> AsyncIterator[tuple[Page, Replayed]]:
    server = Replayed(answers)
    app = Starlette(routes=[Route("/{path:path}", server.answer, methods=["POST"])])
    async with served(app) as origin:
        agent = LangGraphAgent(origin, "story", **as_options(options))
        runtime = CopilotRuntime(agents={"default": agent})
        yield Page(runtime, thread, caller or ANONYMOUS), server
        await runtime.close()


def recorded(name: str) -> list[Answer]:
    return list(orjson.loads((DATA / f"{name}.json").read_bytes()))


async def played(name: str) -> tuple[Page, Runs]:
    """The scene before the recorded answers, which must be asked for as they were once."""
    scene, answers = SCENES[name], recorded(name)
    async with talking(answers, thread_of(name), **scene.options) as (page, server):
        runs = await scene.play(page)
    assert server.requests == [(each["path"], each["asked"]) for each in answers]
    return page, runs


def streamed(*events: tuple[str, object]) -> list[Answer]:
    """A thread that is new, and a stream that was made up."""
    frames = [f"event: {name}\ndata: {orjson.dumps(data).decode()}\n\n" for name, data in events]
    new = {"status": 404, "type": "application/json", "answer": "{}"}
    return [new, {"status": 200, "type": "text/event-stream", "answer": "".join(frames)}]


def snapshots(events: Sequence[Event]) -> list[Any]:
    return [event["snapshot"] for event in events if event["type"] == "STATE_SNAPSHOT"]


def questions(events: Sequence[Event]) -> list[Any]:
    return [event["value"] for event in events if event.get("name") == "on_interrupt"]
