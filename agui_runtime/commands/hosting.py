"""What the environment asks to be served, as one app: a runtime, an app of yours, or several."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import fields
from typing import Any, NamedTuple, cast

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Router
from starlette.types import ASGIApp

from agui_runtime.app import Served, create_app
from agui_runtime.commands.thread_files import url_of_threads
from agui_runtime.connectors.demo import DemoAgent
from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.core.errors import Misconfigured
from agui_runtime.hooks.run_log import RunLogger
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.runtime.titles import ThreadNamer
from agui_runtime.settings import Settings
from agui_runtime.wires.agui.options import WireOptions
from agui_runtime.wires.health import probes
from agui_runtime.wires.shared.limits import ServerLimits
from agui_runtime.wires.shared.paths import MountRoots

NOT_OF_AN_APP = frozenset(
    {"app", "store", "data", "drain_seconds", "allow_anonymous", "log_level", "header_seconds"}
    | {"model", "api_key", "openai_api_key", "openai_base_url"}
)
"""The settings that are not arguments of `create_app`."""


class Hosted(NamedTuple):
    """An app, and the runtimes in it, each with the path of its `runtimeUrl`."""

    app: ASGIApp
    served: Sequence[Served]

    @property
    def runtimes(self) -> list[CopilotRuntime]:
        return [each.runtime for each in self.served]


def hosted(settings: Settings) -> Hosted:
    """What is to be served; raises Misconfigured, saying what to set."""
    found = _usual(settings) if settings.app is None else _named(settings.app)
    app = _app(found, settings)
    served = list(runtimes_in(app))
    for each in served:
        alone = len(served) == 1
        each.runtime.store_in(
            settings.store or url_of_threads(settings, "" if alone else each.path)
        )
    return Hosted(app, served)


def runtimes_in(app: object, prefix: str = "") -> Iterator[Served]:
    """The runtimes of an app of `create_app`, or in what such apps are mounted in or wrapped by."""
    served = getattr(getattr(app, "state", None), "served", None)
    if isinstance(served, Served):
        yield served._replace(path=prefix + served.path, mount=prefix)
    elif isinstance(app, Starlette | Router):
        for route in app.routes:
            if isinstance(route, Mount):
                yield from runtimes_in(route.app, prefix + route.path)
    elif hasattr(app, "app"):  # a middleware
        yield from runtimes_in(app.app, prefix)


def mounted(mounts: Sequence[BaseRoute]) -> MountRoots:
    """One app out of several, with `/healthz` and `/readyz`. The lifespans of all of them go for
    it, and a runtime that none of them opens is opened, too.
    """
    apps = [mount.app for mount in mounts if isinstance(mount, Mount)]
    served = list(runtimes_in(Router(mounts)))
    runtimes = {each.path: each.runtime for each in served}
    lifespan = _lifespan(apps, list(runtimes.values()))
    router = Router([*mounts, *probes(runtimes)], lifespan=lifespan, redirect_slashes=False)
    return MountRoots(router, [each.mount for each in served if each.mount == each.path])


def _lifespan(
    apps: Sequence[ASGIApp], runtimes: Sequence[CopilotRuntime]
) -> Callable[[object], AbstractAsyncContextManager[dict[str, Any]]]:
    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[dict[str, Any]]:
        state: dict[str, Any] = {}
        async with AsyncExitStack() as stack:
            for each in apps:
                if isinstance(each, Starlette):
                    context: Any = each.router.lifespan_context(each)  # yields None, or a state
                    state |= await stack.enter_async_context(context) or {}
            for runtime in runtimes:
                if not runtime.is_open:
                    await stack.enter_async_context(runtime.lifespan())
            yield state

    return lifespan


def _named(target: str) -> object:
    module, _, name = target.partition(":")
    try:
        return getattr(importlib.import_module(module), name or "runtime")
    except (ImportError, AttributeError) as error:
        raise Misconfigured(f"AGUI_APP={target}: {error}") from error


def _app(found: object, settings: Settings) -> ASGIApp:
    """The app that AGUI_APP names, or the one for the runtime that it names."""
    if isinstance(found, CopilotRuntime):
        return _app_of(found, settings)
    _refuse_what_it_cannot_obey(settings)
    if isinstance(found, list | tuple) and found and all(isinstance(it, Mount) for it in found):
        return mounted(found)
    if isinstance(found, Starlette) and not hasattr(found.state, "served"):
        return mounted([Mount("", found)])
    if callable(found):
        return cast(ASGIApp, found)
    raise Misconfigured(
        f"AGUI_APP={settings.app} is not a CopilotRuntime, an ASGI app, or a list of Mount(...)"
    )


def _app_of(runtime: CopilotRuntime, settings: Settings) -> ASGIApp:
    return create_app(
        runtime,
        path=settings.path,
        cors_origins=settings.cors_origins,
        allowed_hosts=settings.allowed_hosts,
        limits=server_limits_from(settings),
        wire_options=wire_options_from(settings),
        production=settings.production,
    )


def _refuse_what_it_cannot_obey(settings: Settings) -> None:
    usual = Settings()
    names = [each.name for each in fields(Settings) if each.name not in NOT_OF_AN_APP]
    changed = [name for name in names if getattr(settings, name) != getattr(usual, name)]
    if changed:
        variables = ", ".join(f"AGUI_{name.upper()}" for name in changed)
        raise Misconfigured(
            f"AGUI_APP={settings.app} is an app, which decides this itself: leave out {variables}, "
            "and give `create_app` what you want there"
        )


def _usual(settings: Settings) -> CopilotRuntime:
    """The runtime of whoever names none."""
    runtime = CopilotRuntime(agents={"default": _agent(settings)}, hooks=[RunLogger()])
    if settings.name_threads:
        runtime.add_hook(ThreadNamer(runtime))
    return runtime


def wire_options_from(settings: Settings) -> WireOptions:
    """How the environment wants today's wire; raises Misconfigured."""
    return WireOptions(
        forward_headers=settings.forward_headers,
        development=settings.development,
        max_body=settings.max_body,
        max_values=settings.max_values,
        max_depth=settings.max_depth,
        max_messages=settings.max_messages,
        max_parts=settings.max_parts,
    )


def server_limits_from(settings: Settings) -> ServerLimits:
    """What clients may use of the server; raises Misconfigured."""
    return ServerLimits(
        caller_requests=settings.max_caller_requests, requests=settings.max_requests
    )


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
