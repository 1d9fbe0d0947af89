"""Whether the server of this process has more processes of the same app beside it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_OPTIONS = {
    "uvicorn": ("--workers",),
    "fastapi": ("--workers",),
    "gunicorn": ("--workers", "-w"),
    "hypercorn": ("--workers", "-w"),
    "granian": ("--workers",),
}
"""How servers are given a number of processes on their command lines."""

_VARIABLES = {
    "uvicorn": "WEB_CONCURRENCY",
    "fastapi": "WEB_CONCURRENCY",
    "gunicorn": "WEB_CONCURRENCY",
    "granian": "GRANIAN_WORKERS",
}
"""And where they look if they are not."""


def has_siblings() -> bool:
    """As far as can be known: servers do not say."""
    return workers_of(sys.argv, os.environ) > 1 or _is_worker_of_uvicorn()


def workers_of(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """How many processes a command line of a server asks for; 1 for any other."""
    program = _program(words)
    numbers = [
        *_numbers(words[1:], _OPTIONS.get(program, ())),
        environ.get(_VARIABLES.get(program, "")),
    ]
    first = next((each for each in numbers if each), "")
    return int(first) if first.isascii() and first.isdigit() else 1


def _program(words: Sequence[str]) -> str:
    """`uvicorn` also for `python -m uvicorn`."""
    path = Path(words[0] if words else "")
    return path.parent.name if path.stem == "__main__" else path.stem


def _numbers(words: Sequence[str], options: Sequence[str]) -> Iterator[str]:
    for word, following in zip(words, [*words[1:], ""], strict=False):
        for option in options:
            if word == option:
                yield following
            elif word.startswith(f"{option}="):
                yield word.removeprefix(f"{option}=")
            elif word.startswith(option) and not option.startswith("--"):  # -w4
                yield word.removeprefix(option)


def _is_worker_of_uvicorn() -> bool:
    """`uvicorn.run(app, workers=4)` is on no command line, but each of its processes has a thread
    that answers their parent.
    """
    return any("(always_pong)" in thread.name for thread in threading.enumerate())
