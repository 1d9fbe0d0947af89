"""The rows of messages: what each says, which run made it, and what it took of that. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from agui_runtime.core.events import Message, Record
from agui_runtime.core.figures import MessageFigures, RunFigures, Tokens
from agui_runtime.core.fold import Fold
from agui_runtime.core.history import without_prompts
from agui_runtime.core.meter import figures_of
from agui_runtime.stores.sql import statements
from agui_runtime.stores.sql.message_ids import stored_id
from agui_runtime.stores.sql.rows import Row, figures_in, storable, token_values
from agui_runtime.stores.sql.step import MessageText, Statement, Step, Together

NOTHING = MessageFigures("")


class Part(NamedTuple):
    """What a run's records say of messages: those that it made, and what they took. `last` is the
    number of its last record.
    """

    last: int
    texts: Sequence[MessageText]
    figures: Sequence[MessageFigures]


def texts_of(messages: Sequence[Message]) -> list[MessageText]:
    """What the messages of a conversation say, in its order."""
    return [
        MessageText(message["id"], message["role"], position, _text(message.get("content")))
        for position, message in enumerate(messages)
    ]


def parts_of(records: Sequence[Record]) -> tuple[list[Part], Collection[str]]:
    """What a whole log says of messages, by runs, and by what the messages are recognised."""
    fold, ends, makers = Fold(), [], dict[str, int]()
    for _, group in groupby(records, lambda record: record.run_id):
        run = list(group)
        for record in run:
            fold.feed(record.event)
        for message in fold.shared_messages:
            makers.setdefault(message["id"], run[-1].seq)
        ends.append((run[-1].seq, figures_of([record.event for record in run]).messages))
    texts = texts_of(without_prompts(fold.shared_messages))
    parts = [
        Part(last, [text for text in texts if makers[text.id] == last], figures)
        for last, figures in ends
    ]
    return parts, fold.ids


def written(
    thread_id: str, first: int, texts: Sequence[MessageText], figures: RunFigures
) -> Step[Collection[str]]:
    """Write the messages that a run made or changed; others stay. The ids that are known then."""
    rows = yield statements.TEXTS, {"id": thread_id}
    stored: dict[str, Row | None] = {row["id"]: row for row in rows}
    changes: list[Statement] = []
    for name, text, took in _each(texts, figures):
        row = stored.setdefault(name, None)
        if row is None or took is not None:
            about: dict[str, object] = {"id": thread_id, "run_first": first}
        elif row["role"] is not None and row["text"] != (text and text.text):
            about = {"id": thread_id, "run_first": None}
        else:
            continue
        changes.append((statements.DESCRIBE, _values(name, text, took, figures) | about))
    if changes:
        yield Together(changes)
    return stored


def rewritten(thread_id: str, parts: Sequence[Part]) -> Step[None]:
    """Write all messages of a log anew. What only the clock of their runs knew stays as it is."""
    runs = yield statements.RUNS, {"ids": [thread_id]}
    firsts = [row["first"] for row in runs]
    for last, texts, figures in parts:
        place = bisect_right(firsts, last) - 1
        if place >= 0:
            known = figures_in(runs[place], figures)
            about = {"id": thread_id, "run_first": firsts[place]}
            for each in _each(texts, known):
                yield statements.DESCRIBE, _values(*each, known) | about


def _each(
    texts: Sequence[MessageText], figures: RunFigures
) -> Iterator[tuple[str, MessageText | None, MessageFigures | None]]:
    """Of each message its stored id, what it says, and what it took of the run."""
    spoken = {text.id: text for text in texts}
    took = {each.message_id: each for each in figures.messages}
    for id_ in dict.fromkeys([*spoken, *took]):
        yield stored_id(id_), spoken.get(id_), took.get(id_)


def _values(
    name: str, text: MessageText | None, took: MessageFigures | None, figures: RunFigures
) -> dict[str, object]:
    """A message that took all of its run's tokens has the run's model and cost; of others the
    model is not known.
    """
    took = took or NOTHING
    whole = took.tokens is not None and took.tokens == figures.tokens
    cost = took.cost or (figures.cost if whole else None)
    usd = None if cost is None else cost.usd
    return {
        "message_id": name,
        "role": text and text.role,
        "position": text and text.position,
        "text": text and text.text,
        "model": storable(figures.model) if whole else None,
        **token_values(took.tokens or Tokens()),
        "cost": None if usd is None else float(usd),
        "usd": usd,
        "milliseconds": took.milliseconds,
    }


def _text(content: object) -> str | None:
    """The text of a content or of its parts, as a database can hold it; None of others."""
    if isinstance(content, str):
        return storable(content)
    parts = content if isinstance(content, list | tuple) else ()
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    found = [text for text in texts if isinstance(text, str)]
    return storable("\n".join(found)) if found else None
