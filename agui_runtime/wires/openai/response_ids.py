"""The id of a response says which run of which thread it is, so nobody has to look it up. Pure.

It is no secret: whose thread that is decides who gets the response.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

PREFIX = "resp_"


class Place(NamedTuple):
    """A run and its thread."""

    thread_id: str
    run_id: str


def response_id(place: Place) -> str:
    encoded = urlsafe_b64encode("\0".join(place).encode()).decode()
    return PREFIX + encoded.rstrip("=")


def place_of(id_: str) -> Place | None:
    """The run of that response; None for what is no id of one."""
    encoded = id_.removeprefix(PREFIX)
    try:
        text = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except ValueError:
        return None
    thread_id, _, run_id = text.partition("\0")
    place = Place(thread_id, run_id)
    return place if run_id and response_id(place) == id_ else None
