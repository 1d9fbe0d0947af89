"""What is printed when a project was written: the commands that come next, as they work in the
environment that is in use.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from agui_runtime.commands.new.files import serve_command
from agui_runtime.commands.new.table import Template


def next_steps(name: str, template: Template) -> str:
    """The text, for a person who stands in the folder where `name` was made."""
    folder = shlex.quote(name)
    serve = [
        f"  {serve_command(program, port, _own('agui-runtime', '-m agui_runtime'))}"
        for program, port in template.programs.items()
    ]
    return "\n".join(
        [
            f"{name} is written. Next:",
            "",
            f"  cd {folder} && cp .env.example .env && {_install()}",
            "",
            f"Put your key into {name}/.env. Then start the server there{_each(serve)},",
            "",
            *serve,
            "",
            f"and in another terminal, from the folder where {name} is, the page:",
            "",
            f"  cd {folder}/page && npm ci --ignore-scripts && npm run dev",
            "",
        ]
    )


def _each(commands: Sequence[str]) -> str:
    return ", each line in a terminal of its own" if len(commands) > 1 else ""


def _install() -> str:
    python = _own("python", "")
    if find_spec("pip") is None:
        return f"uv pip install --python {python} ."
    return f"{python} -m pip install ."


def _own(program: str, otherwise: str) -> str:
    """The program of this environment: by its name where a shell would find this one."""
    found = shutil.which(program)
    if found and Path(found).parent == Path(sys.executable).parent:
        return program
    return f"{shlex.quote(sys.executable)} {otherwise}".strip()
