"""The arguments of one tool call, as their text arrives. Pure."""

from __future__ import annotations

import ast
import re
from contextlib import suppress

import orjson

from agui_runtime.core import jsontext

_MARKS = re.compile(r'\\(?:.|$)|["{}\[\]]', re.DOTALL)
_FENCED = re.compile(r"^\s*```(?:json)?\s*(.*?)\s*(?:```\s*)?$", re.DOTALL)
_NOTHING = frozenset({"", "null", "None", "[]"})
_LONGEST_LITERAL = 100_000


class CallArguments:
    """The text of a JSON object; what follows its end is left out, and so are repetitions.

    Text that begins with an object and its first key is passed on as it comes. Other is held until
    the call ends: nothing and `null` mean no arguments, an object may stand within a string or a
    fence or be spelt as Python does, and gateways to Claude send `{}` before the true arguments.
    Whatever it comes to, a brace that came alone is its first: that is passed on, too.
    """

    def __init__(self) -> None:
        self._passed = 0
        self._opened = False
        self._reset()

    def _reset(self) -> None:
        self.whole = False
        """An object has ended that is not empty."""
        self.bare = False
        """The text so far is `{}`."""
        self._parts: list[str] = []
        self._lead = ""
        self._depth = 0
        self._quoted = False
        self._escaped = False

    @property
    def any(self) -> bool:
        """Whether there is more than blanks."""
        return bool(self._lead)

    def take(self, text: str) -> None:
        """Take the next part in."""
        if self.bare and text.lstrip().startswith("{"):
            self._reset()
        if not text or self.whole or self.bare:
            return
        if len(self._lead) < 2:
            self._lead = (self._lead + "".join(text.split()))[:2]
        self._parts.append(text[: self._end_in(text)])

    @property
    def keys(self) -> frozenset[str]:
        """The names of the arguments, as far as they can be read."""
        value = _value(_meant(self._text))
        return frozenset(value) if isinstance(value, dict) else frozenset()

    def same_as(self, other: CallArguments) -> bool:
        """Whether these are empty, or the same."""
        return not self.any or self._text == other._text

    def news(self) -> str:
        """What can be passed on by now and has not been."""
        if self._lead == "{" and not self._opened:
            self._opened = True
            return "{"
        if self._lead != '{"':
            return ""
        news = "".join(self._parts[self._passed :])
        news, self._passed = news if self._passed else self._unopened(news), len(self._parts)
        return news

    def rest(self) -> str:
        """What is still to be passed on when the call ends."""
        return self.news() if self._lead == '{"' else self._unopened(_meant(self._text))

    def _unopened(self, text: str) -> str:
        """The text without the brace that was passed on."""
        return text.lstrip().removeprefix("{") if self._opened else text

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
                    self.bare = self._lead == "{}"
                    self.whole = not self.bare
                    return mark.end()
        return len(text)


def _meant(text: str) -> str:
    """The text of the object that is meant; the text itself where it shows none."""
    if fenced := _FENCED.match(text):
        text = fenced[1]
    if text.strip() in _NOTHING:
        return "{}"
    value = _value(text)
    if isinstance(value, str):
        return _meant(value) if value != text else text
    return jsontext.dumps(value).decode() if isinstance(value, dict) else text


def _value(text: str) -> object:
    """What the text spells, in JSON or as Python does; None if it spells nothing."""
    with suppress(orjson.JSONDecodeError):
        return jsontext.loads(text)
    if len(text) <= _LONGEST_LITERAL:
        with suppress(ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            value: object = ast.literal_eval(text)
            return value
    return None
