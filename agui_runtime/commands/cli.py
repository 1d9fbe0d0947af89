"""Serves agents to CopilotKit front ends, and looks after their threads. `--help` of each command
explains it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from agui_runtime import __version__
from agui_runtime.commands.collecting import uncollected

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code, 2 with one line on stderr when the set-up is wrong, 130
    after Ctrl-C.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words == ["--version"]:  # what the commands import takes a second
        sys.stdout.write(f"agui-runtime {__version__}\n")
        return 0
    _look_here_first()
    try:
        return _carried_out(words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _carried_out(words: Sequence[str]) -> int:
    with uncollected():
        from agui_runtime.core.errors import AguiError
        from agui_runtime.core.terminal_text import safe

        made = parser()
    options = made.parse_args(words)
    try:
        code: int = options.command(options) or 0
    except AguiError as error:
        sys.stderr.write(safe(f"agui-runtime: {error}\n"))
        return 2
    return code


def _look_here_first() -> None:
    """Modules are imported from the working folder, as with `python -m` and uvicorn."""
    here = os.getcwd()
    if not {"", here} & set(sys.path):
        sys.path.insert(0, here)


def parser() -> argparse.ArgumentParser:
    """All commands, with their arguments and examples."""
    from agui_runtime.commands import serve, worker
    from agui_runtime.commands.chat.command import add_chat
    from agui_runtime.commands.check import add_check
    from agui_runtime.commands.completion import add_completion
    from agui_runtime.commands.db_cli import add_db_commands
    from agui_runtime.commands.examples import add_examples
    from agui_runtime.commands.keys_cli import add_keys_commands
    from agui_runtime.commands.memory_cli import add_memory_commands
    from agui_runtime.commands.new import add_new_command
    from agui_runtime.commands.schedules_cli import add_schedules_commands
    from agui_runtime.commands.state_cli import add_state_commands
    from agui_runtime.commands.thread_tasks import add_runs_commands
    from agui_runtime.commands.threads_cli import add_threads_commands
    from agui_runtime.commands.token_cli import add_token_command
    from agui_runtime.commands.usage_cli import add_usage_command

    made = argparse.ArgumentParser(prog="agui-runtime", description=__doc__)
    about = "the release, and nothing else"
    made.add_argument("--version", action="version", version=__version__, help=about)
    commands = made.add_subparsers(required=True)
    serve.add(commands)
    worker.add(commands)
    about = "print the GraphQL schema"
    schema = commands.add_parser("schema", help=about, description=about)
    schema.set_defaults(command=_schema)
    add_chat(commands)
    add_check(commands)
    add_state_commands(commands)
    add_db_commands(commands)
    add_threads_commands(commands)
    add_runs_commands(commands)
    add_schedules_commands(commands)
    add_memory_commands(commands)
    add_token_command(commands)
    add_keys_commands(commands)
    add_usage_command(commands)
    add_new_command(commands)
    add_completion(commands, made)
    add_examples(made)
    return made


def _schema(options: argparse.Namespace) -> None:
    from agui_runtime.wires.graphql.resolvers.schema import sdl

    sys.stdout.write(sdl())
