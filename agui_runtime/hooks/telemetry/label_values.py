"""The values of labels, of which there must not be any number."""

from __future__ import annotations

from collections import defaultdict

MOST_VALUES = 200
"""A label has so many values; whatever comes later is `other`. A page may send any name."""

OTHER = "other"


class LabelValues:
    """Lets so many values of each label through."""

    def __init__(self, most: int = MOST_VALUES) -> None:
        self._most = most
        self._known: dict[str, set[str]] = defaultdict(set)

    def __call__(self, label: str, value: str | None) -> str:
        """The value, or `other`; empty where there is none."""
        known = self._known[label]
        if not value or value in known:
            return value or ""
        if len(known) >= self._most:
            return OTHER
        known.add(value)
        return value
