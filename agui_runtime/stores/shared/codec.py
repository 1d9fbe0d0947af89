"""What stores write as bytes, and read again: runs, states, events, finished runs. No I/O."""

from __future__ import annotations

import logging
import os
import zlib
from collections.abc import Sequence
from dataclasses import asdict

import orjson
from pydantic import TypeAdapter, ValidationError

from agui_runtime.core import jsontext
from agui_runtime.core.compact import compact
from agui_runtime.core.errors import StateUnreadable, StoreUnavailable
from agui_runtime.core.event_shape import is_event
from agui_runtime.core.events import Event, Record, RunInfo
from agui_runtime.core.jsontext import Json
from agui_runtime.off_loop import SLICE, is_much, unless_long
from agui_runtime.stores.base import AgentState

logger = logging.getLogger(__name__)

COMPRESS_FROM = 4096
"""Bytes from which compression is worth its time."""

DEFLATED = b"z"
"""Compressed JSON starts with it, JSON never."""

UNREADABLE = "agui_runtime.unreadable"
"""The name of the CUSTOM event that stands for a damaged record."""


_RUN = TypeAdapter(RunInfo)


class Damaged(StoreUnavailable):
    """Something that is stored cannot be read; the store itself answers."""


def new_epoch() -> str:
    """An epoch for a log that is new, or that has lost something."""
    return os.urandom(6).hex()


def run_json(run: RunInfo) -> bytes:
    fields = asdict(run)
    if run.figures is None:  # as releases before these wrote it
        del fields["figures"]
    return jsontext.dumps(fields)


def run_of(text: bytes) -> RunInfo:
    """Raises Damaged. What a later release knows besides is passed over."""
    try:
        return _RUN.validate_python(_loaded(text))
    except ValidationError as error:
        raise damaged(error) from error


def event_of(text: bytes, run_id: str, seq: int) -> Event:
    """The stored event; one that cannot be read is given as what it is, so that the rest of the
    thread stays readable.
    """
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
    logger.error("record %s of run %s cannot be read: %s", seq, run_id, problem)
    return {"type": "CUSTOM", "name": UNREADABLE, "value": {"seq": seq}}


def archive_of(run_id: str, events: Sequence[Event], last: int) -> bytes:
    """A finished run in fewer, equal events; these keep the numbers at the run's end, so that the
    last one is `last`.
    """
    return packed({"run": run_id, "last": last, "events": compact(events)})


def numbers_of(count: int, first: int, last: int) -> Sequence[int]:
    """What the records of a compacted run are numbered, which began at `first`: the run ends where
    it did, and so that nothing seems to be missing before it, begins there, too.
    """
    latest = range(last - count + 1, last + 1)
    return (first, *latest[1:]) if count > 1 else latest


def archived(payload: bytes, first: int) -> list[Record] | None:
    """The records of a finished run that began at `first`; None if they cannot be read."""
    try:
        run = unpacked(payload)
        run_id, last, events = run["run"], int(run["last"]), list(run["events"])
    except (Damaged, KeyError, TypeError, ValueError):
        return None
    numbered = zip(numbers_of(len(events), first, last), events, strict=True)
    return [
        Record(seq, run_id, event if is_event(event) else unreadable(run_id, seq, "it is no event"))
        for seq, event in numbered
    ]


def state_json(saved: AgentState, saved_at: float) -> bytes:
    fields = {"state": saved.state, "messages": list(saved.messages), "saved_at": saved_at}
    edited = {"replaced": list(saved.replaced)} if saved.replaced else {}
    return jsontext.dumps(fields | {"schema": saved.schema_version} | edited)


async def ending_state(saved: AgentState, saved_at: float) -> bytes:
    """A state as it is stored with the end of a run, whatever its size: it is there already."""
    long = len(saved.messages) > SLICE or is_much(saved.state, saved.messages)
    return await unless_long(long, _squeezed, saved, saved_at)


def state_of(payload: bytes, version: int) -> AgentState:
    """Raises StateUnreadable; what an older release saved has no `schema`, and only what was saved
    by hand has `replaced`.
    """
    try:
        saved = unpacked(payload)
        known = (saved["state"], saved["messages"], version, saved["saved_at"])
        return AgentState(*known, saved.get("schema", 1), saved.get("replaced", ()))
    except (Damaged, KeyError, TypeError) as error:
        raise StateUnreadable("the saved state is damaged; others are not affected") from error


def packed(value: object) -> bytes:
    """JSON, compressed where that is worth it."""
    return squeezed(jsontext.dumps(value))


def squeezed(text: bytes) -> bytes:
    return text if len(text) < COMPRESS_FROM else DEFLATED + zlib.compress(text, 1)


def _squeezed(saved: AgentState, saved_at: float) -> bytes:
    return squeezed(state_json(saved, saved_at))


def unpacked(payload: bytes) -> Json:
    """Raises Damaged."""
    if payload[:1] == DEFLATED:
        try:
            payload = zlib.decompress(payload[1:])
        except zlib.error as error:
            raise damaged(error) from error
    return _loaded(payload)


def damaged(error: Exception) -> Damaged:
    """What to raise for something that cannot be read; the log says why."""
    logger.error("a stored record cannot be read: %s", error)
    return Damaged("a stored record cannot be read; other threads are not affected")


def _loaded(text: bytes) -> Json:
    try:
        return jsontext.loads(text)
    except orjson.JSONDecodeError as error:
        raise damaged(error) from error
