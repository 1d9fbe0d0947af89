"""The command line: serve, schema, check, state, db, threads, token."""

from __future__ import annotations

import argparse
import gc
import logging
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from agui_runtime.commands.db_cli import add_db_commands
from agui_runtime.commands.state_cli import add_commands
from agui_runtime.commands.threads_cli import add_threads
from agui_runtime.commands.token_cli import add_token
from agui_runtime.core.errors import AguiError, Misconfigured
from agui_runtime.core.hosts import is_loopback
from agui_runtime.settings import obeyed_by_command

if TYPE_CHECKING:
    from agui_runtime.app import Served
    from agui_runtime.commands.hosting import Hosted

logger = logging.getLogger(__name__)

GRACE = 5
"""Seconds that open connections have to finish after the runs have ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code, 2 with one line on stderr when the set-up is wrong."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.command(options) or 0
    except AguiError as error:
        sys.stderr.write(f"agui-runtime: {error}\n")
        return 2
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="agui-runtime", description=__doc__)
    commands = parser.add_subparsers(required=True)
    serve = commands.add_parser("serve", help="serve the runtime that the environment asks for")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.set_defaults(command=_serve)
    schema = commands.add_parser("schema", help="print the GraphQL schema")
    schema.set_defaults(command=_schema)
    check = commands.add_parser("check", help="check the set-up and list the agents")
    check.set_defaults(command=_check)
    add_commands(commands)
    add_db_commands(commands)
    add_threads(commands)
    add_token(commands)
    return parser


def _serve(options: argparse.Namespace) -> None:
    import uvicorn  # this and the app take a second to import; `--help` does not need them

    from agui_runtime.commands.hosting import hosted
    from agui_runtime.commands.log_output import write_lines
    from agui_runtime.commands.serving import DrainingServer, open_schemes
    from agui_runtime.commands.stores import examine_stores
    from agui_runtime.connections import ConnectionLimits, timed_protocol

    app, served, settings = found = hosted()
    open_to_all = settings.allow_anonymous or (bool(served) and all(map(_is_open, served)))
    if not (is_loopback(options.host) or open_to_all):
        raise Misconfigured(
            f"refusing to listen on {options.host} without an `authenticate` function: everybody "
            "could read every thread. Set AGUI_TOKENS_FILE or another way to know callers, or "
            "AGUI_ALLOW_ANONYMOUS=1 if that is what you want"
        )
    examine_stores(found.runtimes, settings)
    open_schemes(found.runtimes)
    _collect_rarely()
    config = uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        http=timed_protocol(ConnectionLimits(seconds=settings.header_seconds)),
        log_level=settings.log_level,
        timeout_graceful_shutdown=GRACE,
    )
    write_lines(settings)
    _announce(f"http://{options.host}:{options.port}", found)
    # KeyboardInterrupt is raised again after an orderly stop; an app may be made at its start.
    with suppress(KeyboardInterrupt), obeyed_by_command():
        DrainingServer(config, found.runtimes, settings.drain_seconds).run()


def _schema(options: argparse.Namespace) -> None:
    from agui_runtime.wires.graphql.resolvers.schema import sdl

    sys.stdout.write(sdl())


def _check(options: argparse.Namespace) -> None:
    from agui_runtime.commands.hosting import hosted

    for runtime in hosted().runtimes:
        for agent in runtime.describe():
            sys.stdout.write(f"{agent.name}: {agent.description}\n")


def _collect_rarely() -> None:
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


def _is_open(served: Served) -> bool:
    """Whether it may answer beyond loopback."""
    return served.runtime.authenticate is not None or served.options.allow_anonymous
