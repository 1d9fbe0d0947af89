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
    with their paths where there are several runtimes. Nor do runs that wait for a worker: it says
    that there is none, and in which queues how many wait.
    """

    async def ready(request: Request) -> JSONResponse:
        try:
            for runtime in runtimes.values():
                await runtime.check()
        except AguiError as error:
            return JSONResponse({"error": error.code, "message": error.message}, error.status)
        breakers = _breakers(runtimes)
        more = {**({"breakers": breakers} if breakers else {}), **_without_workers(runtimes)}
        return JSONResponse({"status": "ready", **more})

    return [
        Route("/healthz", _healthy),
        Route("/readyz", ready, middleware=[Middleware(RequestIds)]),
    ]


async def _healthy(request: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})


def _without_workers(runtimes: Mapping[str, CopilotRuntime]) -> dict[str, object]:
    found = [each.launcher.unattended for each in runtimes.values()]
    missing = [each.waiting for each in found if each is not None]
    waiting = {name: count for each in missing for name, count in each.items()}
    if not missing:
        return {}
    return {"workers": 0, **({"waiting": waiting} if waiting else {})}


def _breakers(runtimes: Mapping[str, CopilotRuntime]) -> dict[str, str]:
    several = len(runtimes) > 1
    return {
        f"{name} at {path}" if several else name: state
        for path, runtime in runtimes.items()
        for name, state in breaker_states(runtime.agents).items()
    }
