"""By which settings runs are carried out by workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

from agui_runtime.core.errors import Misconfigured, MissingExtra
from agui_runtime.core.key_ring import KeyRing
from agui_runtime.queues.base import RunQueue
from agui_runtime.queues.here import HereQueue
from agui_runtime.queues.open import open_queue
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.settings import Settings, variable
from agui_runtime.stores.layers.delegating import undelegated
from agui_runtime.stores.memory import MemoryStore

_FIELDS = {
    "queue": "run_in",
    "queues": "queues",
    "worker_timeout": "worker_timeout",
    "app_version": "app_version",
    "keys": "keys",
}
"""Of Options, by the names of settings."""

_OF_A_QUEUE = frozenset({"queues", "worker_timeout", "app_version"})
"""Those that say nothing without a queue."""


def work_in_queues(settings: Settings, runtime: CopilotRuntime) -> None:
    """Give the runtime what the settings say of workers; raises Misconfigured for what it was given
    otherwise.
    """
    changed: dict[str, Any] = {}
    for name in (each for each in _FIELDS if each in settings.present):
        field = _FIELDS[name]
        if getattr(runtime.options, field) != getattr(Options(), field):
            raise Misconfigured(
                f"{settings.variables([name])} cannot be obeyed: the runtime was given {field};"
                " leave out one of them"
            )
        changed[field] = _MADE[name](settings) if name in _MADE else getattr(settings, name)
    if changed.keys() & _OF_A_QUEUE and not ("run_in" in changed or runtime.options.run_in):
        unused = settings.variables(sorted(settings.present & _OF_A_QUEUE))
        raise Misconfigured(f"{unused}: set {variable('queue')}, too")
    runtime.options = replace(runtime.options, **changed)


def key_ring_of(settings: Settings) -> KeyRing | None:
    """Raises Misconfigured for keys that are none, and does not repeat them."""
    try:
        return KeyRing(settings.keys) if settings.keys else None
    except MissingExtra:
        raise
    except Misconfigured as error:
        reason = error.message.removeprefix("keys: ")
        raise Misconfigured(f"{settings.variables(['keys'])}: {reason}") from None


def _queue(settings: Settings) -> RunQueue:
    try:
        return open_queue(settings.queue or "")
    except MissingExtra:
        raise
    except Misconfigured as error:
        raise Misconfigured(f"{settings.variables(['queue'])}: {error.message}") from None


_MADE: Mapping[str, Callable[[Settings], object]] = {"queue": _queue, "keys": key_ring_of}


def check_shared(runtime: CopilotRuntime) -> None:
    """Raises Misconfigured where workers cannot see what is posted for them."""
    queue = runtime.options.run_in
    if queue is None or isinstance(queue, HereQueue):
        return
    if isinstance(undelegated(runtime.store), MemoryStore):
        raise Misconfigured(
            "workers need the store in which runs wait for them, and threads are in memory: set"
            " AGUI_STORE to postgresql://..., redis://... or, for workers on this machine alone,"
            " sqlite:///threads.db"
        )


def check_agents(runtimes: Sequence[CopilotRuntime]) -> None:
    """Raises Misconfigured for a queue of an agent that none of the runtimes has; a remote's agents
    are not known.
    """
    if any(each.remotes for each in runtimes):
        return
    for name in sorted({agent for each in runtimes for agent in each.options.queues}):
        if not any(name in each.agents for each in runtimes):
            raise Misconfigured(
                f"{variable('queues')} names the agent {name!r}, and there is none of that name:"
                " its queue would stay empty"
            )


def check_apart(runtimes: Sequence[CopilotRuntime]) -> None:
    """Raises Misconfigured where a worker of one runtime would answer for another's agent."""
    queued = {id(each): each for each in runtimes if each.options.run_in is not None}
    for one, other in permutations(queued.values(), 2):
        confused = sorted(filter(one.launcher.knows, other.agents))
        if confused and one.stored_in is not None and one.stored_in == other.stored_in:
            raise Misconfigured(
                f"two runtimes whose runs wait in one store may both have the agent"
                f" {confused[0]!r}, and a worker could not tell whose run it is: give each"
                " runtime a store of its own, or its agents other names"
            )


def advice(runtime: CopilotRuntime, forwarded: Sequence[str]) -> Iterator[str]:
    """What whoever starts the server should know of the workers."""
    if runtime.options.run_in is not None and runtime.options.keys is None and forwarded:
        yield (
            "agents on workers see no headers of requests, which are not written down unsealed: set"
            " AGUI_KEYS, or AGUI_FORWARD_HEADERS to nothing"
        )
