"""How large a request's JSON may be, and how it is read: counted first, in slices, then parsed.

Parsing cannot be interrupted, and what it makes takes many times the memory of its text, so what is
in a text is counted before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import orjson

from agui_runtime.core import jsontext
from agui_runtime.core.columns import column, of_type
from agui_runtime.core.demands import COUNT, check
from agui_runtime.core.errors import InvalidInput, Misconfigured, TooLarge
from agui_runtime.core.jsontext import DEEPEST, Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.off_loop import LONG_TEXT, unless_long

SHORT = 64_000
"""In no more bytes there is so little that it is counted exactly only where it may be too much."""

SLICE = 32 * 1024
"""So many bytes are counted before the event loop has its turn again."""

_NO_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))
_STEPS = [{"{": 1, "[": 1, "}": -1, "]": -1}.get(chr(code), 0) for code in range(256)]


@explains_arguments
@dataclass(frozen=True, slots=True)
class BodyLimits:
    """What one request may bring at most.

    `values` counts what its JSON holds: texts, numbers, objects, lists. `depth` is of objects and
    lists within each other. `messages` are those of a conversation, `parts` the attachments, texts
    and tool calls of one message. Twice a chat of 10,000 messages fits in, and four pictures of 5
    MB, which a page sends again with each message. Raises Misconfigured for a limit that cannot be
    obeyed.
    """

    bytes: int = 32_000_000
    values: int = 250_000
    depth: int = 128
    messages: int = 20_000
    parts: int = 1000

    def __post_init__(self) -> None:
        for name, (option, variable, _) in _NAMES.items():
            check(f"{option} ({variable})", getattr(self, name), COUNT)
        if self.depth > DEEPEST:
            raise Misconfigured(f"max_depth (AGUI_MAX_DEPTH) may be at most {DEEPEST}")

    def exceeded(self, name: str) -> TooLarge:
        """The error that names the limit, and how whoever runs the server raises it."""
        option, variable, excess = _NAMES[name]
        most = getattr(self, name)
        return TooLarge(f"{excess.format(most)}; the server's limit is {option} ({variable})")

    def check_messages(self, messages: object) -> None:
        """Raises TooLarge for too many messages, or too many parts or tool calls in one."""
        if not isinstance(messages, list):
            return
        if len(messages) > self.messages:
            raise self.exceeded("messages")
        objects = of_type(messages, dict)
        held = column(objects, "content") + column(objects, "toolCalls")
        if max(map(len, of_type(held, list)), default=0) > self.parts:
            raise self.exceeded("parts")


_NAMES = {
    "bytes": ("max_body", "AGUI_MAX_BODY", "The body may have at most {} bytes"),
    "values": ("max_values", "AGUI_MAX_VALUES", "The JSON may hold at most {} values"),
    "depth": ("max_depth", "AGUI_MAX_DEPTH", "The JSON may be nested at most {} deep"),
    "messages": ("max_messages", "AGUI_MAX_MESSAGES", "There may be at most {} messages"),
    "parts": (
        "max_parts",
        "AGUI_MAX_PARTS",
        "A message may have at most {} parts or tool calls",
    ),
}
"""Of each limit the option, the variable, and what is answered where it is exceeded."""

DEFAULT_LIMITS = BodyLimits()


class Loaded(NamedTuple):
    """A JSON value, and how many `values` are in it at most."""

    value: Json
    values: int


class Counts(NamedTuple):
    """What is in a JSON text: how many `values`, and whether one may be an integer of so many
    digits that it takes a reader of its own.
    """

    values: int
    long_numbers: bool = False


async def loaded(text: bytes, limits: BodyLimits) -> Loaded:
    """The JSON in a body; raises InvalidInput for what is none, and TooLarge."""
    counts = _counted_if_short(text, limits)
    if counts is None:
        census = Census()
        for _ in census.fed(text, limits):
            await asyncio.sleep(0)
        counts = census.counts
    return await unless_long(len(text) > LONG_TEXT, _parsed, text, counts)


def loaded_at_once(text: str, limits: BodyLimits) -> Json:
    """The JSON in a text that came within a body, without pauses; raises the same as `loaded`."""
    encoded = text.encode(errors="replace")  # half an emoji counts, too
    counts = _counted_if_short(encoded, limits)
    if counts is None:
        census = Census()
        for _ in census.fed(encoded, limits):
            pass
        counts = census.counts
    return _parsed(text, counts).value


def _counted_if_short(text: bytes, limits: BodyLimits) -> Counts | None:
    """The most that can be in a short text, if that is allowed; None where it has to be counted."""
    if len(text) > SHORT or jsontext.has_long_number(text):
        return None
    openers = text.count(b"{") + text.count(b"[")
    values = openers + text.count(b",")
    return Counts(values) if openers <= limits.depth and values <= limits.values else None


def _parsed(text: bytes | str, counts: Counts) -> Loaded:
    try:
        return Loaded(jsontext.loads(text, counts.long_numbers), counts.values)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"not JSON: {error}") from None


class Census:
    """Counts the values of a JSON text that comes in slices, and how deep they are nested.

    Brackets and commas within strings do not count. A text that is no JSON is counted somehow.
    """

    def __init__(self) -> None:
        self.counts = Counts(0)
        self.values = 0
        self.depth = 0
        self.long_numbers = False
        self._open = 0
        self._quoted = False
        self._rest = b""
        self._digits = b""

    def fed(self, text: bytes, limits: BodyLimits) -> Iterator[None]:
        """Count all of a text, a slice at a time; raises TooLarge."""
        for start in range(0, len(text), SLICE):
            self.feed(text[start : start + SLICE])
            if self.values > limits.values:
                raise limits.exceeded("values")
            if self.depth > limits.depth:
                raise limits.exceeded("depth")
            yield
        self.counts = Counts(self.values, self.long_numbers)

    def feed(self, text: bytes) -> None:
        """Count the next slice."""
        outside = self._outside(self._whole(self._rest + text))
        brackets = outside.translate(None, _NO_BRACKETS)
        self.values += outside.count(b",") + brackets.count(b"{") + brackets.count(b"[")
        steps: Sequence[int] = list(map(_STEPS.__getitem__, brackets))
        self.depth = max(self.depth, max(accumulate(steps, initial=self._open)))
        self._open += sum(steps)
        self.long_numbers |= jsontext.has_long_number(self._digits + outside)
        self._digits = outside[-jsontext.LONG_NUMBER :]

    def _whole(self, text: bytes) -> bytes:
        """The text up to a backslash at its end, whose other half is in the next slice."""
        odd = (len(text) - len(text.rstrip(b"\\"))) % 2
        self._rest = text[len(text) - odd :]
        return text[: len(text) - odd]

    def _outside(self, text: bytes) -> bytes:
        """What of the text is in no string."""
        if b"\\" in text and rb"\"" in text:
            text = text.replace(rb"\\", b"").replace(rb"\"", b"")
        pieces = text.split(b'"')
        outside = b"".join(pieces[self._quoted :: 2])
        self._quoted ^= len(pieces) % 2 == 0
        return outside
