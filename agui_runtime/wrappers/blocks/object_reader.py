"""One JSON object that is still being written, and may be a block. Each character is looked at
once. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator

from agui_runtime.core.jsontext import whole
from agui_runtime.wrappers.blocks.pieces import Begun, Broken, Piece, Words, Written
from agui_runtime.wrappers.blocks.reading import LARGEST, TOO_LARGE

TEXT = "text"
"""The kind of a block that is nothing but text, in `content`."""

CONTENTS = frozenset({"content", "text"})

_INSIDE = re.compile(r'["\\]')
_TOP = re.compile(r'["{}\[\],:]')
_DEEP = re.compile(r'["{}\[\]]')
_ESCAPES = re.compile(r'(?:[^\\]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_HALF = re.compile(r"(?<!\\)(?:\\\\)*(\\u[dD][89abAB][0-9a-fA-F]{2})$")


class ObjectReader:
    """Fed from the opening brace on. `done`: the object has ended; `rejected`: it is no block.

    `keys` are those that a block may have before its type is known. `strict` has an object that is
    no block refused, where otherwise it is text.
    """

    def __init__(self, kinds: Collection[str], keys: Collection[str], *, strict: bool) -> None:
        self.done = False
        self.rejected = False
        self.kind: str | None = None
        self.pieces: list[Piece] = []
        self._kinds, self._keys, self.strict = kinds, keys, strict
        self._raw: list[str] = []
        self._size = 0
        self._depth = 0
        self._string = self._escaped = False
        self._expects_key = True
        self._key: str | None = None
        self._captured: list[str] = []
        self._content = ""  # which came before the type
        self._fault: str | None = None
        self._named = ""

    @property
    def raw(self) -> str:
        """What was read of it, unless it is text or too large."""
        return "".join(self._raw)

    def feed(self, text: str, at: int) -> int:
        """Read on; returns the place behind what was read."""
        start, room = at, LARGEST + 1 - self._size
        if 0 < room < len(text) - start:
            text = text[: start + room]  # however it comes, what is too large is so at one place
        while at < len(text) and not (self.done or self.rejected):
            at = self._inside(text, at) if self._string else self._outside(text, at)
        self._add(text[start:at])
        if self.done:
            self.pieces += self._ended()
        return at

    def rest(self) -> list[Piece]:
        """What remains of a text that broke off."""
        if self._string and self._key in CONTENTS and not self._expects_key:
            self._stream(last=True)
        return self.pieces

    def _add(self, read: str) -> None:
        self._size += len(read)
        if self.kind == TEXT:
            self._raw.clear()
        elif self._size <= LARGEST or self.rejected:
            self._raw.append(read)
        elif self.kind is None and not self.strict:
            self._raw.append(read)
            self.rejected = True
        elif self._fault is None:
            self._fault = TOO_LARGE
            self._raw.clear()
            if self.kind is not None:
                self.pieces.append(Broken(TOO_LARGE))

    def _ended(self) -> Iterator[Piece]:
        if self.kind == TEXT or (self.kind is not None and self._fault):
            return
        if self.kind is not None:
            yield Written(self.raw)
        else:
            yield Broken(self._fault or "it has no type", kind=self._named)

    def _inside(self, text: str, at: int) -> int:
        if self._escaped:
            self._escaped = False
            self._capture(text[at])
            return at + 1
        found = _INSIDE.search(text, at)
        if found is None:
            self._capture(text[at:])
            return len(text)
        self._escaped = found[0] == "\\"
        self._capture(text[at : found.end() if self._escaped else found.start()])
        if not self._escaped:
            self._string = False
            if self._depth == 1:
                self._string_ended()
        return found.end()

    def _outside(self, text: str, at: int) -> int:
        found = (_TOP if self._depth == 1 else _DEEP).search(text, at)
        end = len(text) if found is None else found.start()
        if self._depth == 1 and self._expects_key and (stray := text[at:end].lstrip()):
            self._is_no_block("it is no JSON object")
            if self.rejected:
                return end - len(stray) + 1
        if found is None:
            return end
        self._structure(found[0])
        return found.end()

    def _structure(self, char: str) -> None:
        match char:
            case '"':
                self._string = True
                self._captured.clear()
            case "{" | "[":
                if self._depth == 1 and self._key == "type":
                    self._is_no_block("its type is no text")
                self._depth += 1
            case "}" | "]":
                self._depth -= 1
                self.done = self._depth == 0
                if self.done and self.kind is None:
                    self._is_no_block("it has no type")
            case ":":
                self._expects_key = False
            case _:
                self._expects_key, self._key = True, None

    def _capture(self, raw: str) -> None:
        """The text of keys, of the type, and of a text, which is for people at once."""
        if self._depth != 1 or not (self._expects_key or self._key in {"type", *CONTENTS}):
            return
        self._captured.append(raw)
        if self.kind == TEXT and self._key in CONTENTS and not self._expects_key:
            self._stream()

    def _stream(self, *, last: bool = False) -> None:
        raw = "".join(self._captured)
        ready = len(raw) if last else _ESCAPES.match(raw).end()  # type: ignore[union-attr]  # it matches nothing, too
        if not last and (half := _HALF.search(raw, 0, ready)):
            ready = half.start(1)
        self._captured = [raw[ready:]]
        if ready:
            self.pieces.append(Words(_decoded(raw[:ready])))

    def _string_ended(self) -> None:
        if self.kind == TEXT and self._key in CONTENTS and not self._expects_key:
            self._stream(last=True)
            return
        text = _decoded("".join(self._captured))
        if self._expects_key:
            self._key = text
            if not self.strict and self.kind is None and text not in self._keys:
                self.rejected = True
        elif self._key == "type":
            self._type_is(text)
        elif self._key in CONTENTS and self.kind is None:
            self._content = text

    def _type_is(self, text: str) -> None:
        if self.kind is not None or self._fault:
            return
        if text not in self._kinds and text != TEXT:
            self._named = text[:40]
            self._is_no_block(f"there is no kind {self._named!r}, but {', '.join(self._kinds)}")
            return
        self.kind = text
        if text != TEXT:
            self.pieces.append(Begun(text))
        elif self._content:
            self.pieces.append(Words(self._content))

    def _is_no_block(self, reason: str) -> None:
        if self.kind is not None:
            return
        if self.strict:
            self._fault = self._fault or reason
        else:
            self.rejected, self.done = True, False


def _decoded(raw: str) -> str:
    try:
        return whole(json.loads(f'"{raw}"', strict=False))
    except json.JSONDecodeError:  # an escape that there is not
        return whole(raw)
