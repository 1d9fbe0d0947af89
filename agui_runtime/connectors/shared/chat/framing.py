"""Reads the JSON values in the bytes of a chat completion, however a server frames them.

Event streams as the standard has them; with no empty lines between their events; JSON lines; one
whole JSON document; and text that is none of these. It does not look into the values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

import orjson

from agui_runtime.core import jsontext
from agui_runtime.core.errors import ProtocolFailure
from agui_runtime.core.log_lines import logger_of

logger = logger_of(__name__)

_MARK = b"\xef\xbb\xbf"
_FIELDS = (b"event:", b"id:", b"retry:", b":")
_BETWEEN = re.compile(rb"(?<=\})\s*(?:data:)?\s*(?=\{\"(?:id|choices|object|error)\")")
"""What stands between two chunks that a proxy has put into one line."""
_DOCUMENTS = frozenset({b"{", b"[", b"<"})
"""What a document of several lines begins with; its lines are no fields."""
_ENDS = frozenset({b"[done]", b"done"})
_LONGEST_END = 16


class Framed(NamedTuple):
    """One value, and the name of its event, which is empty for most."""

    value: object
    event: str = ""


class AnswerStream:
    """One answer: feed it the bytes in the order of their arrival, cut anywhere; then `end` it.

    `done` is set when the server has said `[DONE]`. What is no JSON costs that event and a warning
    in the log. `stray` is the text that had no frame at all: a page of HTML, a plain sentence.
    """

    def __init__(self, limit: int = 16 * 1024 * 1024) -> None:
        self.done = False
        self._limit = limit
        self._tail: list[bytes] = []
        self._held = 0
        self._after_cr = False
        self._first = True
        self._event = ""
        self._data: list[bytes] = []
        self._bare: list[bytes] = []

    @property
    def stray(self) -> str:
        """What arrived outside of any frame, and is no JSON."""
        return b"\n".join(self._bare).decode(errors="replace").strip()

    def feed(self, block: bytes) -> Iterable[Framed]:
        """The values that the block completes; raises ProtocolFailure where one grows too long."""
        value = None if self._held or self._event else _only_value(block)
        if value is None:
            return self._fed(block)
        self._first = self._after_cr = False
        return (Framed(value),)

    def _fed(self, block: bytes) -> Iterator[Framed]:
        for line in self._lines(block):
            if line or self._data:
                yield from self._take(line)
            else:  # ends an event that was read as soon as its data was whole
                self._event = ""
        if self._tail or self._data or self._bare:
            self._held += len(block)
        else:
            self._held = 0
        if self._held > self._limit:
            raise ProtocolFailure(f"an event of the stream is longer than {self._limit} bytes")

    def end(self) -> Iterator[Framed]:
        """What is left when the answer has ended: a line or an event without its own end, and a
        document of many lines.
        """
        tail, self._tail = b"".join(self._tail), []
        if tail:
            yield from self._take(tail)
        yield from self._close_event()
        if self._bare and (values := documents(b"\n".join(self._bare))):
            self._bare.clear()
            yield from map(Framed, values)

    def _lines(self, block: bytes) -> list[bytes]:
        if self._after_cr and block:
            block = block.removeprefix(b"\n")
        self._after_cr = block.endswith(b"\r")
        lines = block.splitlines()
        rest = [] if not lines or block.endswith((b"\n", b"\r")) else [lines.pop()]
        if lines:
            lines[0] = b"".join([*self._tail, lines[0]])
            self._tail = rest
        else:
            self._tail += rest
        return lines

    def _take(self, line: bytes) -> Iterator[Framed]:
        if self._first and line:
            self._first = False
            line = line.removeprefix(_MARK)
        if not line.strip():
            yield from self._close_event()
        elif self._bare and self._bare[0].lstrip()[:1] in _DOCUMENTS:
            self._bare.append(line)
        elif line.startswith(b"data:"):
            yield from self._take_data(line[5:].strip())
        elif line.startswith(b"event:"):
            yield from self._close_event()
            self._event = line[6:].strip().decode(errors="replace")
        elif not line.startswith(_FIELDS):
            yield from self._take_bare(line)

    def _take_data(self, data: bytes) -> Iterator[Framed]:
        """A line of data is an event of its own as soon as it is JSON: some servers end their
        events with no empty line.
        """
        if self._data:
            whole = read(b"\n".join([*self._data, data]))
            if whole is not None:
                self._data.clear()
                yield self._framed(whole)
                return
        if self._is_end(data):
            yield from self._close_event()
            self.done = True
        elif values := read_all(data):
            yield from self._close_event()
            yield from map(self._framed, values)
        elif data and data != b"null":
            self._data.append(data)

    def _take_bare(self, line: bytes) -> Iterator[Framed]:
        if not self._bare and self._is_end(line.strip()):
            self.done = True
            return
        if not self._bare and (values := documents(line)):
            yield from map(Framed, values)
        else:
            self._bare.append(line)

    def _close_event(self) -> Iterator[Framed]:
        data, self._data = self._data, []
        if data:
            logger.warning("a part of the model's answer is no JSON, and was left out")
            if self._event == "error":
                yield self._framed(b"\n".join(data).decode(errors="replace"))
        self._event = ""

    def _framed(self, value: object) -> Framed:
        event, self._event = self._event, ""
        return Framed(value, event)

    @staticmethod
    def _is_end(data: bytes) -> bool:
        return len(data) < _LONGEST_END and data.strip(b"\"' ").lower() in _ENDS


def _only_value(block: bytes) -> object:
    """The value of a block that is one event of one line, as nearly all are; None of any other."""
    if block.startswith(b"data: {") and block.find(b"\n") == len(block) - 2 and b"\r" not in block:
        return read(block[6:-2])
    return None


def read_all(data: bytes) -> list[object]:
    """The JSON values of a line; of several that stand side by side, each. None if one is none."""
    if (value := read(data)) is not None:
        return [value]
    pieces = _BETWEEN.split(data)
    values = [read(piece) for piece in pieces] if len(pieces) > 1 else []
    return [] if None in values else values


def documents(data: bytes) -> list[object]:
    """The JSON objects in a document, which may be within a list or a string; none in any other."""
    value = read(data)
    if isinstance(value, str):
        value = read(value.encode(errors="replace"))
    return value if isinstance(value, list) else [value] if isinstance(value, dict) else []


def read(data: bytes) -> object:
    """The JSON value; None if it is none. Servers cut texts in the middle of a character: of bytes
    that are none, and of halves, the rest can be read all the same.
    """
    try:
        return jsontext.loads_fragment(data)
    except (orjson.JSONDecodeError, RecursionError):
        return _read_replaced(data)


def _read_replaced(data: bytes) -> object:
    with suppress(orjson.JSONDecodeError, RecursionError):
        return jsontext.loads_fragment(data.decode(errors="replace"))
    return None
