"""How large a request's JSON may be, and how it is read: counted first, in slices, then parsed.

Parsing cannot be interrupted, and what it makes takes many times the memory of its text, so what is
in a text is counted before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import orjson

from agui_runtime.core import jsontext
from agui_runtime.core.demands import COUNT, check
from agui_runtime.core.errors import InvalidInput, Misconfigured, TooLarge
from agui_runtime.core.jsontext import DEEPEST, Json
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.off_loop import LONG_TEXT, unless_long

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
        objects = [each for each in messages if isinstance(each, dict)]
        held = [each.get(key) for key in ("content", "toolCalls") for each in objects]
        if any([isinstance(each, list) and len(each) > self.parts for each in held]):
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


async def loaded(text: bytes, limits: BodyLimits) -> Json:
    """The JSON in a body; raises InvalidInput for what is none, and TooLarge."""
    for _ in _counted(text, limits):
        await asyncio.sleep(0)
    return await unless_long(len(text) > LONG_TEXT, _parsed, text)


def loaded_at_once(text: str, limits: BodyLimits) -> Json:
    """The JSON in a text that came within a body, without pauses; raises the same."""
    encoded = text.encode(errors="replace")  # half an emoji counts, too
    for _ in _counted(encoded, limits):
        pass
    return _parsed(text)


def _parsed(text: bytes | str) -> Json:
    try:
        return jsontext.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"not JSON: {error}") from None


def _counted(text: bytes, limits: BodyLimits) -> Iterator[None]:
    """Count what is in it, a slice at a time; raises TooLarge."""
    openers = text.count(b"{") + text.count(b"[")
    if openers <= limits.depth and openers + text.count(b",") <= limits.values:
        return
    census = Census()
    for start in range(0, len(text), SLICE):
        census.feed(text[start : start + SLICE])
        if census.values > limits.values:
            raise limits.exceeded("values")
        if census.depth > limits.depth:
            raise limits.exceeded("depth")
        yield


class Census:
    """Counts the values of a JSON text that comes in slices, and how deep they are nested.

    Brackets and commas within strings do not count. A text that is no JSON is counted somehow.
    """

    def __init__(self) -> None:
        self.values = 0
        self.depth = 0
        self._open = 0
        self._quoted = False
        self._rest = b""

    def feed(self, text: bytes) -> None:
        """Count the next slice."""
        outside = self._outside(self._whole(self._rest + text))
        brackets = outside.translate(None, _NO_BRACKETS)
        self.values += outside.count(b",") + brackets.count(b"{") + brackets.count(b"[")
        steps: Sequence[int] = list(map(_STEPS.__getitem__, brackets))
        self.depth = max(self.depth, max(accumulate(steps, initial=self._open)))
        self._open += sum(steps)

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
