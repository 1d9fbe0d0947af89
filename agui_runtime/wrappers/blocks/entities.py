"""Fills blocks of entities with records of the application, never with what a model wrote."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping

from agui_runtime.agents.agent import current_run
from agui_runtime.core import jsontext
from agui_runtime.core.events import ANONYMOUS, Caller
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.log_lines import logger_of
from agui_runtime.off_loop import in_a_thread
from agui_runtime.wrappers.blocks.options import EntityResolver
from agui_runtime.wrappers.blocks.reading import LARGEST, TOO_LARGE, Refused
from agui_runtime.wrappers.blocks.records import Records

logger = logger_of(__name__)

UNKNOWN = "there is no such record, or it is not the caller's"
"""Whatever the reason: nobody is to learn which of the two it is."""

SECONDS = 10.0
"""So long a record may take to be looked up."""


def returned(records: Records, kind: str, id_: str, *, guess: bool) -> JsonObject | None:
    """The record that a tool of this run returned; `guess`: also one of which nothing says its
    kind.
    """
    found = records.find(kind, id_)
    if found is None and guess:
        found = records.guess(kind, id_)
    return None if found is None else filled(kind, id_, found)


async def resolved(resolver: EntityResolver | None, kind: str, id_: str) -> JsonObject:
    """The record that the application has for the caller; raises Refused, in the same words for
    one that there is not and one that is not the caller's.
    """
    if resolver is None:
        raise Refused(UNKNOWN)
    run = current_run.get(None)
    try:
        async with asyncio.timeout(SECONDS):
            record = await _looked_up(resolver, kind, id_, run.caller if run else ANONYMOUS)
            found = None if record is None else jsontext.plain(record)
    except (LookupError, PermissionError):
        found = None
    except Exception as error:  # user code: the application's own
        logger.exception("the record %s %r could not be looked up", kind[:40], id_[:80])
        raise Refused(UNKNOWN) from error
    if not isinstance(found, dict):
        raise Refused(UNKNOWN)
    return filled(kind, id_, found)


def filled(kind: str, id_: str, record: Mapping[str, Json]) -> JsonObject:
    """The content of the block; raises Refused."""
    try:
        content: JsonObject = jsontext.plain({"kind": kind, "id": id_, "data": record})
    except jsontext.Unencodable as error:
        raise Refused(str(error)) from None
    if len(jsontext.dumps(content)) > LARGEST:
        raise Refused(TOO_LARGE)
    return content


async def _looked_up(resolver: EntityResolver, kind: str, id_: str, caller: Caller) -> object:
    if inspect.iscoroutinefunction(resolver):
        return await resolver(kind, id_, caller)
    made = await in_a_thread(resolver, kind, id_, caller)
    return await made if inspect.isawaitable(made) else made
