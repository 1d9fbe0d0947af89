"""Deltas of one stream in a row, as nearly all events that come at one go are. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from agui_runtime.core.deltas import KEYS
from agui_runtime.core.events import Event

FEW = 5
"""So few events cost no more one by one."""


class Stretch(list[Event]):
    """Deltas of one text, reasoning or call that hold nothing else. `joined` is one event that says
    the same, so that whoever counts or adds up need not look at each.
    """

    __slots__ = ("joined",)
    joined: Event

    @classmethod
    def leading(cls, events: Sequence[Event]) -> Stretch | None:
        """The events, or all but the last where that is no delta; None if those are no stretch."""
        if events[-1]["type"] not in KEYS:
            events = events[:-1]
        kind = events[0]["type"]
        key = KEYS.get(kind)
        if key is None:
            return None
        id_ = events[0][key]
        texts = [
            event["delta"]
            for event in events
            if event["type"] == kind and event[key] == id_ and len(event) == 3
        ]
        if len(texts) < len(events):
            return None
        stretch = cls(events)
        stretch.joined = {"type": kind, key: id_, "delta": "".join(texts)}
        return stretch


def joined(events: Sequence[Event]) -> Sequence[Event]:
    """The events; deltas in a row are one, where they are a stretch, and not few."""
    if len(events) <= FEW:
        return events
    made: list[Event] = []
    for _, group in groupby(events, itemgetter("type")):
        alike = list(group)
        stretch = Stretch.leading(alike) if len(alike) > FEW else None
        made += alike if stretch is None else (stretch.joined,)
    return made
