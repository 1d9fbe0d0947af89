"""What stands beside entries, read back: also what a later release wrote."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache
from inspect import signature
from typing import TypeVar

from agui_runtime.core.jsontext import JsonObject

T = TypeVar("T")


def made(kind: Callable[..., T], note: JsonObject) -> T | None:
    """Of the fields that this release knows; None where one is missing."""
    known = _fields(kind)
    try:
        return kind(**{name: value for name, value in note.items() if name in known})
    except TypeError:
        return None


@cache
def _fields(kind: Callable[..., object]) -> Collection[str]:
    return frozenset(signature(kind).parameters)
