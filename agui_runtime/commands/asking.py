"""Asks before something is lost."""

from __future__ import annotations

import sys

from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.terminal_text import safe


def check_agreed(deed: str, yes: bool) -> None:
    """Raises InvalidInput unless it was agreed to on the command line, or is at the terminal."""
    if not (yes or _agrees(deed)):
        raise InvalidInput("nothing was deleted; in a script say --yes")


def _agrees(deed: str) -> bool:
    if not sys.stdin.isatty():
        return False
    sys.stderr.write(safe(f"{deed}? [y/N] "))
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
