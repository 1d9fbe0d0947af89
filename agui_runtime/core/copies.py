"""Copies of dataclasses with other values in some fields, as `dataclasses.replace` makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from dataclasses import replace as replace  # given on
else:
    from collections.abc import Callable, Sequence
    from dataclasses import fields
    from functools import cache
    from operator import attrgetter

    T = TypeVar("T")

    def replace(thing: T, /, **changes: object) -> T:
        """In a fifth of the time, for what is copied for every run. All fields must be those of the
        constructor.
        """
        kind = type(thing)
        names, values = _fields(kind)
        return kind(**{**dict(zip(names, values(thing), strict=True)), **changes})

    @cache
    def _fields(kind: type) -> tuple[Sequence[str], Callable[[object], tuple[object, ...]]]:
        names = [each.name for each in fields(kind)]
        return names, attrgetter(*names)
