"""What stands behind the `?` of a store's URL: read strictly, as nothing there may be ignored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from agui_runtime.core.errors import Misconfigured
from agui_runtime.stores.sql.limits import SqlLimits

DAY = 24 * 3600.0


def options_of(query: str, known: Mapping[str, str]) -> dict[str, str]:
    """The options by name; `known` says of each what it may be. Raises Misconfigured."""
    pairs = parse_qsl(query, keep_blank_values=True)
    given = dict(pairs)
    if len(given) < len(pairs):
        raise Misconfigured("the store's URL says an option twice; leave out one")
    unknown = sorted(given.keys() - known.keys())
    if unknown:
        raise Misconfigured(
            f"the store's URL has options that do not exist: {', '.join(unknown)};"
            f" there are {', '.join(known)}"
        )
    return given


def limits_from(options: Mapping[str, str], limits: SqlLimits) -> SqlLimits:
    """The limits with those that the URL sets; raises Misconfigured."""
    changed: dict[str, Any] = {}
    for name, (field, converted) in _LIMITS.items():
        if name in options:
            changed[field] = converted(_positive(name, options[name]))
    return replace(limits, **changed)


LIMITS = {"keep_days": "days", "keep_runs": "runs of a thread"}

_LIMITS: Mapping[str, tuple[str, Callable[[float], float]]] = {
    "keep_days": ("max_age", lambda days: days * DAY),
    "keep_runs": ("runs_per_thread", int),
}


def _positive(name: str, text: str) -> float:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text)):
        raise Misconfigured(f"{name} in the store's URL must be a whole number from 1")
    return float(text)
