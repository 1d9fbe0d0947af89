"""What a model is given of the blocks of earlier runs: a line in the place of each that was text,
and of those by tools its own calls alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from ag_ui.core import AssistantMessage, Message as AnyMessage, RunAgentInput

from agui_runtime.agents.agent import current_run
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.wrappers.blocks.run_blocks import BLOCK

NOTE = "agui_runtime.blocks"
MOST = 200
"""So many blocks of a thread are noted, the latest ones."""

_LONGEST = 240

Noted: TypeAlias = Mapping[str, Json]
"""A block: its `id`, the message that it stands `behind`, and the line in its place."""


def without_fallbacks(request: RunAgentInput) -> RunAgentInput:
    """Without the texts that front ends were given in the place of blocks by tools: the calls say
    all of it.
    """
    calls = {
        BLOCK + call.id
        for message in request.messages
        for call in getattr(message, "tool_calls", None) or ()
    }
    shown = [m for m in request.messages if m.role != "assistant" or m.id not in calls]
    return request.model_copy(update={"messages": shown})


async def with_lines(request: RunAgentInput) -> RunAgentInput:
    """With a line in the place of each block of the thread, wherever the front end has it."""
    blocks = await _read()
    lines = {each["id"]: AssistantMessage(id=each["id"], content=each["line"]) for each in blocks}
    here = {message.id for message in request.messages}
    behind: dict[str, list[AnyMessage]] = {}
    for each in blocks:
        if each["id"] not in here:
            behind.setdefault(each["behind"], []).append(lines[each["id"]])
    messages = list(_placed(request.messages, lines, behind))
    return request.model_copy(update={"messages": messages})


async def note(blocks: Sequence[Noted]) -> None:
    """Keep them for the thread's next run."""
    run = current_run.get(None)
    if blocks and run is not None and run.notes is not None:
        ids = {each["id"] for each in blocks}
        earlier = [each for each in await _read() if each["id"] not in ids]
        await run.notes.write(NOTE, [*earlier, *blocks][-MOST:])


def noted(id_: str, behind: str, line: str) -> JsonObject:
    """What is noted of a block."""
    return {"id": id_, "behind": behind, "line": line[:_LONGEST]}


def _placed(
    messages: Sequence[AnyMessage],
    lines: Mapping[str, AnyMessage],
    behind: Mapping[str, Sequence[AnyMessage]],
) -> Iterator[AnyMessage]:
    for message in messages:
        yield lines.get(message.id, message)
        yield from behind.get(message.id, ())


async def _read() -> Sequence[Noted]:
    run = current_run.get(None)
    found = await run.notes.read(NOTE) if run is not None and run.notes is not None else None
    return found or ()
