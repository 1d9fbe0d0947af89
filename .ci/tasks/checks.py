"""The checks that need no test: what the code looks like, and whether it fits together."""

from __future__ import annotations

import subprocess

from tasks.processes import ROOT, Problem, run, say
from tasks.python import DEV_LOCK, PYTHON, install

CHECKS = {
    "format": ["-m", "ruff", "format", "--check", "."],
    "lint": ["-m", "ruff", "check", "."],
    "types": ["-m", "mypy"],
    "imports": ["-c", "from importlinter.cli import lint_imports_command as main; main()"],
    "dead code": ["-m", "vulture"],
    "what a token costs": ["-m", "bench.opcodes"],
}


def check() -> None:
    """Run every check, also after one has failed."""
    install(DEV_LOCK)
    failed = [name for name, words in CHECKS.items() if not passes(name, words)]
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
