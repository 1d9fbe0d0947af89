"""Writes down what a real LangGraph server says to the scenes, for tests that have none.

`python -m tests.peers.recording [scene ...]`, where the graph or the server has changed.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from agui_runtime.connectors.langgraph import LangGraphAgent
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.page import Page
from tests.connectors.replayed import DATA
from tests.connectors.scenes import SCENES, thread_of
from tests.fakes.model import ModelServer
from tests.fakes.options import as_options
from tests.peers.langgraph_dev import langgraph_dev
from tests.support import served


class Recorder:
    """Passes each request on to `origin`; `answers` are what `Replayed` says again."""

    def __init__(self, origin: str) -> None:
        self.answers: list[dict[str, Any]] = []
        self._origin = origin
        self.app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> Response:
        asked = await request.body()
        client = httpx.AsyncClient(base_url=self._origin, timeout=None)
        sent = client.build_request(
            "POST", request.url.path, content=asked, headers={"content-type": "application/json"}
        )
        answer = await client.send(sent, stream=True)
        kind = answer.headers["content-type"]
        known = {"path": request.url.path, "asked": orjson.loads(asked)}
        told = {**known, "status": answer.status_code, "type": kind, "answer": ""}
        self.answers.append(told)

        async def passed() -> AsyncIterator[str]:
            try:
                async for text in answer.aiter_text():
                    told["answer"] += text
                    yield text
            except asyncio.CancelledError:
                told["cut"] = True  # whoever asked went away: nothing more was said
                raise
            finally:
                await answer.aclose()
                await client.aclose()

        return StreamingResponse(passed(), answer.status_code, media_type=kind)


async def _record(origin: str, name: str) -> None:
    scene, recorder = SCENES[name], Recorder(origin)
    async with served(recorder.app) as address:
        agent = LangGraphAgent(address, "story", **as_options(scene.options))
        runtime = CopilotRuntime(agents={"default": agent})
        async with runtime.lifespan():
            await scene.play(Page(runtime, thread_of(name)))
    (DATA / f"{name}.json").write_bytes(orjson.dumps(recorder.answers, option=orjson.OPT_INDENT_2))


async def main(*names: str) -> None:
    """Record these scenes, or all."""
    with ModelServer() as model, langgraph_dev(model.url) as origin:
        for name in names or SCENES:
            await _record(origin, name)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
