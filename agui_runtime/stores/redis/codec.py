"""What the keys hold, read and written: runs, states, threads, archived runs. No commands."""

from __future__ import annotations

import logging
import uuid
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, NamedTuple

import orjson

from agui_runtime.core import jsontext
from agui_runtime.core.errors import StateUnreadable, StoreUnavailable
from agui_runtime.core.event_shape import is_event
from agui_runtime.core.events import Event, Record, RunInfo, ThreadInfo
from agui_runtime.stores.base import AgentState

logger = logging.getLogger(__name__)

COMPRESS_FROM = 4096
"""Bytes from which compression is worth its time."""

DEFLATED = b"z"
"""Compressed JSON starts with it, JSON never."""

UNREADABLE = "agui_runtime.unreadable"
"""The name of the CUSTOM event that stands for a damaged record."""


class Damaged(StoreUnavailable):
    """Something that is stored cannot be read; the server itself answers."""


class StoredRun(NamedTuple):
    """A run and the number of its first record."""

    first: int
    run: RunInfo


def new_epoch() -> str:
    """An epoch for a log that is new, or that has lost something."""
    return uuid.uuid4().hex[:12]


def run_json(run: RunInfo) -> bytes:
    return jsontext.dumps(asdict(run))


def run_of(text: bytes) -> RunInfo:
    """Raises Damaged."""
    try:
        return RunInfo(**_loaded(text))
    except TypeError as error:
        raise _damaged(error) from error


def span_of(item: bytes) -> StoredRun:
    """An item of the list of runs: `<first record> <bytes> <the run's JSON>`."""
    first, _, text = item.split(b" ", 2)
    return StoredRun(int(first), run_of(text))


def spans_of(items: Iterable[bytes]) -> list[StoredRun]:
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
        raise _damaged(error) from error


def record_of(entry: Sequence[Any]) -> Record:
    """An entry of the stream: `[b"<seq>-0", [b"r", run id, b"e", event]]`.

    One that cannot be read is given as what it is, so that the rest of the thread stays readable.
    """
    identity, pairs = entry
    seq = int(identity.partition(b"-")[0])
    fields = dict(zip(pairs[::2], pairs[1::2], strict=False))
    run_id = fields.get(b"r", b"").decode(errors="replace")
    return Record(seq, run_id, _event_of(fields.get(b"e", b""), run_id, seq))


def _event_of(text: bytes, run_id: str, seq: int) -> Event:
    try:
        event: Event = jsontext.loads(text)
        if is_event(event):
            return event
        problem = "it is no event"
    except orjson.JSONDecodeError as error:
        problem = str(error)
    return unreadable(run_id, seq, problem)


def unreadable(run_id: str, seq: int, problem: str) -> Event:
    """What readers are given in the place of a record, or of all records up to it."""
    logger.error("Redis: record %s of run %s cannot be read: %s", seq, run_id, problem)
    return {"type": "CUSTOM", "name": UNREADABLE, "value": {"seq": seq}}


def archive_of(records: Sequence[Record], last: int) -> bytes:
    """A finished run; its records keep the numbers at its end, so that the last one is `last`."""
    events = [record.event for record in records]
    return packed({"run": records[0].run_id, "last": last, "events": events})


def archived(payload: bytes) -> list[Record] | None:
    """The records of a finished run; None if they cannot be read."""
    try:
        run = unpacked(payload)
        run_id, last, events = run["run"], int(run["last"]), list(run["events"])
    except (Damaged, KeyError, TypeError, ValueError):
        return None
    numbered = enumerate(events, last - len(events) + 1)
    return [
        Record(seq, run_id, event if is_event(event) else unreadable(run_id, seq, "it is no event"))
        for seq, event in numbered
    ]


def state_json(saved: AgentState, saved_at: float) -> bytes:
    fields = {"state": saved.state, "messages": list(saved.messages), "saved_at": saved_at}
    return jsontext.dumps(fields | {"schema": saved.schema_version})


def state_of(payload: bytes, version: int) -> AgentState:
    """Raises StateUnreadable; what an older release saved has no `schema`."""
    try:
        saved = unpacked(payload)
        known = (saved["state"], saved["messages"], version, saved["saved_at"])
        return AgentState(*known, saved.get("schema", 1))
    except (Damaged, KeyError, TypeError) as error:
        raise StateUnreadable("the saved state is damaged; others are not affected") from error


def packed(value: object) -> bytes:
    """JSON, compressed where that is worth it."""
    return squeezed(jsontext.dumps(value))


def squeezed(text: bytes) -> bytes:
    return text if len(text) < COMPRESS_FROM else DEFLATED + zlib.compress(text, 1)


def unpacked(payload: bytes) -> Any:  # noqa: ANN401  # any JSON
    if payload[:1] == DEFLATED:
        try:
            payload = zlib.decompress(payload[1:])
        except zlib.error as error:
            raise _damaged(error) from error
    return _loaded(payload)


def _loaded(text: bytes) -> Any:  # noqa: ANN401  # any JSON
    try:
        return jsontext.loads(text)
    except orjson.JSONDecodeError as error:
        raise _damaged(error) from error


def _damaged(error: Exception) -> Damaged:
    logger.error("Redis: a record cannot be read: %s", error)
    return Damaged("a stored record cannot be read; other threads are not affected")
