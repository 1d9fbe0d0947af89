"""What the environment asks to be served, as one app: a runtime, an app of yours, or several."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple, cast

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Router
from starlette.types import ASGIApp

from agui_runtime.app import Served, app_by
from agui_runtime.commands.embedders import embedder_of
from agui_runtime.commands.models import agent_of
from agui_runtime.commands.targets import check_app, named
from agui_runtime.commands.thread_files import folder_of, url_of_threads
from agui_runtime.core.errors import Misconfigured
from agui_runtime.doorbell import check_agents, check_apart
from agui_runtime.hooks.run_log import RunLogger
from agui_runtime.identity import declared_scheme
from agui_runtime.memories.actions import memory_actions
from agui_runtime.memories.memory import Memory
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.sandbox.actions import SHIPPED
from agui_runtime.sandbox.box import work_below
from agui_runtime.settings import SERVE_ONLY, Settings, obeyed_by_command
from agui_runtime.wires.health import probes
from agui_runtime.wires.shared.paths import MountRoots
from agui_runtime.wires.signpost import Signpost
from agui_runtime.wrappers import with_memory


class Hosted(NamedTuple):
    """An app, the runtimes in it, and the settings by which they are served."""

    app: ASGIApp
    served: Sequence[Served]
    settings: Settings

    @property
    def runtimes(self) -> list[CopilotRuntime]:
        return [each.runtime for each in self.served]


def hosted(settings: Settings | None = None) -> Hosted:
    """What is to be served; raises Misconfigured, saying what to set.

    Without `settings` it goes by the environment as it is once the module of `AGUI_APP` was
    imported, which may have read a file of variables.
    """
    read = settings or Settings.read()
    with obeyed_by_command(), work_below(folder_of(read)):
        found = None if read.app is None else named(read.app)
        read = settings or Settings.read()
        app = _app(_usual(read) if found is None else found, read)
    made = Hosted(app, list(runtimes_in(app)), read)
    if read.store is None:
        _store_in_files(made)
    check_agents(made.runtimes)
    check_apart(made.runtimes)
    return made


def _store_in_files(hosted: Hosted) -> None:
    """Give runtimes that have no store a file of threads, each its own."""
    for each in hosted.served:
        if hosted.settings.data is not None and each.runtime.is_given_a_store:
            raise Misconfigured(
                "AGUI_DATA cannot be obeyed: the runtime was given a store; leave out one of them"
            )
        path = each.path if len(hosted.served) > 1 else ""
        each.runtime.store_in(url_of_threads(hosted.settings, path))


def runtimes_in(app: object, prefix: str = "") -> Iterator[Served]:
    """The runtimes of an app of `create_app`, or in what such apps are mounted in or wrapped by."""
    served = getattr(getattr(app, "state", None), "served", None)
    if isinstance(served, Served):
        yield served._replace(mount=prefix)
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
    places = [each.place() for each in served]
    routes = [*mounts, *probes(runtimes)]
    router = Router(routes, lifespan=lifespan, redirect_slashes=False, default=Signpost(places))
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


def _app(found: object, settings: Settings) -> ASGIApp:
    """The app that AGUI_APP names, or the one for the runtime that it names."""
    if isinstance(found, CopilotRuntime):
        return app_by(settings, found)
    if isinstance(found, list | tuple) and found and all(isinstance(it, Mount) for it in found):
        app: ASGIApp = mounted(found)
    elif isinstance(found, Starlette) and not hasattr(found.state, "served"):
        app = mounted([Mount("", found)])
    else:
        check_app(found, settings.app or "")
        app = cast(ASGIApp, found)
    _refuse_what_nobody_obeys(app, settings)
    return app


def _refuse_what_nobody_obeys(app: ASGIApp, settings: Settings) -> None:
    """The apps of `create_app` have read their settings themselves."""
    unobeyed = sorted(settings.present - _OBEYED_BY_SERVE)
    if unobeyed and not any(runtimes_in(app)):
        raise Misconfigured(
            f"AGUI_APP={settings.app} is an app in which there is no runtime of `create_app` to "
            f"obey {settings.variables(unobeyed)}: leave them out"
        )


_OBEYED_BY_SERVE = SERVE_ONLY | {"allow_anonymous", "log_format", "log_level"}


def _usual(settings: Settings) -> CopilotRuntime:
    """The runtime of whoever names none."""
    actions = [SHIPPED[name]() for name in settings.actions]
    agent, memory = agent_of(settings), _memory_of(settings)
    if memory is not None:
        agent = with_memory(agent, memory)
        actions += memory_actions(memory)
    return CopilotRuntime({"default": agent}, actions, hooks=[RunLogger()], memory=memory)


def _memory_of(settings: Settings) -> Memory | None:
    """Raises Misconfigured where there is nobody of whom something could be remembered."""
    if not settings.memory:
        if settings.memory_embedder is not None:
            raise Misconfigured(
                f"{settings.variables(['memory_embedder'])} is for a memory: set AGUI_MEMORY=1"
            )
        return None
    if declared_scheme(settings) is None and not settings.allow_anonymous:
        raise Misconfigured(
            f"{settings.variables(['memory'])}: nobody says who they are, so that all would share"
            " one memory: name the users, for example by AGUI_TOKENS, or have it so with"
            " AGUI_ALLOW_ANONYMOUS=1"
        )
    return Memory(embedder_of(settings), anonymous=settings.allow_anonymous)
