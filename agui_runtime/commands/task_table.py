"""Commands that have commands of their own, such as `db upgrade`: a table of them each."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Carried: TypeAlias = Callable[[argparse.Namespace], int]
"""What carries a command out; it returns the exit code."""


class Argument(NamedTuple):
    """An argument of a command: how it is written, and what argparse is to know of it."""

    name: str
    about: Mapping[str, Any] = {}


class Task(NamedTuple):
    """A command of a command. `about` is what `--help` says."""

    name: str
    about: str
    carried_out: Carried
    arguments: Iterable[Argument] = ()


def add_tasks(commands: Commands, name: str, about: str, tasks: Iterable[Task]) -> None:
    """Add a command with these of its own to the command line."""
    own = commands.add_parser(name, help=about, description=about).add_subparsers(required=True)
    for task in tasks:
        command = own.add_parser(task.name, help=task.about, description=task.about)
        for argument in task.arguments:
            command.add_argument(argument.name, **argument.about)
        command.set_defaults(command=task.carried_out)
