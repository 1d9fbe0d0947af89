"""Ids that say what they are the ids of, so that nobody has to look it up. Pure.

They are no secret: whose thread that is decides who gets what the id is of.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple


class Place(NamedTuple):
    """A run and its thread."""

    thread_id: str
    run_id: str


def id_of(place: Place, prefix: str) -> str:
    """The id, which begins with the prefix."""
    return encoded(prefix, *place)


def place_in(id_: str, prefix: str) -> Place | None:
    """The run of that id; None for what `id_of` never gave."""
    parts = decoded(prefix, id_)
    return Place(*parts) if len(parts) == 2 and parts[1] else None


def encoded(prefix: str, *parts: str) -> str:
    """The id of these parts; empty ones at the end are not in it."""
    text = "\0".join(parts).rstrip("\0")
    return prefix + urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decoded(prefix: str, id_: str) -> list[str]:
    """The parts, of which the last ones may be missing; none for what `encoded` never gave."""
    text = id_.removeprefix(prefix)
    try:
        parts = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("\0")
    except ValueError:
        return []
    return parts if encoded(prefix, *parts) == id_ else []
