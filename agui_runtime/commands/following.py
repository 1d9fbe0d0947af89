"""`agui-runtime threads tail`: the records of a thread as they come, whichever process writes."""

from __future__ import annotations

import argparse
import sys
from contextlib import aclosing
from typing import TYPE_CHECKING

from agui_runtime.commands.listing import write_json, write_row
from agui_runtime.core import jsontext
from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.events import Cursor, Record
from agui_runtime.core.terminal_text import shortened

if TYPE_CHECKING:
    from agui_runtime.stores.base import Store

LONGEST = 160
"""Characters of an event that a line shows to people."""


async def tail(store: Store, options: argparse.Namespace) -> None:
    """Print every record after the cursor, then live ones; raises ThreadNotFound and Gone."""
    end = await store.log.end(options.thread)
    after = _cursor(options.after, end)
    if options.once and end in (after, Cursor(end.epoch, 0)):
        return
    async with aclosing(store.log.follow(options.thread, after)) as batches:
        async for batch in batches:
            for record in batch.records:
                if options.once and record.seq > end.seq:
                    return
                _write(record, batch.cursor.epoch, json=options.json)
            sys.stdout.flush()
            if options.once and batch.cursor.seq >= end.seq:
                return


def _cursor(text: str | None, end: Cursor) -> Cursor | None:
    if text is None:
        return None
    if text == "end":
        return end if end.seq else None
    try:
        return Cursor.parse(text)
    except ValueError:
        raise InvalidInput(
            f"--after {text!r} is no cursor: give one that `threads tail` printed, or end"
        ) from None


def _write(record: Record, epoch: str, *, json: bool) -> None:
    cursor = str(Cursor(epoch, record.seq))
    if json:
        write_json({"cursor": cursor, "run": record.run_id, "event": record.event})
        return
    rest = {key: value for key, value in record.event.items() if key != "type"}
    about = shortened(jsontext.dumps(rest).decode(), LONGEST)
    write_row(cursor, record.run_id, record.event["type"], about)
