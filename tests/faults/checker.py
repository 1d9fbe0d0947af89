"""Compares what a store acknowledged with what its readers were told. No I/O but one file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from agui_runtime.core.events import TERMINAL, Cursor

Event = dict[str, Any]
Frame = tuple[str | None, Event]


def acknowledged(witness: Path, thread: str) -> Mapping[str, Sequence[Event]]:
    """The events of the thread by run, in the order of their acknowledgements.

    A process that was killed may have left half a line, which nobody was told.
    """
    found: dict[str, list[Event]] = defaultdict(list)
    lines = witness.read_bytes().split(b"\n")[:-1] if witness.exists() else []
    for line in lines:
        try:
            of, run, event = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if of == thread:
            found[run].append(event)
    return found


def check(told: Sequence[Frame], acks: Mapping[str, Sequence[Event]] | None = None) -> None:
    """`told` is a thread, or the end of one, as one reader saw it. Raises AssertionError unless
    the numbers have neither gap nor repeat, each run that ends does so once, and everything that
    was acknowledged is there once and in order. A run that waited may have had its start early,
    without a number.
    """
    records = [(Cursor.parse(identity), event) for identity, event in told if identity]
    announced = [(identity, event) for identity, event in told if not identity]
    numbers = [cursor.seq for cursor, _ in records]
    first = numbers[0] if numbers else 1
    assert numbers == list(range(first, first + len(numbers))), f"gap or repeat: {numbers}"
    assert len({cursor.epoch for cursor, _ in records}) <= 1, "two epochs in one stream"
    events = [event for _, event in records]
    early = [event["runId"] for _, event in announced if event["type"] == "RUN_STARTED"]
    starts = len(early) + sum(event["type"] == "RUN_STARTED" for event in events)
    ends = sum(event["type"] in TERMINAL for event in events)
    assert starts == ends, f"{starts} starts and {ends} ends"
    for run, stored in (acks or {}).items():
        rest = iter(events)
        for event in stored[1:] if run in early else stored:
            assert any(each == event for each in rest), f"{run}: lost or out of order: {event}"
