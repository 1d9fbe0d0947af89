"""Rows and what they stand for: threads, runs, records. No statements."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Protocol

from agui_runtime.core.errors import Gone
from agui_runtime.core.event_shape import is_event
from agui_runtime.core.events import Event, Record, RunInfo, ThreadInfo
from agui_runtime.core.figures import Cost, MessageFigures, RunFigures, Tokens
from agui_runtime.stores.shared.codec import Damaged, numbers_of, unpacked, unreadable
from agui_runtime.stores.shared.spans import RecordedRun

_TOKEN_COLUMNS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cached_input": "cached_tokens",
    "cache_write_input": "cache_write_tokens",
    "reasoning": "reasoning_tokens",
}
"""Where each count of `Tokens` stands."""


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


def run_of(row: Row, messages: Sequence[MessageFigures] = ()) -> RunInfo:
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
        None if row["ended"] is None else figures_in(row, messages),
    )


def figure_values(figures: RunFigures) -> dict[str, object]:
    """What a run took, by the names of the columns."""
    cost = figures.cost
    return {
        "error_code": storable(figures.error_code),
        "model": storable(figures.model),
        "provider": storable(figures.provider),
        **token_values(figures.tokens or Tokens()),
        "cost": None if cost is None else float(cost.usd),
        "usd": None if cost is None else cost.usd,
        "prices": None if cost is None else storable(cost.prices),
        "first_event_seconds": figures.first_event_seconds,
    }


def token_values(tokens: Tokens) -> dict[str, object]:
    return {column: getattr(tokens, name) for name, column in _TOKEN_COLUMNS.items()}


def figures_in(row: Row, messages: Sequence[MessageFigures] = ()) -> RunFigures:
    """What the row of a run says that it took; its messages have rows of their own."""
    return RunFigures(
        row["provider"],
        row["model"],
        _tokens_in(row),
        _cost_in(row),
        row["first_event_seconds"],
        row["error_code"],
        tuple(messages),
    )


def message_figures_of(row: Row) -> MessageFigures:
    return MessageFigures(row["id"], row["milliseconds"], _tokens_in(row), _cost_in(row))


def storable(text: str | None) -> str | None:
    """The text as both databases hold it: PostgreSQL takes no U+0000, and none takes a half of a
    surrogate pair.
    """
    return text and text.replace("\0", "\ufffd").encode(errors="replace").decode()


def pattern_of(text: str) -> str:
    """What a text in which these words stand is `like`, with `!` before what would mean more."""
    words = storable(text) or ""
    for special in "!%_":
        words = words.replace(special, f"!{special}")
    return f"%{words}%"


def _tokens_in(row: Row) -> Tokens | None:
    tokens = Tokens(**{name: row[column] for name, column in _TOKEN_COLUMNS.items()})
    return None if tokens == Tokens() else tokens


def _cost_in(row: Row) -> Cost | None:
    """A release that knew no decimals wrote neither these nor the name of the prices."""
    if row["usd"] is not None:
        return Cost(row["usd"], row["prices"] or "")
    if row["cost"] is not None:
        return Cost(decimal_of(row["cost"]), "")
    return None


def decimal_of(amount: float) -> str:
    """A sum of floats as decimal text, without what only floats have behind the ninth digit."""
    return format(Decimal(str(round(amount, 9))).normalize(), "f")


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
    numbered = zip(numbers_of(len(events), chunk["first"], last), events, strict=True)
    return [Record(seq, run_id, _event(each, run_id, seq)) for seq, each in numbered]


def _event(event: Event, run_id: str, seq: int) -> Event:
    return event if is_event(event) else unreadable(run_id, seq, "it is no event")
