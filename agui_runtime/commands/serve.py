"""`agui-runtime serve`: what the environment asks for, in one process or in several."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from agui_runtime.commands.collecting import collect_rarely, uncollected
from agui_runtime.commands.environment import name_app
from agui_runtime.commands.listening import bound, check_apart, origin_of, port_of
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.hosts import is_loopback
from agui_runtime.settings import log_warnings, obeyed_by_command

if TYPE_CHECKING:
    from socket import socket

    from agui_runtime.app import Served
    from agui_runtime.commands.changes import Changes
    from agui_runtime.commands.hosting import Hosted

logger = logging.getLogger(__name__)

MOST = 512
"""Processes that anybody could mean."""

MARGIN = 30.0
"""Seconds that a process has for its end beside those for its clients and its runs."""

ABOUT = "serve the runtime that the environment asks for"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `serve` to the command line."""
    serve = commands.add_parser("serve", help=ABOUT, description=ABOUT)
    about = "what to serve, as AGUI_APP names it"
    serve.add_argument("app", nargs="?", metavar="MODULE:RUNTIME", help=about)
    serve.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    serve.add_argument("--port", type=port_of, default=8000, help="default: %(default)s")
    about = "processes that serve, on one socket and over one store; default: 1"
    serve.add_argument("--processes", type=_processes, metavar="N", help=about)
    about = "start anew when a Python file below this folder changes, for development"
    serve.add_argument("--reload", action="store_true", help=about)
    serve.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Serve until a signal comes; raises AguiError, before anything listens."""
    with uncollected():
        from agui_runtime.commands import serving as serving
        from agui_runtime.commands.hosting import hosted  # takes half a second to import

    if options.app is not None:
        name_app(options.app)
    if not options.reload:
        return _serve_found(options, hosted())
    from agui_runtime.commands.reloading import serve_reloading

    if (options.processes or 1) > 1:
        raise Misconfigured("--reload is for one process: leave out --processes")
    return serve_reloading(partial(_serve_found, options))


def _serve_found(options: argparse.Namespace, found: Hosted, changes: Changes | None = None) -> int:
    from agui_runtime.commands.serving import open_schemes
    from agui_runtime.commands.stores import examine_stores

    _check_host(options.host, found)
    processes = options.processes or found.settings.processes
    if processes > 1:
        _check_several(processes, found)
    examine_stores(found.runtimes, found.settings)
    open_schemes(found.runtimes)
    listeners = bound(options.host, options.port)
    check_apart(found.settings.metrics, listeners)
    origin = origin_of(options.host, listeners)
    if processes > 1 or changes is not None:
        return _serve_by(processes, found, listeners, origin, changes)
    return _serve(found, listeners, origin)


def _processes(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= MOST):
        raise argparse.ArgumentTypeError(f"a number of processes is from 1 to {MOST}, not {text!r}")
    return int(text)


def _check_several(count: int, found: Hosted) -> None:
    """Raises Misconfigured for what several processes could not do together."""
    from agui_runtime.commands.stores import check_shared

    if count > MOST:
        raise Misconfigured(f"AGUI_PROCESSES must be from 1 to {MOST}, not {count}")
    if os.name == "nt":
        raise Misconfigured("on Windows `serve` is one process: leave out --processes")
    check_shared(found.runtimes, count)


def _serve_by(
    count: int, found: Hosted, listeners: list[socket], origin: str, changes: Changes | None
) -> int:
    from agui_runtime.commands.log_output import write_lines
    from agui_runtime.commands.measuring import measured_together
    from agui_runtime.commands.processes import Patience, Supervisor
    from agui_runtime.commands.reloading import run_by_changes, warn_of_threads
    from agui_runtime.commands.whole_lines import write_whole_lines

    write_whole_lines()
    write_lines(found.settings, of_several=True)
    log_warnings(found.settings)
    patience = Patience(end=2 * found.settings.drain_seconds + MARGIN)
    with measured_together(found.settings) as figures:
        _announce(origin, found)
        supervisor = Supervisor(count, listeners, patience, figures)
        if changes is None:
            return asyncio.run(supervisor.run(origin))
        warn_of_threads(found)
        return asyncio.run(run_by_changes(supervisor, origin, changes))


def _serve(found: Hosted, listeners: list[socket], origin: str) -> int:
    from agui_runtime.commands.measuring import measured
    from agui_runtime.commands.serving import DrainingServer, config_of, exit_code_of

    collect_rarely()
    config = config_of(found)
    log_warnings(found.settings)
    server = DrainingServer(config, found.runtimes, found.settings.drain_seconds, origin)
    with measured(found), obeyed_by_command():  # an app may be made at its start
        _announce(origin, found)
        server.run(listeners)
    if server.started:
        logger.info("stopped; every run has ended")
    return exit_code_of(server)


def _check_host(host: str, found: Hosted) -> None:
    """Raises Misconfigured where strangers would be served."""
    served = found.served
    open_to_all = found.settings.allow_anonymous or (bool(served) and all(map(_is_open, served)))
    if not (is_loopback(host) or open_to_all):
        raise Misconfigured(
            f"refusing to listen on {host} without an `authenticate` function: everybody "
            "could read every thread. Set AGUI_TOKENS_FILE or another way to know callers, or "
            "AGUI_ALLOW_ANONYMOUS=1 if that is what you want"
        )


def _is_open(served: Served) -> bool:
    """Whether it may answer beyond loopback."""
    return served.runtime.authenticate is not None or served.options.allow_anonymous


def _announce(origin: str, found: Hosted) -> None:
    from agui_runtime.commands.stores import described

    lines = [f"agui_runtime on {origin}"]
    for each in found.served:
        if each.ui and each.options.shows_ui(urlsplit(origin).hostname or ""):
            lines.append(f"  page         {origin}{each.ui} in a browser")
        lines.append(f"  runtimeUrl   {origin}{each.path}")
        if not each.options.production:
            lines.append(f"  playground   {origin}{each.path} in a browser")
        lines.append(f"  threads      {described(each.runtime)}")
        lines += [f"  agent        {it.name}: {it.description}" for it in each.runtime.describe()]
    lines.append(f"  health       {origin}/healthz")
    if found.settings.log_format == "json":
        logger.info("\n".join(lines))
        return
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
