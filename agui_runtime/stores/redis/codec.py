"""What the keys of a thread hold, read: its fields, its list of runs, its stream. No commands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, TypeAlias

from agui_runtime.core.events import Record, ThreadInfo
from agui_runtime.stores.shared.codec import Damaged, damaged, event_of, run_of
from agui_runtime.stores.shared.spans import RecordedRun

Answer: TypeAlias = Any
"""Whatever Redis answers: bytes, numbers, lists of these."""


def span_of(item: bytes) -> RecordedRun:
    """An item of the list of runs: `<first record> <bytes> <the run's JSON>`."""
    first, _, text = item.split(b" ", 2)
    return RecordedRun(int(first), run_of(text))


def spans_of(items: Iterable[bytes]) -> list[RecordedRun]:
    """Those of the items that can be read."""
    found = []
    for item in items:
        with suppress(Damaged):
            found.append(span_of(item))
    return found


def firsts_of(items: Iterable[bytes]) -> list[int]:
    """The number of the first record of each run, also of runs that cannot be read."""
    return [int(item.partition(b" ")[0]) for item in items]


def thread_of(thread_id: str, pairs: Sequence[bytes]) -> ThreadInfo:
    """Raises Damaged."""
    fields = {
        key.decode(errors="replace"): value.decode(errors="replace")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True)
    }
    try:
        return ThreadInfo(
            thread_id,
            fields["owner"],
            fields["agent"],
            float(fields["created"]),
            float(fields["updated"]),
            fields.get("name"),
            fields.get("archived") == "1",
        )
    except (KeyError, ValueError) as error:
        raise damaged(error) from error


def record_of(entry: Sequence[Answer]) -> Record:
    """An entry of the stream: `[b"<seq>-0", [b"r", run id, b"e", event]]`."""
    identity, pairs = entry
    seq = int(identity.partition(b"-")[0])
    fields = dict(zip(pairs[::2], pairs[1::2], strict=False))
    run_id = fields.get(b"r", b"").decode(errors="replace")
    return Record(seq, run_id, event_of(fields.get(b"e", b""), run_id, seq))


def records_of(first: int, runs: Sequence[Answer], lines: bytes) -> list[Record]:
    """Records numbered from `first`: `[run id, count, ...]`, and an event in each line."""
    events = enumerate(lines.split(b"\n"), first)
    records = []
    for identity, count in zip(runs[::2], runs[1::2], strict=True):
        run_id = identity.decode(errors="replace")
        for seq, event in islice(events, count):
            records.append(Record(seq, run_id, event_of(event, run_id, seq)))
    return records
