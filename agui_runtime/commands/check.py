"""`agui-runtime check` and `agui-runtime agents`: what would be served, what is wrong with it."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from agui_runtime.commands.findings import Finding, exit_code, write_findings
from agui_runtime.commands.listening import port_of
from agui_runtime.commands.listing import JSON, write_listing
from agui_runtime.commands.task_table import Commands
from agui_runtime.core.errors import AguiError, StoreUnavailable

if TYPE_CHECKING:
    from agui_runtime.app import Served
    from agui_runtime.commands.hosting import Hosted
    from agui_runtime.runtime.runtime import CopilotRuntime
    from agui_runtime.settings import Settings
    from agui_runtime.stores.base import Store

AGENTS = ("agent", "path", "description")


def add_check(commands: Commands) -> None:
    """Add `check` and `agents` to the command line."""
    about = "import the app, connect its store, list its agents; exit code 2 if anything is wrong"
    check = commands.add_parser(
        "check", help="say what is wrong with the set-up", description=about
    )
    check.add_argument("--strict", action="store_true", help="exit code 1 for warnings")
    about = (
        "call what is behind agents and remotes, as far as it costs nothing, and the store twice"
    )
    check.add_argument("--deep", action="store_true", help=about)
    about = "where `serve` will listen, with --deep; default: %(default)s"
    check.add_argument("--host", default="127.0.0.1", help=about)
    check.add_argument("--port", type=port_of, default=8000, help=about)
    check.add_argument(JSON.name, **JSON.about)
    check.set_defaults(command=_check)
    about = "the agents that would be served"
    agents = commands.add_parser("agents", help=about, description=about)
    agents.add_argument(JSON.name, **JSON.about)
    agents.set_defaults(command=_agents)


def _check(options: argparse.Namespace) -> int:
    logging.getLogger("agui_runtime").setLevel(logging.CRITICAL)  # the findings say it
    findings = list(_findings(options))
    write_findings(findings, json=options.json)
    return exit_code(findings, strict=options.strict)


def _agents(options: argparse.Namespace) -> None:
    from agui_runtime.commands.hosting import hosted

    rows = [
        {"agent": it.name, "path": each.path, "description": it.description}
        | ({"capabilities": it.capabilities} if options.json else {})
        for each in hosted().served
        for it in each.runtime.describe()
    ]
    write_listing(rows, AGENTS, options.json)


def _findings(options: argparse.Namespace) -> Iterator[Finding]:
    from agui_runtime.commands.hosting import hosted
    from agui_runtime.commands.served_findings import findings_of, port_finding

    try:
        found = hosted()
    except AguiError as error:
        yield Finding("app", error.message, "wrong")
        return
    for sentence in found.settings.warnings:
        yield Finding("secrets", sentence, "warning")
    for each in found.served:
        yield Finding("app", f"runtimeUrl {each.path}")
        yield from (Finding(f"agent {it.name}", it.description) for it in each.runtime.describe())
        yield from _routes(each)
        yield from asyncio.run(_of_runtime(each, found.settings, deep=options.deep))
        yield Finding("callers", _callers(each, found))
        yield from findings_of(each, found.settings)
    if options.deep:
        yield port_finding(options.host, options.port)


def _routes(served: Served) -> Iterator[Finding]:
    from agui_runtime.wrappers.router import domains_of

    for name, agent in served.runtime.agents.items():
        if domains := domains_of(agent):
            named = (each if each == it else f"{each} ({it})" for each, it in domains.items())
            yield Finding(f"routes of {name}", ", ".join(named))


def _callers(served: Served, found: Hosted) -> str:
    if served.runtime.authenticate is not None:
        return "each request is authenticated"
    if found.settings.allow_anonymous or served.options.allow_anonymous:
        return "everybody is the same anonymous caller, beyond loopback, too"
    return "everybody is the same anonymous caller, on loopback only"


async def _of_runtime(served: Served, settings: Settings, *, deep: bool) -> list[Finding]:
    from agui_runtime.commands.deep_check import deep_findings
    from agui_runtime.commands.queue_findings import queue_findings

    try:
        found = [each async for each in _of_store(served, settings, deep=deep)]
        found += [each async for each in queue_findings(served)]
        if deep:
            found += [each async for each in deep_findings(served.runtime)]
        return found
    finally:
        await served.runtime.close()


async def _of_store(served: Served, settings: Settings, *, deep: bool) -> AsyncIterator[Finding]:
    from agui_runtime.commands.stores import described
    from agui_runtime.commands.thread_files import check_folder
    from agui_runtime.stores.layers.delegating import undelegated
    from agui_runtime.stores.open import unavailable_at

    store = undelegated(served.runtime.store)
    path = getattr(store, "path", None)
    where = described(served.runtime)
    try:
        if isinstance(path, Path) and not path.exists() and settings.store is None:
            check_folder(settings)
            yield Finding("threads", f"{where}, which the first start makes")
            return
        async for each in _looked_at(store, where, served.runtime, deep=deep):
            yield each
    except StoreUnavailable as error:
        yield Finding("threads", unavailable_at(store, error).message, "wrong")
    except AguiError as error:
        yield Finding("threads", f"{where}: {error.message}", "wrong")


async def _looked_at(
    store: Store, where: str, runtime: CopilotRuntime, *, deep: bool
) -> AsyncIterator[Finding]:
    from agui_runtime.commands.deep_check import round_trip
    from agui_runtime.commands.memory_findings import memory_finding
    from agui_runtime.stores.base import Advising
    from agui_runtime.stores.memory import MemoryStore

    await store.open()
    try:
        await store.check()
        advice = await store.advice() if isinstance(store, Advising) else ()
        yield Finding("threads", where)
        for sentence in advice:
            yield Finding("threads", sentence, "warning")
        if runtime.memory is not None:
            yield await memory_finding(store, runtime.memory.keys or runtime.options.keys)
        if deep and not isinstance(store, MemoryStore):
            yield await round_trip(store)
    finally:
        await store.close()
