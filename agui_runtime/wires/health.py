"""What orchestrators ask of a server: whether it lives, and whether all its runtimes are ready."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from agui_runtime.core.errors import AguiError
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.shared.request_ids import RequestIds
from agui_runtime.wrappers import breaker_states


def probes(runtimes: Mapping[str, CopilotRuntime]) -> list[Route]:
    """`/healthz` and `/readyz` of a server, whose runtimes are given by their paths.

    Agents that are left alone for a while do not make the server unready; the answer lists them,
    with their paths where there are several runtimes.
    """

    async def ready(request: Request) -> JSONResponse:
        try:
            for runtime in runtimes.values():
                await runtime.check()
        except AguiError as error:
            return JSONResponse({"error": error.code, "message": error.message}, error.status)
        breakers = _breakers(runtimes)
        return JSONResponse({"status": "ready", **({"breakers": breakers} if breakers else {})})

    return [
        Route("/healthz", _healthy),
        Route("/readyz", ready, middleware=[Middleware(RequestIds)]),
    ]


async def _healthy(request: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})


def _breakers(runtimes: Mapping[str, CopilotRuntime]) -> dict[str, str]:
    several = len(runtimes) > 1
    return {
        f"{name} at {path}" if several else name: state
        for path, runtime in runtimes.items()
        for name, state in breaker_states(runtime.agents).items()
    }
