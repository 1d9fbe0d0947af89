"""Rows and what they stand for: threads, runs, records. No statements."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Protocol

from agui_runtime.core.errors import Gone
from agui_runtime.core.event_shape import is_event
from agui_runtime.core.events import Event, Record, RunInfo, ThreadInfo
from agui_runtime.core.figures import Cost, RunFigures, Tokens
from agui_runtime.stores.shared.codec import Damaged, unpacked, unreadable
from agui_runtime.stores.shared.spans import RecordedRun


class Row(Protocol):
    """A row by the names of its columns, as both drivers give it."""

    def __getitem__(self, name: str, /) -> Any: ...  # noqa: ANN401  # whatever the column holds


def thread_of(row: Row) -> ThreadInfo:
    return ThreadInfo(
        row["id"],
        row["owner"],
        row["agent"],
        row["created"],
        row["updated"],
        row["name"],
        bool(row["archived"]),
    )


def run_of(row: Row) -> RunInfo:
    return RunInfo(
        row["thread_id"],
        row["run_id"],
        row["agent"],
        row["owner"],
        row["started"],
        row["fingerprint"],
        row["status"],
        row["ended"],
        row["schema_version"],
        None if row["ended"] is None else _figures_of(row),
    )


def figure_values(figures: RunFigures) -> dict[str, object]:
    """What a run took, by the names of the columns."""
    tokens, cost = figures.tokens or Tokens(), figures.cost
    return {
        "error_code": figures.error_code,
        "model": figures.model,
        "provider": figures.provider,
        "input_tokens": tokens.input,
        "output_tokens": tokens.output,
        "cached_tokens": tokens.cached_input,
        "cache_write_tokens": tokens.cache_write_input,
        "reasoning_tokens": tokens.reasoning,
        "cost": None if cost is None else float(cost.usd),
        "first_event_seconds": figures.first_event_seconds,
    }


def _figures_of(row: Row) -> RunFigures:
    """Without figures of messages, and without the name of the prices: no column has them."""
    tokens = Tokens(
        row["input_tokens"],
        row["output_tokens"],
        row["cached_tokens"],
        row["cache_write_tokens"],
        row["reasoning_tokens"],
    )
    usd = None if row["cost"] is None else format(Decimal(str(row["cost"])), "f")
    return RunFigures(
        row["provider"],
        row["model"],
        None if tokens == Tokens() else tokens,
        None if usd is None else Cost(usd, ""),
        row["first_event_seconds"],
        row["error_code"],
    )


def recorded(row: Row) -> RecordedRun:
    return RecordedRun(row["first"], run_of(row))


def events_text(texts: Sequence[bytes]) -> bytes:
    """The events of one append as one JSON array."""
    return b"[" + b",".join(texts) + b"]"


def records_of(chunks: Sequence[Row], after: int, most: int) -> list[Record]:
    """The records behind `after`, of chunks that follow each other: so many at most, or one
    compacted run. Raises Gone where what follows `after` is no longer there.
    """
    found: list[Record] = []
    for chunk in chunks:
        if chunk["compacted"] and (found or chunk["first"] != after + 1):
            if not found:
                raise Gone  # the reader is in the middle of what was compacted
            break
        if chunk["first"] > after + 1:
            raise Gone
        records = _records(chunk)
        if chunk["compacted"]:
            return records
        found += [record for record in records if record.seq > after]
        after = chunk["last"]
    return found[:most]


def _records(chunk: Row) -> list[Record]:
    """A chunk's records; the last has the chunk's last number. One that cannot be read is replaced
    by an event that says so, so that the rest of the thread stays readable.
    """
    last, run_id = chunk["last"], chunk["run_id"]
    try:
        events = unpacked(bytes(chunk["events"]))
    except Damaged as error:
        return [Record(last, run_id, unreadable(run_id, last, str(error)))]
    if not isinstance(events, list) or not events:
        return [Record(last, run_id, unreadable(run_id, last, "it is no list of events"))]
    start = last - len(events) + 1
    return [
        Record(seq, run_id, _event(each, run_id, seq)) for seq, each in enumerate(events, start)
    ]


def _event(event: Event, run_id: str, seq: int) -> Event:
    return event if is_event(event) else unreadable(run_id, seq, "it is no event")
