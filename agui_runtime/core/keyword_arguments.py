"""A keyword argument that a public constructor does not take: the error says whose it is, or what
may be meant. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from difflib import get_close_matches
from functools import wraps
from inspect import signature
from typing import Any, TypeVar

Made = TypeVar("Made")

_TAKEN: dict[str, Collection[str]] = {}
"""The arguments of each, by its name; written when its module is imported."""

_FIRST = ("CopilotRuntime", "Options", "create_app", "ServerOptions")
"""Where most options are: an argument that others take, too, is meant for the first of these."""


def explains_arguments(made: type[Made]) -> type[Made]:
    """The class, whose constructor says more of an argument that there is not: it raises a
    TypeError as Python does.
    """
    init: Callable[..., None] = made.__init__
    note_arguments(made.__name__, list(signature(init).parameters)[1:])

    @wraps(init)
    def explaining(self: Made, *args: Any, **given: Any) -> None:  # noqa: ANN401  # as they come
        check_arguments(made.__name__, given)
        init(self, *args, **given)

    setattr(made, "__init__", explaining)  # noqa: B010  # mypy: a method
    return made


def note_arguments(owner: str, names: Collection[str]) -> None:
    """What the owner takes, for its own errors and those of others."""
    _TAKEN[owner] = names


def check_arguments(owner: str, given: Collection[str]) -> None:
    """Raises TypeError for one that the owner does not take."""
    for name in given:
        if name not in _TAKEN[owner]:
            raise TypeError(f"{owner}() has no argument {name!r}{_meant(owner, name)}")


def _meant(owner: str, name: str) -> str:
    if owners := [each for each in _TAKEN if name in _TAKEN[each]]:
        usual = [each for each in _FIRST if each in owners]
        return f": give it to {' or '.join(usual[:1] or sorted(owners))}"
    if near := get_close_matches(name, _TAKEN[owner], 1):
        return f"; did you mean {near[0]!r}?"
    for each in (*_FIRST, *_TAKEN):
        if near := get_close_matches(name, _TAKEN.get(each, ()), 1):
            return f"; did you mean {near[0]!r}, of {each}?"
    return f"; it takes {', '.join(_TAKEN[owner])}"
