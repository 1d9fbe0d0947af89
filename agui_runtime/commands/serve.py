"""`agui-runtime serve`: what the environment asks for, in one process or in several."""

from __future__ import annotations

import argparse
import gc
import logging
import sys
from typing import TYPE_CHECKING

from agui_runtime.commands.listening import bound, origin_of, port_of
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.hosts import is_loopback
from agui_runtime.settings import obeyed_by_command

if TYPE_CHECKING:
    from socket import socket

    from agui_runtime.app import Served
    from agui_runtime.commands.hosting import Hosted

logger = logging.getLogger(__name__)

ABOUT = "serve the runtime that the environment asks for"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `serve` to the command line."""
    serve = commands.add_parser("serve", help=ABOUT, description=ABOUT)
    serve.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    serve.add_argument("--port", type=port_of, default=8000, help="default: %(default)s")
    serve.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Serve until a signal comes; raises AguiError, before anything listens."""
    from agui_runtime.commands.hosting import hosted  # takes a second to import
    from agui_runtime.commands.serving import open_schemes
    from agui_runtime.commands.stores import examine_stores

    found = hosted()
    _check_host(options.host, found)
    examine_stores(found.runtimes, found.settings)
    open_schemes(found.runtimes)
    listeners = bound(options.host, options.port)
    return _serve(found, listeners, origin_of(options.host, listeners))


def _serve(found: Hosted, listeners: list[socket], origin: str) -> int:
    from agui_runtime.commands.measuring import measured
    from agui_runtime.commands.serving import DrainingServer, config_of, exit_code_of

    collect_rarely()
    config = config_of(found.app, found.settings)
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


def collect_rarely() -> None:
    """Logs hold many small objects and no cycles; looking for some took a third of the time.

    A look stops the whole process, for up to 100,000 new objects at a time: some 20 milliseconds.
    """
    gc.freeze()
    gc.set_threshold(10_000, 10, 100)


def _announce(origin: str, found: Hosted) -> None:
    from agui_runtime.commands.stores import described

    lines = [f"agui_runtime on {origin}"]
    for each in found.served:
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
