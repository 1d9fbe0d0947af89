"""In which form a client wants to be answered: its Accept header, by RFC 9110 12.5.1. Pure."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import NamedTuple

from agui_runtime.wires.graphql.delivery.framing import (
    EVENTS,
    GRAPHQL_JSON,
    JSON,
    MULTIPART,
)
from agui_runtime.wires.shared.streaming import Framing


@lru_cache(maxsize=64)  # clients send the same few headers again and again
def accepted(header: str) -> Accepted:
    """What the header says."""
    return Accepted(header)


class Accepted:
    """A client's Accept header; a missing one accepts everything.

    The most specific range that fits a media type decides how much it is wanted.
    """

    def __init__(self, header: str) -> None:
        self._ranges = list(map(_range, (header.strip() or "*/*").split(",")))

    @cached_property
    def framing(self) -> Framing | None:
        """How to send payloads over time, in parts if both ways are wanted alike; None if the
        client accepts neither.
        """
        parts, events = self._quality("multipart/mixed"), self._quality("text/event-stream")
        if parts and parts >= events:
            return MULTIPART
        return EVENTS if events else None

    @cached_property
    def events(self) -> Framing | None:
        """How to send the results of a subscription; None if the client accepts no event stream."""
        return EVENTS if self._quality("text/event-stream") else None

    @cached_property
    def json(self) -> str | None:
        """The media type of a single JSON answer; None if the client does not accept any.

        GraphQL over HTTP's own is for those who ask for it first. Others may know it by a wildcard
        only, and many clients read JSON in nothing but `application/json`.
        """
        plain = self._quality(JSON)
        if self._quality(GRAPHQL_JSON) and (not plain or self._prefers(GRAPHQL_JSON, JSON)):
            return GRAPHQL_JSON
        return JSON if plain else None

    def _prefers(self, kind: str, other: str) -> bool:
        """Names the kind, and wants it more than the other, or as much and before it."""
        names = [each.kind for each in self._ranges]
        if kind not in names:
            return False
        if self._quality(kind) != self._quality(other):
            return self._quality(kind) > self._quality(other)
        return other not in names[: names.index(kind)]

    def _quality(self, kind: str) -> float:
        """How much the media type is wanted, from 0, not at all, to 1."""
        for fitting in (kind, kind.partition("/")[0] + "/*", "*/*"):
            found = [each.quality for each in self._ranges if each.kind == fitting]
            if found:
                return max(found)
        return 0.0


class _Range(NamedTuple):
    kind: str
    quality: float


def _range(text: str) -> _Range:
    """One media range. Of its parameters only `q` counts; one that cannot be read says nothing."""
    kind, *parameters = (part.strip().lower() for part in text.split(";"))
    weights = (_WEIGHT.fullmatch(each) for each in parameters)
    quality = next((float(weight[1]) for weight in weights if weight), 1.0)
    return _Range("*/*" if kind == "*" else kind, min(quality, 1.0))  # Java says `*` for `*/*`


_WEIGHT = re.compile(r"q *= *([01]|[01]?\.[0-9]{0,3})")
