"""The checks that need no test: what the code looks like, and whether it fits together."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from tasks.node import MADE
from tasks.processes import ROOT, Problem, files_below, run, say
from tasks.python import DEV_LOCK, PYTHON, install

CODE = (".ci/tasks", "agui_runtime", "bench", "tests")


def checks() -> dict[str, list[str]]:
    return {
        "format": ["-m", "ruff", "format", "--check", "."],
        "lint": ["-m", "ruff", "check", "."],
        "types": ["-m", "mypy"],
        "imports": ["-c", "from importlinter.cli import lint_imports_command as main; main()"],
        "dead code": ["-m", "vulture", "scripts.py", *modules()],
        "what a token costs": ["-m", "bench.opcodes"],
    }


def modules() -> Iterator[str]:
    """Vulture itself looks into `node_modules`, too, and fails where npm just removes something."""
    for folder in CODE:
        files = files_below(ROOT / folder, without=MADE)
        yield from (str(file.relative_to(ROOT)) for file in files if file.suffix == ".py")


def check() -> None:
    """Run every check, also after one has failed."""
    install(DEV_LOCK)
    failed = [name for name, words in checks().items() if not passes(name, words)]
    if failed:
        raise Problem(f"failed: {', '.join(failed)}")
    say("all checks passed")


def passes(name: str, words: list[str]) -> bool:
    say(name)
    return subprocess.run([PYTHON, *words], cwd=ROOT, check=False).returncode == 0


def format_code() -> None:
    install(DEV_LOCK)
    run(PYTHON, "-m", "ruff", "check", "--fix-only", ".")
    run(PYTHON, "-m", "ruff", "format", ".")
