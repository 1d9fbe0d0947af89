"""The command line: serve, schema, check, state, db, threads, token, usage."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from agui_runtime.commands import serve
from agui_runtime.commands.db_cli import add_db_commands
from agui_runtime.commands.state_cli import add_state_commands
from agui_runtime.commands.threads_cli import add_threads_commands
from agui_runtime.commands.token_cli import add_token_command
from agui_runtime.commands.usage_cli import add_usage_command
from agui_runtime.core.errors import AguiError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code, 2 with one line on stderr when the set-up is wrong, 130
    after Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    try:
        code: int = options.command(options) or 0
    except AguiError as error:
        sys.stderr.write(f"agui-runtime: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="agui-runtime", description=__doc__)
    commands = parser.add_subparsers(required=True)
    serve.add(commands)
    schema = commands.add_parser("schema", help="print the GraphQL schema")
    schema.set_defaults(command=_schema)
    check = commands.add_parser("check", help="check the set-up and list the agents")
    check.set_defaults(command=_check)
    add_state_commands(commands)
    add_db_commands(commands)
    add_threads_commands(commands)
    add_token_command(commands)
    add_usage_command(commands)
    return parser


def _schema(options: argparse.Namespace) -> None:
    from agui_runtime.wires.graphql.resolvers.schema import sdl

    sys.stdout.write(sdl())


def _check(options: argparse.Namespace) -> None:
    from agui_runtime.commands.hosting import hosted

    for runtime in hosted().runtimes:
        for agent in runtime.describe():
            sys.stdout.write(f"{agent.name}: {agent.description}\n")
