"""What arguments of public constructors must be, and the sentence for what they are not. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from inspect import signature
from math import isfinite
from typing import Any, NamedTuple

from agui_runtime.core.errors import Misconfigured


class Demand(NamedTuple):
    """The values that fit, in words and as a test."""

    words: str
    fits: Callable[[Any], bool]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


FLAG = Demand("True or False", lambda value: isinstance(value, bool))
COUNT = Demand("a whole number from 1", lambda value: _is_whole(value) and value > 0)
NATURAL = Demand("a whole number from 0", lambda value: _is_whole(value) and value >= 0)
SECONDS = Demand("a number of seconds from 0", lambda value: _is_number(value) and value >= 0)
SOME_SECONDS = Demand(
    "a number of seconds, more than 0", lambda value: _is_number(value) and value > 0
)
TEXT = Demand("a text", lambda value: isinstance(value, str))
NAME = Demand(
    "a text that is not empty", lambda value: isinstance(value, str) and bool(value.strip())
)
TEXTS = Demand(
    "a list of texts",
    lambda value: (
        isinstance(value, Iterable)
        and not isinstance(value, str | bytes | Mapping)
        and all(isinstance(each, str) for each in value)
    ),
)
TEXTS_BY_NAME = Demand(
    "texts by their names, {'name': 'text'}",
    lambda value: (
        isinstance(value, Mapping)
        and all(isinstance(each, str) for item in value.items() for each in item)
    ),
)
FIELDS = Demand("fields by their names, {'name': value}", lambda value: isinstance(value, Mapping))


def optional(demand: Demand) -> Demand:
    """The same, and None."""
    return Demand(f"{demand.words}, or None", lambda value: value is None or demand.fits(value))


def a(kind: type) -> Demand:
    """An object of the class, and not the class."""
    return Demand(f"{kind.__name__}(...)", lambda value: isinstance(value, kind))


def check(name: str, value: object, demand: Demand) -> None:
    """Raises Misconfigured, which names it `name`, for a value that does not fit."""
    if not demand.fits(value):
        raise Misconfigured(f"{name} must be {demand.words}, not {shown(value)}")


def check_texts(name: str, value: object) -> None:
    """Raises Misconfigured for what is no list of texts; one text is a list that was forgotten."""
    if isinstance(value, str):
        raise Misconfigured(f"{name}: give a list, [{value!r}]")
    check(name, value, TEXTS)


def check_list(name: str, values: object, demand: Demand) -> None:
    """Raises Misconfigured for what is no list, and for a member that does not fit."""
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise Misconfigured(f"{name} must be a list, not {shown(values)}; each is {demand.words}")
    for each in values:
        check(f"each of the {name}", each, demand)


def check_fields(owner: object, demands: Mapping[str, Demand]) -> None:
    """Raises Misconfigured for an attribute that does not fit its demand."""
    for name, demand in demands.items():
        check(name, getattr(owner, name), demand)


def takes(function: Callable[..., object], *given: object) -> bool:
    """Whether it can be called with so many arguments, as far as that is known of it."""
    try:
        signature(function).bind(*given)
    except ValueError:
        return True  # nothing is known of it
    except TypeError:
        return False
    return True


def shown(value: object) -> str:
    """A value as a sentence names it; what may hold a secret is named by its type."""
    if isinstance(value, type):
        return f"the class {value.__name__}, which is to be called first"
    return repr(value)[:80] if isinstance(value, str | int | float | None) else _kind(value)


def _kind(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
