"""A text that holds blocks as JSON objects: alone on their lines, in arrays, in fences of code.

Text is given as it comes; only what may be a block waits until that is known. Whatever is no block
is text. Each character is looked at once. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from enum import Enum, auto

import orjson
from pydantic import BaseModel

from agui_runtime.wrappers.blocks.object_reader import CONTENTS, TEXT, ObjectReader
from agui_runtime.wrappers.blocks.pieces import Broken, Piece, Words
from agui_runtime.wrappers.blocks.reading import BROKEN_OFF, Refused, object_in

JOINT = "\n\n"
"""Between two texts of one message."""

_LONGEST_PREFIX = 200
"""A line that begins with more spaces than that is text."""

_LANGUAGES = r"(?:json|jsonl|jsonc|json5|ndjson|jsonlines|blocks?)?"
_FENCE = rf"\s*```{_LANGUAGES}[ \t]*\r?\n"
_OPEN = re.compile(rf"(?:{_FENCE})?\s*(?:\[\s*)?")
"""What may stand before a block."""

_UNDECIDED = re.compile(rf"(?:\s*`{{1,2}}|\s*```[a-z0-9]*[ \t]*\r?|(?:{_FENCE})?\s*(?:\[\s*)?)")
"""What that may begin with."""

_FENCED = re.compile(r"\s*```")
_CLOSING = re.compile(r"\s*```[ \t]*\r?\n")


class _Mode(Enum):
    LINE = auto()  # at the beginning of a line
    TEXT = auto()
    FOREIGN = auto()  # within a fence that holds no blocks
    OBJECT = auto()
    BEHIND = auto()  # behind a block


class BlockScanner:
    """Fed with one message. `kinds` are the models of the blocks that there are.

    Where the whole message is an array, or it says its text as blocks, too, an object of no kind is
    refused, and not shown as text.
    """

    def __init__(self, kinds: Mapping[str, type[BaseModel]]) -> None:
        self._kinds: Collection[str] = kinds
        self._keys = _keys_of(kinds.values())
        self._mode = _Mode.LINE
        self._prefix = ""  # of a line that may begin with a block
        self._line = ""  # the beginning of one in a foreign fence
        self._reader: ObjectReader | None = None
        self._in_array = self._in_fence = self._formal = False
        self._ended_line = False  # since the last block
        self._has_words = self._has_spoken = self._is_new = False

    def feed(self, text: str) -> Iterator[Piece]:
        """What the next part of the message adds."""
        at = 0
        while at < len(text):
            at, pieces = _READS[self._mode](self, text, at)
            yield from pieces

    def end(self) -> Iterator[Piece]:
        """What remains when the message is over."""
        reader, self._reader = self._reader, None
        prefix, self._prefix = self._prefix, ""
        if reader is None:
            if not (self._in_fence and _FENCED.fullmatch(prefix.rstrip())):
                yield from self._words(prefix)
        elif reader.kind == TEXT:
            yield from self._joined(reader.rest())
        elif reader.kind is not None:
            yield from self._rescued(reader.raw)
        elif reader.strict:
            yield Broken(BROKEN_OFF, kind="")
        else:
            yield from self._words(prefix + reader.raw)

    def _words(self, text: str) -> Iterable[Piece]:
        if not text:
            return []
        self._has_words = self._has_spoken = True
        return [Words(text)]

    def _joined(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """Texts that are blocks stand apart from one another."""
        for piece in pieces:
            if not isinstance(piece, Words):
                self._has_words = False
                yield piece
            elif piece.text:
                yield from self._words(JOINT if self._has_words and self._is_new else "")
                self._is_new = False
                yield from self._words(piece.text)

    def _in_text(self, text: str, at: int) -> tuple[int, Iterable[Piece]]:
        end = text.find("\n", at) + 1 or len(text)
        if text[end - 1] == "\n":
            self._mode = _Mode.LINE
        return end, self._words(text[at:end])

    def _in_foreign(self, text: str, at: int) -> tuple[int, Iterable[Piece]]:
        end = text.find("\n", at) + 1 or len(text)
        self._line = (self._line + text[at:end])[:_LONGEST_PREFIX]
        if text[end - 1] == "\n":
            if self._line.strip() == "```":
                self._mode = _Mode.LINE
            self._line = ""
        return end, self._words(text[at:end])

    def _at_line(self, text: str, at: int) -> tuple[int, Iterable[Piece]]:
        char, prefix = text[at], self._prefix
        if char == "{" and _OPEN.fullmatch(prefix):
            return self._begin(at)
        if char == "]" and self._in_array and not prefix.strip():
            self._prefix, self._mode = "", _Mode.BEHIND
            return at, []
        prefix += char
        if self._in_fence and _CLOSING.fullmatch(prefix):
            self._prefix, self._in_fence = "", False
            return at + 1, []
        if len(prefix) <= _LONGEST_PREFIX and _UNDECIDED.fullmatch(prefix):
            self._prefix = prefix
            return at + 1, []
        self._prefix = ""
        self._is_text(prefix)
        return at + 1, self._words(prefix)

    def _is_text(self, begun: str) -> None:
        """A line, or what may have been a block, is none."""
        if _FENCED.match(begun):
            self._mode, self._line = _Mode.FOREIGN, begun.rpartition("\n")[2][:_LONGEST_PREFIX]
        else:
            self._mode = _Mode.LINE if begun.endswith("\n") else _Mode.TEXT

    def _begin(self, at: int) -> tuple[int, Iterable[Piece]]:
        strict = self._formal or ("[" in self._prefix and not self._has_spoken)
        self._reader = ObjectReader(self._kinds, self._keys, strict=strict)
        self._mode, self._is_new = _Mode.OBJECT, True
        return at, []

    def _in_object(self, text: str, at: int) -> tuple[int, Iterable[Piece]]:
        reader = self._reader
        assert reader is not None
        at = reader.feed(text, at)
        pieces, reader.pieces = reader.pieces, []
        if reader.rejected:
            begun, self._prefix, self._reader = self._prefix + reader.raw, "", None
            self._is_text(begun)
            return at, self._words(begun)
        if reader.done:
            self._in_array = self._in_array or "[" in self._prefix
            self._in_fence = self._in_fence or bool(_FENCED.match(self._prefix))
            self._formal = self._formal or self._in_array or reader.kind == TEXT
            self._prefix, self._reader = "", None
            self._mode, self._ended_line = _Mode.BEHIND, False
        return at, list(self._joined(pieces))

    def _behind(self, text: str, at: int) -> tuple[int, Iterable[Piece]]:
        char = text[at]
        if char in " \t\r\n,":
            self._ended_line = self._ended_line or char == "\n"
        elif char == "]" and self._in_array:
            self._in_array = False
        elif char == "{":
            return self._begin(at)
        else:
            begins_line = self._ended_line or char == "`"
            self._mode = _Mode.LINE if begins_line else _Mode.TEXT
            return at, []
        return at + 1, []

    def _rescued(self, raw: str) -> Iterator[Piece]:
        """A block that was never closed costs itself alone: what follows it is looked at anew."""
        end = _end_of(raw, self._kinds)
        yield Broken(_fault(raw[:end]))
        self._mode, self._ended_line, self._prefix, self._has_words = _Mode.LINE, True, "", False
        yield from self.feed(raw[end:])
        yield from self.end()


_READS: Mapping[_Mode, Callable[[BlockScanner, str, int], tuple[int, Iterable[Piece]]]] = {
    _Mode.LINE: BlockScanner._at_line,
    _Mode.TEXT: BlockScanner._in_text,
    _Mode.FOREIGN: BlockScanner._in_foreign,
    _Mode.OBJECT: BlockScanner._in_object,
    _Mode.BEHIND: BlockScanner._behind,
}


def _fault(text: str) -> str:
    try:
        object_in(text)
    except Refused as refusal:
        return refusal.reason
    return BROKEN_OFF


def _end_of(raw: str, kinds: Iterable[str]) -> int:
    """Where a block that was never closed ends: before the next one, or before words of a line."""
    names = "|".join(map(re.escape, [TEXT, *kinds]))
    following = re.search(rf'\n(?=[ \t]*\{{\s*"type"\s*:\s*"(?:{names})")', raw)
    place = following.end() if following else len(raw)
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        line = raw.rfind("\n", 0, error.pos) + 1
        words = raw[line : error.pos].isspace() or line == error.pos
        if line and words and raw[error.pos : error.pos + 1].isalpha():
            place = min(place, line)
    return place


def _keys_of(models: Iterable[type[BaseModel]]) -> frozenset[str]:
    fields = [field for model in models for field in model.model_fields.items()]
    names = {name for name, _ in fields} | {field.alias or name for name, field in fields}
    return frozenset(names | {"type"} | CONTENTS)
