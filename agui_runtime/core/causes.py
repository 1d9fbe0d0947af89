"""What led to an error, in words for one line of the log."""

from __future__ import annotations

from collections.abc import Iterator
from traceback import walk_tb

from agui_runtime.core.errors import AguiError
from agui_runtime.core.secrets import redact

LONGEST = 2000
"""So many characters of a cause are written."""


def causes_of(error: BaseException) -> Iterator[str]:
    """`RuntimeError: boom, at agents.py:12` for whatever led to an error of ours, and first for one
    that is not ours itself. Each on one line, without keys.
    """
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        if link is not error or not isinstance(error, AguiError):
            yield _line(link)
        link = link.__cause__


def _line(cause: BaseException) -> str:
    cause = _only(cause)
    text = redact(" ".join(f"{type(cause).__name__}: {cause}".split()), LONGEST)
    places = list(walk_tb(cause.__traceback__))
    if not places:
        return text
    frame, line = places[-1]
    return f"{text}, at {frame.f_code.co_filename}:{line}"


def _only(error: BaseException) -> BaseException:
    """The one error of a group, which itself says nothing."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
