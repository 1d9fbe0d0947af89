"""Ids of responses, of their items and of approvals say of which thread they are, so nobody has to
look them up. Pure.

They are no secret: whose thread that is decides who gets what is there.
"""

from __future__ import annotations

from typing import NamedTuple

from agui_runtime.wires.shared.self_describing_ids import decoded, encoded

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
    return encoded(PREFIX, *place)


def place_of(id_: str) -> Place | None:
    """The run of that response; None for what is no id of one."""
    parts = decoded(PREFIX, id_)
    return Place(*parts) if len(parts) in (2, 3) and parts[1] else None


def item_id(place: ItemPlace) -> str:
    return encoded(f"{place.kind}_", *place[1:])


def item_place_of(id_: str) -> ItemPlace | None:
    """The same of an item."""
    kind, _, _ = id_.partition("_")
    parts = decoded(f"{kind}_", id_)
    return ItemPlace(kind, *parts) if len(parts) in (2, 3) and parts[0] else None


def approval_id(place: ApprovalPlace) -> str:
    return encoded("mcpr_", *place)


def approval_place_of(id_: str) -> ApprovalPlace | None:
    """The same of a question."""
    parts = decoded("mcpr_", id_)
    return ApprovalPlace(*parts) if len(parts) == 3 and all(parts) else None
