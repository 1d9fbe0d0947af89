"""A file that a command reads or writes, or `-` for its standard input and output."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from agui_runtime.core.errors import InvalidInput


@contextmanager
def opened(name: str, mode: str, standard: IO[bytes]) -> Iterator[IO[bytes]]:
    """The file of that name; raises InvalidInput."""
    if name == "-":
        yield standard
        return
    try:
        file: IO[bytes] = Path(name).open(mode)  # noqa: SIM115  # closed below
    except OSError as error:
        raise InvalidInput(f"{name}: {error.strerror}") from None
    with file:
        yield file
