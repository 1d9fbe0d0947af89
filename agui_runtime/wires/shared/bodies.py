"""How large a request's JSON may be, and how it is read: a long text is counted first, in slices.

Parsing cannot be interrupted, and what it makes takes many times the memory of its text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import NamedTuple

import orjson

from agui_runtime.core import jsontext
from agui_runtime.core.columns import column, of_type
from agui_runtime.core.demands import COUNT, check
from agui_runtime.core.errors import InvalidInput, Misconfigured, TooLarge
from agui_runtime.core.jsontext import DEEPEST, Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.off_loop import LONG_TEXT, unless_long

SHORT = 16_000
"""In no more bytes there is so little that it is not counted exactly."""

MODEST = 2 * 2**20
"""No more bytes are parsed at once and counted afterwards, which takes three quarters of a census,
unless there may be more in them than is allowed: small values take 70 times their memory.
"""

SLICE = 32 * 1024
"""Of more, so many bytes are counted before the event loop has its turn again."""

_NO_VALUES = bytes(set(range(256)) - set(b"{[,"))
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

    def check_contents(self, values: int, depth: int) -> None:
        """Raises TooLarge for too many values, or too many levels of them."""
        if values > self.values:
            raise self.exceeded("values")
        if depth > self.depth:
            raise self.exceeded("depth")

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
    digits that it takes a reader of its own, None where nobody has looked.
    """

    values: int
    long_numbers: bool | None = None


async def loaded(text: bytes, limits: BodyLimits) -> Loaded:
    """The JSON in a body; raises InvalidInput for what is none, and TooLarge."""
    counts = _counted_if_short(text, limits)
    if counts is None and not _is_modest(text, limits):
        census = Census()
        for _ in census.fed(text, limits):
            await asyncio.sleep(0)
        counts = census.counts
    return await unless_long(len(text) > LONG_TEXT, _loaded, text, counts, limits)


def loaded_at_once(text: str, limits: BodyLimits) -> Json:
    """The JSON in a text that came within a body, without pauses; raises the same as `loaded`."""
    encoded = _encoded(text)
    counts = _counted_if_short(encoded, limits)
    if counts is None and not _is_modest(encoded, limits):
        counts = _census_of(encoded, limits)
    return _loaded(text, counts, limits).value


def counts_in(value: Json, limits: BodyLimits) -> Counts:
    """What a `Census` of its text counts; raises TooLarge. A float may have been a long integer."""
    level: list[Json] = [value]
    values = depth = 0
    floats = False
    while True:
        kinds = set(map(type, level))
        floats = floats or float in kinds
        objects = of_type(level, dict) if dict in kinds else []
        lists = of_type(level, list) if list in kinds else []
        if not objects and not lists:
            return Counts(values, floats)
        sizes = [*map(len, objects), *map(len, lists)]
        values += sum(sizes) + sizes.count(0)
        depth += 1
        limits.check_contents(values, depth)
        level = list(chain(chain.from_iterable(map(dict.values, objects)), *lists))


def _counted_if_short(text: bytes, limits: BodyLimits) -> Counts | None:
    """The most that can be in a short text, if that is allowed; None where it has to be counted."""
    if len(text) > SHORT:
        return None
    openers = text.count(b"{") + text.count(b"[")
    values = openers + text.count(b",")
    return Counts(values) if openers <= limits.depth and values <= limits.values else None


def _is_modest(text: bytes, limits: BodyLimits) -> bool:
    """Whether it may be parsed before it is known what is in it."""
    return len(text) <= MODEST and len(text.translate(None, _NO_VALUES)) <= limits.values


def _census_of(text: bytes, limits: BodyLimits) -> Counts:
    census = Census()
    for _ in census.fed(text, limits):
        pass
    return census.counts


def _loaded(text: bytes | str, counts: Counts | None, limits: BodyLimits) -> Loaded:
    """What is in it is counted here, if it was not before."""
    try:
        value = jsontext.loads(text, counts.long_numbers if counts else False)
        if counts is None:
            counts = counts_in(value, limits)
            if counts.long_numbers and _has_long_number(text, limits):
                value = jsontext.loads(text, True)
    except orjson.JSONDecodeError as error:
        _census_of(_encoded(text), limits)  # it may be too deep for every reader
        raise InvalidInput(f"not JSON: {error}") from None
    return Loaded(value, counts.values)


def _has_long_number(text: bytes | str, limits: BodyLimits) -> bool:
    """Whether there may be one outside of its strings, where ids have as many digits."""
    return jsontext.has_long_number(text) and bool(_census_of(_encoded(text), limits).long_numbers)


def _encoded(text: bytes | str) -> bytes:
    return text.encode(errors="replace") if isinstance(text, str) else text  # half an emoji, too


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
            limits.check_contents(self.values, self.depth)
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
        if b"\\" in text:
            text = text.replace(rb"\\", b"").replace(rb"\"", b"")
        pieces = text.split(b'"')
        outside = b"".join(pieces[self._quoted :: 2])
        self._quoted ^= len(pieces) % 2 == 0
        return outside
