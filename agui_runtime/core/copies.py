"""Copies of dataclasses with other values in some fields, as `dataclasses.replace` makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from dataclasses import replace as replace  # given on
else:
    from collections import deque
    from collections.abc import Callable, Sequence
    from dataclasses import fields
    from functools import cache
    from itertools import repeat
    from operator import attrgetter, call

    T = TypeVar("T")

    def replace(thing: T, /, **changes: object) -> T:
        """In three quarters of the time, for what is copied for every run: dataclasses with slots,
        whose constructor does nothing but fill them.
        """
        kind = type(thing)
        puts, values = _slots(kind)
        made = object.__new__(kind)
        deque(map(call, puts, repeat(made), values(thing)), 0)
        for name, value in changes.items():
            object.__setattr__(made, name, value)
        return made

    @cache
    def _slots(kind: type) -> tuple[Sequence[Callable[[object, object], None]], attrgetter]:
        names = [each.name for each in fields(kind)]
        return [getattr(kind, name).__set__ for name in names], attrgetter(*names)
