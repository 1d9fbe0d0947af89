"""Ids of responses, of their items and of approvals say of which thread they are, so nobody has to
look them up. Pure.

They are no secret: whose thread that is decides who gets what is there.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

PREFIX = "resp_"

IMPLICIT = "responses-"
"""With this begin the ids of threads that nobody has named."""


class Place(NamedTuple):
    """A run and its thread; `start` is the cursor before the run, "" where it is not known."""

    thread_id: str
    run_id: str
    start: str = ""


class ItemPlace(NamedTuple):
    """What an item is made of: `kind` is its prefix, `of` the message or the call, "" for what the
    thread does not hold; `nth` tells apart what an agent says under one id.
    """

    kind: str
    thread_id: str
    of: str
    nth: str = ""


class ApprovalPlace(NamedTuple):
    """A question whether a call may be carried out, with which a run ended."""

    thread_id: str
    run_id: str
    interrupt_id: str


def response_id(place: Place) -> str:
    return _encoded(PREFIX, *place)


def place_of(id_: str) -> Place | None:
    """The run of that response; None for what is no id of one."""
    parts = _decoded(PREFIX, id_)
    if len(parts) not in (2, 3) or not parts[1]:
        return None
    place = Place(*parts)
    return place if response_id(place) == id_ else None


def item_id(place: ItemPlace) -> str:
    return _encoded(f"{place.kind}_", *place[1:])


def item_place_of(id_: str) -> ItemPlace | None:
    """The same of an item."""
    kind, _, _ = id_.partition("_")
    parts = _decoded(f"{kind}_", id_)
    if len(parts) not in (2, 3) or not parts[0]:
        return None
    place = ItemPlace(kind, *parts)
    return place if item_id(place) == id_ else None


def approval_id(place: ApprovalPlace) -> str:
    return _encoded("mcpr_", *place)


def approval_place_of(id_: str) -> ApprovalPlace | None:
    """The same of a question."""
    parts = _decoded("mcpr_", id_)
    place = ApprovalPlace(*parts) if len(parts) == 3 else None
    return place if place and all(place) and approval_id(place) == id_ else None


def _encoded(prefix: str, *parts: str) -> str:
    """Empty parts at the end are not in it."""
    text = "\0".join(parts).rstrip("\0")
    return prefix + urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(prefix: str, id_: str) -> list[str]:
    """The parts, of which the last ones may be missing; none for what was not made here."""
    encoded = id_.removeprefix(prefix)
    try:
        text = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except ValueError:
        return []
    return text.split("\0")
