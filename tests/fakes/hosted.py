"""What AGUI_APP may name: apps that are mounted, wrapped, or listed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount

from agui_runtime import AguiWire, CopilotRuntime, GraphQLWire, Recording, ServerOptions, create_app
from agui_runtime.connectors.agui import AGUIAgent, RemoteOptions
from tests.runtime.worlds import Scripted, text

__all__ = ["app", "counting", "forwarding", "mounts", "outer", "strange", "wrapped"]


class Typist:
    async def transcribe(self, recording: Recording) -> str:
        return f"{len(recording.data)} bytes"


support = CopilotRuntime({"default": Scripted(*text("m1", "support"))})
sales = CopilotRuntime({"default": Scripted(*text("m2", "sales"))})
entered: list[str] = []

app = create_app(
    support,
    wires=[GraphQLWire(), AguiWire(transcription=Typist())],
    options=ServerOptions(path="/chat"),
)


@asynccontextmanager
async def lifespan(own: FastAPI) -> AsyncIterator[None]:
    entered.append("own")
    yield


outer = FastAPI(lifespan=lifespan)
outer.mount("/inner", create_app(sales))


outer.add_api_route("/entered", lambda: entered)

mounts = [Mount("/support", app), Mount("/sales", outer)]
wrapped = CORSMiddleware(create_app(sales))
forwarding = CopilotRuntime(
    {"default": AGUIAgent("http://127.0.0.1:9", options=RemoteOptions(forward_headers=["x-token"]))}
)
counting = CopilotRuntime(
    {
        "default": Scripted(
            *text("m1", "counted"),
            {"type": "RUN_FINISHED", "usage": [{"model": "counted", "inputTokens": 7}]},
        )
    }
)
strange = [Mount("/support", app), "sales"]
