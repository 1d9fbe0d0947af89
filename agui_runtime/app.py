"""Puts everything together: runtime, wires, CORS, health. The only module that knows all others."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.middleware.cors import CORSMiddleware

from agui_runtime.connectors.demo import DemoAgent
from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.errors import AguiError, Misconfigured
from agui_runtime.observe import RunLogger
from agui_runtime.runtime import CopilotRuntime
from agui_runtime.settings import Settings
from agui_runtime.wires.graphql import routes as graphql

GRAPHQL_PATH = "/graphql"
"""Where people look for GraphQL; the same as the base path."""


def create_app(
    runtime: CopilotRuntime,
    *,
    path: str = "/copilotkit",
    cors_origins: Sequence[str] = ("*",),
) -> FastAPI:
    """An ASGI app that serves the runtime at `path`; serve it alone or mount it in your own app.

    `cors_origins`: `*` lets pages of any origin call, without credentials; listed origins may send
    them. Raises Misconfigured for a list that mixes both.
    """
    app = FastAPI(title="agui_runtime", lifespan=_lifespan(runtime), openapi_url=None)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(cors_origins),
        allow_credentials=_with_credentials(cors_origins),
        allow_methods=["GET", "POST", "PATCH", "DELETE", "OPTIONS"],
        allow_headers=["*"],
    )
    app.add_exception_handler(AguiError, _told)
    app.add_api_route("/healthz", _healthy, methods=["GET"])
    for base in dict.fromkeys((path, GRAPHQL_PATH)):
        app.include_router(graphql.routes(runtime, base))
    return app


def runtime_from(settings: Settings) -> CopilotRuntime:
    """The runtime that the environment asks for; raises Misconfigured, saying what to set."""
    if settings.app is not None:
        return _imported(settings.app)
    return CopilotRuntime(agents={"default": _agent(settings)}, hooks=[RunLogger()])


def _agent(settings: Settings) -> object:
    """The model that was asked for, else the demo; never the demo because something is missing."""
    if settings.model is None:
        if settings.openai_base_url is not None:
            raise Misconfigured("AGUI_OPENAI_BASE_URL needs AGUI_MODEL, for example openai/llama3")
        return DemoAgent()
    provider, _, name = settings.model.partition("/")
    if settings.openai_base_url is not None:
        model = name if provider == "openai" else settings.model
        return OpenAIAgent(model, api_key=settings.api_key, base_url=settings.openai_base_url)
    if provider == "openai":
        return OpenAIAgent(name, api_key=_openai_key(settings))
    from agui_runtime.connectors.litellm import LiteLLMAgent  # heavy: only when asked for

    return LiteLLMAgent(settings.model, api_key=settings.api_key)


def _openai_key(settings: Settings) -> str:
    key = settings.api_key or settings.openai_api_key
    if key is None:
        raise Misconfigured(f"AGUI_MODEL={settings.model} needs OPENAI_API_KEY")
    return key


def _imported(target: str) -> CopilotRuntime:
    module, _, name = target.partition(":")
    try:
        found = getattr(importlib.import_module(module), name or "runtime")
    except (ImportError, AttributeError) as error:
        raise Misconfigured(f"AGUI_APP={target}: {error}") from error
    if not isinstance(found, CopilotRuntime):
        raise Misconfigured(f"AGUI_APP={target} is not a CopilotRuntime")
    return found


def _with_credentials(origins: Sequence[str]) -> bool:
    """A browser refuses credentials with a wildcard; a list that mixes them is a mistake."""
    if "*" in origins and len(origins) > 1:
        raise Misconfigured("cors_origins: either '*' or a list of origins, not both")
    return "*" not in origins


def _lifespan(
    runtime: CopilotRuntime,
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await runtime.open()
        try:
            yield
        finally:
            await runtime.close()

    return lifespan


async def _healthy() -> dict[str, str]:
    return {"status": "ok"}


async def _told(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AguiError)
    return JSONResponse({"error": error.code, "message": error.message}, error.status)
