"""`agui-runtime check` and `agui-runtime agents`: what would be served, what is wrong with it."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from agui_runtime.commands.listing import JSON, write_json, write_listing, write_row
from agui_runtime.commands.task_table import Commands
from agui_runtime.core.errors import AguiError

if TYPE_CHECKING:
    from agui_runtime.app import Served
    from agui_runtime.commands.hosting import Hosted
    from agui_runtime.settings import Settings
    from agui_runtime.stores.base import Store

Finding = dict[str, object]
AGENTS = ("agent", "path", "description")


def add_check(commands: Commands) -> None:
    """Add `check` and `agents` to the command line."""
    about = "import the app, connect its store, list its agents; exit code 2 if anything is wrong"
    check = commands.add_parser(
        "check", help="say what is wrong with the set-up", description=about
    )
    check.add_argument(JSON.name, **JSON.about)
    check.set_defaults(command=_check)
    about = "the agents that would be served"
    agents = commands.add_parser("agents", help=about, description=about)
    agents.add_argument(JSON.name, **JSON.about)
    agents.set_defaults(command=_agents)


def _check(options: argparse.Namespace) -> int:
    findings = list(_findings())
    if options.json:
        write_json(findings)
    else:
        for each in findings:
            write_row("ok" if each["ok"] else "wrong", each["what"], each["says"])
    return 0 if all(each["ok"] for each in findings) else 2


def _agents(options: argparse.Namespace) -> None:
    from agui_runtime.commands.hosting import hosted

    rows = [
        {"agent": it.name, "path": each.path, "description": it.description}
        | ({"capabilities": it.capabilities} if options.json else {})
        for each in hosted().served
        for it in each.runtime.describe()
    ]
    write_listing(rows, AGENTS, options.json)


def _findings() -> Iterator[Finding]:
    from agui_runtime.commands.hosting import hosted

    try:
        found = hosted()
    except AguiError as error:
        yield _finding("app", error)
        return
    for each in found.served:
        yield _finding("app", f"runtimeUrl {each.path}")
        yield from (_finding(f"agent {it.name}", it.description) for it in each.runtime.describe())
        yield _of_store(each, found.settings)
        yield _finding("callers", _callers(each, found))


def _finding(what: str, says: str | AguiError) -> Finding:
    return {"what": what, "ok": isinstance(says, str), "says": str(says)}


def _callers(served: Served, found: Hosted) -> str:
    if served.runtime.authenticate is not None:
        return "each request is authenticated"
    if found.settings.allow_anonymous or served.options.allow_anonymous:
        return "everybody is the same anonymous caller, beyond loopback, too"
    return "everybody is the same anonymous caller, on loopback only"


def _of_store(served: Served, settings: Settings) -> Finding:
    from agui_runtime.commands.stores import described
    from agui_runtime.stores.layers.delegating import undelegated

    store = undelegated(served.runtime.store)
    path = getattr(store, "path", None)
    where = described(served.runtime)
    if isinstance(path, Path) and not path.exists() and settings.store is None:
        return _finding("threads", f"{where}, which the first start makes")
    try:
        asyncio.run(_tried(store))
    except AguiError as error:
        return {"what": "threads", "ok": False, "says": f"{where}: {error}"}
    return _finding("threads", where)


async def _tried(store: Store) -> None:
    await store.open()
    try:
        await store.check()
    finally:
        await store.close()
