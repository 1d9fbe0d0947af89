"""What is complete in a JSON object that is still being written. Pure."""

from __future__ import annotations

from contextlib import suppress

import orjson

from agui_runtime.core import jsontext
from agui_runtime.core.jsontext import Json, JsonObject

_SPACE = " \t\r\n"


class PartialObject:
    """Feed it the text as it comes.

    `complete` holds the values that are whole, by key, in the order in which they became so;
    `items` the whole elements of arrays that are directly in the object. `writing` is the key whose
    string is being written now, and `written` what there is of it, None if there is no such string.
    From where the text is no JSON on, it is not looked at; `length` counts all of it.
    """

    def __init__(self) -> None:
        self.complete: JsonObject = {}
        self.items: dict[str, list[Json]] = {}
        self.writing: str | None = None
        self.length = 0
        self._text = ""
        self._depth = 0
        self._string: int | None = None  # where the string began that is open
        self._escaped = False
        self._key: str | None = None
        self._value: int | None = None  # where the value of the key began
        self._item: int | None = None  # where the element began, within an array of the object
        self._in_array = False
        self._broken = False

    def feed(self, text: str) -> None:
        start, self.length = self.length, self.length + len(text)
        self._text += text
        try:
            for index, char in enumerate("" if self._broken else text, start):
                if self._string is not None:
                    self._inside_string(index, char)
                elif char not in _SPACE:
                    self._outside_strings(index, char)
        except orjson.JSONDecodeError:
            self._broken = True

    @property
    def written(self) -> str | None:
        """As much as can be decoded: an escape that is cut in its middle waits."""
        if self.writing is None or self._string is None:
            return None
        raw = self._text[self._string :]
        for read in (orjson.loads, jsontext.loads):  # the other one also reads halves that stay so
            for cut in range(12):  # an escape has at most six characters, an emoji two of them
                with suppress(orjson.JSONDecodeError):
                    return str(read(raw[: len(raw) - cut] + '"'))
        return None

    def _inside_string(self, index: int, char: str) -> None:
        if self._escaped:
            self._escaped = False
        elif char == "\\":
            self._escaped = True
        elif char == '"':
            self._string_ended(index + 1)

    def _string_ended(self, end: int) -> None:
        begun, self._string, self.writing = self._string, None, None
        if self._depth == 1 and self._key is None:
            self._key = jsontext.loads(self._text[begun:end])
        elif self._depth == 1:
            self._value_ended(end)
        elif self._depth == 2:
            self._item_ended(end)

    def _outside_strings(self, index: int, char: str) -> None:
        if char in "}],":
            self._closes(index, char)
        elif char != ":":
            self._begins(index)
        if char == '"':
            self._string = index
            self.writing = self._key if self._depth == 1 else None
        elif char in "{[":
            self._in_array = char == "[" if self._depth == 1 else self._in_array
            self._depth += 1

    def _begins(self, index: int) -> None:
        if self._depth == 1 and self._key is not None and self._value is None:
            self._value = index
        elif self._depth == 2 and self._in_array and self._item is None:
            self._item = index

    def _closes(self, index: int, char: str) -> None:
        if self._depth == 2:
            self._item_ended(index)
        if self._depth == 1:
            self._value_ended(index)
        if char == ",":
            return
        self._depth -= 1
        if self._depth == 2:
            self._item_ended(index + 1)
        elif self._depth == 1:
            self._value_ended(index + 1)

    def _item_ended(self, end: int) -> None:
        begun, self._item = self._item, None
        if begun is not None and self._in_array and self._key is not None:
            self.items.setdefault(self._key, []).append(jsontext.loads(self._text[begun:end]))

    def _value_ended(self, end: int) -> None:
        if self._value is not None and self._key is not None:
            self.complete[self._key] = jsontext.loads(self._text[self._value : end])
            self._key = self._value = None
            self._in_array = False
