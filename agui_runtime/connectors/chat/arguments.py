"""The arguments of one tool call, as their text arrives. Pure."""

from __future__ import annotations

import re

import orjson

_MARKS = re.compile(r'\\(?:.|$)|["{}\[\]]', re.DOTALL)
_FENCED = re.compile(r"^\s*```(?:json)?\s*(.*?)\s*(?:```\s*)?$", re.DOTALL)
_NOTHING = frozenset({"", "null", "None", "[]"})


class Arguments:
    """The text of a JSON object; what follows its end is left out, and so are repetitions.

    Text that begins with an object can be told as it comes. All other is held until the call ends:
    nothing and `null` mean no arguments, and an object may stand within a string or a fence.
    """

    def __init__(self) -> None:
        self.any = False
        self.whole = False
        self._text = ""
        self._told = 0
        self._depth = 0
        self._quoted = False
        self._escaped = False

    def take(self, text: str) -> None:
        """Take the next part in."""
        self.any = self.any or bool(text.strip())
        if not self.whole:
            self._text += text[: self._end_in(text)]

    def repeats(self, text: str) -> bool:
        """Whether the text adds nothing to arguments that are whole."""
        return not text.strip() or text.strip() == self._text.strip()

    def same_as(self, other: Arguments) -> bool:
        """Whether these are empty, or the same."""
        return not self.any or self._text.strip() == other._text.strip()

    def news(self) -> str:
        """What can be told by now and has not been."""
        if not self._text.lstrip().startswith("{"):
            return ""
        news, self._told = self._text[self._told :], len(self._text)
        return news

    def rest(self) -> str:
        """What is still to be told when the call ends."""
        return self.news() if self._text.lstrip().startswith("{") else _meant(self._text)

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
