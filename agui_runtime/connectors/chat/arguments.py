"""The arguments of one tool call, as their text arrives. Pure."""

from __future__ import annotations

import re

import orjson

_MARKS = re.compile(r'\\(?:.|$)|["{}\[\]]', re.DOTALL)
_FENCED = re.compile(r"^\s*```(?:json)?\s*(.*?)\s*(?:```\s*)?$", re.DOTALL)
_NOTHING = frozenset({"", "null", "None", "[]"})


class Arguments:
    """The text of a JSON object; what follows its end is left out, and so are repetitions.

    Text that begins with an object is passed on as it comes. Other is held until the call ends:
    nothing and `null` mean no arguments, and an object may stand within a string or a fence.
    """

    def __init__(self) -> None:
        self.whole = False
        self._parts: list[str] = []
        self._passed = 0
        self._first = ""
        self._depth = 0
        self._quoted = False
        self._escaped = False

    @property
    def any(self) -> bool:
        """Whether there is more than blanks."""
        return bool(self._first)

    def take(self, text: str) -> None:
        """Take the next part in."""
        if text and not self.whole:
            self._first = self._first or text.strip()[:1]
            self._parts.append(text[: self._end_in(text)])

    def repeats(self, text: str) -> bool:
        """Whether the text adds nothing to arguments that are whole."""
        return not text.strip() or text.strip() == self._text

    def same_as(self, other: Arguments) -> bool:
        """Whether these are empty, or the same."""
        return not self.any or self._text == other._text

    def news(self) -> str:
        """What can be passed on by now and has not been."""
        if self._first != "{":
            return ""
        news, self._passed = "".join(self._parts[self._passed :]), len(self._parts)
        return news

    def rest(self) -> str:
        """What is still to be passed on when the call ends."""
        return self.news() if self._first == "{" else _meant(self._text)

    @property
    def _text(self) -> str:
        return "".join(self._parts).strip()

    def _end_in(self, text: str) -> int:
        """Where in the text the object ends; else the text's own end."""
        start = 1 if self._escaped and text else 0
        self._escaped = self._escaped and not text
        for mark in _MARKS.finditer(text, start):
            if mark[0] == "\\":
                self._escaped = True
            elif mark[0] == '"':
                self._quoted = not self._quoted
            elif len(mark[0]) == 1 and not self._quoted:
                self._depth += 1 if mark[0] in "{[" else -1
                if self._depth == 0:
                    self.whole = True
                    return mark.end()
        return len(text)


def _meant(text: str) -> str:
    """The text of the object that is meant; the text itself where it shows none."""
    if fenced := _FENCED.match(text):
        text = fenced[1]
    if text.strip() in _NOTHING:
        return "{}"
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return _meant(value) if isinstance(value, str) else text
