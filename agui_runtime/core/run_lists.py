"""What a list of a thread's runs shows of each beside its figures: which question it began with,
which run went on from its interrupt; and a run that was answered under its own id. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agui_runtime.core.events import REGENERATES, Event, RunInfo
from agui_runtime.core.figures import UNKNOWN
from agui_runtime.core.message_parts import in_words
from agui_runtime.core.totals import summed

LONGEST_QUESTION = 300
"""Characters; it is shown in a line."""


def question_in(event: Event) -> str | None:
    """The beginning of the user's last message, where the event is one with which a run states what
    it goes on from; None of others, and where no user's message is new to the thread.
    """
    if event["type"] == "RUN_STARTED":
        messages = (event.get("input") or {}).get("messages", ())
    elif event["type"] == "MESSAGES_SNAPSHOT" and REGENERATES in (event.get("metadata") or ()):
        messages = event["messages"]
    else:
        return None
    users = [each for each in messages if each["role"] == "user"]
    return in_words(users[-1]["content"])[:LONGEST_QUESTION] if users else None


def continuations(runs: Sequence[RunInfo]) -> list[str | None]:
    """For each of a thread's runs, oldest first, the id of the run with which the thread went on
    from its interrupt; None of those without an interrupt, and of one that still waits. A run that
    fails leaves it waiting.
    """
    found: list[str | None] = []
    later: str | None = None
    for run in reversed(runs):
        found.append(later if run.status == "interrupted" else None)
        if run.status != "failed":
            later = run.run_id
    return found[::-1]


def whole(parts: Sequence[RunInfo]) -> RunInfo:
    """The run that these have the id of, oldest first: it began with the first of them, is as the
    last of them is, and took what all of them took.
    """
    if len(parts) == 1:
        return parts[0]
    totals = summed(parts)
    took = [each.figures or UNKNOWN for each in parts]
    figures = replace(
        took[-1],
        tokens=totals.tokens,
        cost=totals.cost,
        first_event_seconds=took[0].first_event_seconds,
        messages=[message for each in took for message in each.messages],
    )
    return replace(parts[-1], started_at=parts[0].started_at, figures=figures)
