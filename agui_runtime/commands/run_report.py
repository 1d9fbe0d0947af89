"""What happened in one run, in its order: models' answers, tools, steps, and what they took. Pure.

Stores have times of runs, and seconds of their messages: of answers, and of tools until their
results. Of steps, and of when in the run something was, a time is known only where an agent put
`timestamp` into its events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from agui_runtime.core import jsontext
from agui_runtime.core.events import Event, RunInfo
from agui_runtime.core.figures import UNKNOWN, MessageFigures, Tokens
from agui_runtime.core.jsontext import Json
from agui_runtime.core.terminal_text import shortened

LONGEST = 80
WIDTH = 24
"""Characters of a bar."""


@dataclass(slots=True)
class Part:
    """A line of the report; what is None is unknown. `start` counts from the run's."""

    kind: str
    name: str
    depth: int = 0
    start: float | None = None
    seconds: float | None = None
    input: int | None = None
    output: int | None = None
    usd: str | None = None
    text: str = ""


class Report:
    """Reads the events of the run, from its first to its last."""

    def __init__(self, run: RunInfo) -> None:
        figures = run.figures or UNKNOWN
        ended = None if run.ended_at is None else run.ended_at - run.started_at
        about = _counts(figures.tokens) | {"usd": figures.cost.usd if figures.cost else None}
        name = f"{run.agent} {run.run_id}"
        text = " ".join(filter(None, (run.status, figures.model, figures.error_code)))
        self.parts = [Part("run", name, start=0.0, seconds=ended, text=text, **about)]
        self._began = run.started_at
        self._figures = {each.message_id: each for each in figures.messages}
        self._open: dict[tuple[str, str], Part] = {}
        self._messages: set[str] = set()
        self._depth = 1

    def feed(self, event: Event) -> None:
        if read := _READ.get(event["type"]):
            read(self, event)

    def _begin(self, key: tuple[str, str], part: Part, event: Event) -> Part:
        part.depth, part.start = self._depth, self._moment(event)
        self.parts.append(part)
        self._open[key] = part
        return part

    def _end(self, key: tuple[str, str], event: Event) -> None:
        part, moment = self._open.pop(key, None), self._moment(event)
        if part is not None and part.seconds is None and moment is not None:
            part.seconds = None if part.start is None else moment - part.start

    def _moment(self, event: Event) -> float | None:
        stamp = event.get("timestamp")
        return None if stamp is None else max(stamp / 1000 - self._began, 0.0)

    def _answer(self, event: Event) -> None:
        self._message(event["messageId"], event)

    def _message(self, id_: str, event: Event) -> None:
        if id_ in self._messages:
            return
        self._messages.add(id_)
        figures = self._figures.get(id_, MessageFigures(id_))
        about = _counts(figures.tokens) | {"usd": figures.cost.usd if figures.cost else None}
        self._begin(
            ("answer", id_), Part("answer", id_, seconds=self._seconds(id_), **about), event
        )

    def _seconds(self, id_: str) -> float | None:
        figures = self._figures.get(id_)
        known = None if figures is None else figures.milliseconds
        return None if known is None else known / 1000

    def _delta(self, event: Event) -> None:
        part = self._open.get(("answer", event["messageId"]))
        if part is not None and len(part.text) <= LONGEST:
            part.text += event["delta"]

    def _answer_ended(self, event: Event) -> None:
        self._end(("answer", event["messageId"]), event)

    def _call(self, event: Event) -> None:
        if parent := event.get("parentMessageId"):
            self._message(parent, event)
        key = ("tool", event["toolCallId"])
        self._begin(key, Part("tool", event["toolCallName"]), event)

    def _arguments(self, event: Event) -> None:
        if part := self._open.get(("tool", event["toolCallId"])):
            part.text += event["delta"] if len(part.text) <= LONGEST else ""

    def _result(self, event: Event) -> None:
        if part := self._open.get(("tool", event["toolCallId"])):
            part.text = f"{shortened(part.text, LONGEST)} -> {_words(event.get('content'))}"
            part.seconds = self._seconds(event["messageId"])
        self._end(("tool", event["toolCallId"]), event)

    def _step(self, event: Event) -> None:
        self._begin(("step", event["stepName"]), Part("step", event["stepName"]), event)
        self._depth += 1

    def _step_ended(self, event: Event) -> None:
        self._depth = max(self._depth - 1, 1)
        self._end(("step", event["stepName"]), event)

    def _failed(self, event: Event) -> None:
        self.parts.append(Part("error", event.get("code") or "", 1, text=event.get("message", "")))


def report(run: RunInfo, events: Iterable[Event]) -> list[Part]:
    """The run and its parts, in their order."""
    made = Report(run)
    for event in events:
        made.feed(event)
    return made.parts


def bar(part: Part, whole: float | None) -> str:
    """Where in the run the part was, as far as that is known."""
    if not whole or part.start is None or part.seconds is None:
        return ""
    first = min(int(part.start / whole * WIDTH), WIDTH - 1)
    length = max(round(part.seconds / whole * WIDTH), 1)
    return "." * first + "#" * min(length, WIDTH - first) + "." * (WIDTH - first - length)


def _counts(tokens: Tokens | None) -> dict[str, Json]:
    known = tokens or Tokens()
    return {"input": known.input, "output": known.output}


def _words(content: Json) -> str:
    text = content if isinstance(content, str) else jsontext.dumps(content).decode()
    return shortened(text, LONGEST)


_READ: Mapping[str, Callable[[Report, Event], None]] = {
    "TEXT_MESSAGE_START": Report._answer,
    "TEXT_MESSAGE_CONTENT": Report._delta,
    "TEXT_MESSAGE_END": Report._answer_ended,
    "TOOL_CALL_START": Report._call,
    "TOOL_CALL_ARGS": Report._arguments,
    "TOOL_CALL_RESULT": Report._result,
    "STEP_STARTED": Report._step,
    "STEP_FINISHED": Report._step_ended,
    "RUN_ERROR": Report._failed,
}
