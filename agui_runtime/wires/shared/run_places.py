"""An id that says which run of which thread it is, so that nobody has to look it up. Pure.

It is no secret: whose thread that is decides who gets what the id is of.
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
    encoded = urlsafe_b64encode("\0".join(place).encode()).decode()
    return prefix + encoded.rstrip("=")


def place_in(id_: str, prefix: str) -> Place | None:
    """The run of that id; None for what `id_of` never gave."""
    encoded = id_.removeprefix(prefix)
    try:
        text = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except ValueError:
        return None
    thread_id, _, run_id = text.partition("\0")
    place = Place(thread_id, run_id)
    return place if run_id and id_of(place, prefix) == id_ else None
