"""`agui-runtime new NAME`: writes an application, and says what to do with it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from agui_runtime.commands.new.files import written
from agui_runtime.commands.new.names import check_is_none_of_its_packages, check_name
from agui_runtime.commands.new.next_steps import next_steps
from agui_runtime.commands.new.table import TEMPLATES
from agui_runtime.commands.new.wheel import installed_wheel
from agui_runtime.commands.task_table import Commands
from agui_runtime.core.errors import Misconfigured

ABOUT = """Write an application into a new folder: a server in Python, a React page of CopilotKit, a
test that needs no key, .env.example, Dockerfile and compose.yaml. Nothing is overwritten."""


def add_new_command(commands: Commands) -> None:
    """Add `new` to the command line."""
    command = commands.add_parser(
        "new",
        help="write an application to begin with",
        description=ABOUT,
        epilog="example: agui-runtime new demo --template langgraph",
    )
    command.add_argument("name", help="of the folder, which is made in this one")
    command.add_argument(
        "--template", default="openai", help=f"{', '.join(TEMPLATES)}; openai when left out"
    )
    command.set_defaults(command=_new)


def _new(options: argparse.Namespace) -> None:
    name, template = options.name, options.template
    if template not in TEMPLATES:
        raise Misconfigured(f"there is no template {template!r}; there are {', '.join(TEMPLATES)}")
    check_name(name)
    folder, texts = Path(name), written(name, template)
    check_is_none_of_its_packages(name, texts["pyproject.toml"])
    _check_free(folder, texts)
    try:
        _write(folder, texts)
    except OSError as error:
        raise Misconfigured(
            f"{error.filename or name} cannot be written: {error.strerror}"
        ) from error
    sys.stdout.write(next_steps(name, TEMPLATES[template]))


def _check_free(folder: Path, texts: Mapping[str, str]) -> None:
    """Raises Misconfigured unless there is nothing where the folder is to be, or an empty one."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise Misconfigured(f"{folder} is there already, and is no folder; choose another name")
    if folder.is_dir() and any(folder.iterdir()):
        in_the_way = [path for path in texts if (folder / path).exists()]
        would = f"these would be overwritten: {', '.join(in_the_way)}; " if in_the_way else ""
        raise Misconfigured(f"the folder {folder} is not empty; {would}choose another name")


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    for path, text in texts.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
    if wheel := installed_wheel():
        (folder / "wheels" / wheel.name).write_bytes(wheel.content)
