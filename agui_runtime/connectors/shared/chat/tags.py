"""Takes the reasoning out of a text in which a server has left it, between `<think>` tags. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from agui_runtime.connectors.shared.chat.dialects import TAGS

Kind: TypeAlias = Literal["text", "thought", "break"]

_CLOSERS = tuple(TAGS.values())
_OPENERS = {opener.lower(): closer for opener, closer in TAGS.items()}
_MARKS = re.compile("[\\n`" + re.escape("".join({tag[0] for tag in (*TAGS, *_CLOSERS)})) + "]")
"""Without any of these a text goes on as it was."""
_FENCE = re.compile(r" {0,3}(```|~~~)")
_LONGEST_FENCE = 6


class Part(NamedTuple):
    """A piece of the text; `break` is where reasoning ended that nothing had opened."""

    kind: Kind
    text: str = ""


class TagReader:
    """One answer's text; feed it as it arrives, cut anywhere, then `end` it.

    A tag counts at the start of a line and outside of code: elsewhere people write about tags. An
    end without a start means that what was before it is reasoning, which was passed on as text: the
    text after it begins anew. With `inside`, an answer begins within its reasoning. `taken` is what
    was taken out of the text, with its tags.
    """

    def __init__(self, *, inside: bool = False) -> None:
        self.tagged = False
        self.taken = ""
        self._closer = _CLOSERS[0] if inside else ""
        self._held = ""
        self._fenced = False
        self._fresh = True
        """The text holds nothing but blanks so far."""
        self._indented = True
        """Nothing but blanks stands in the line."""
        self._head = ""
        """The first characters of the line."""
        self._ticks = 0

    def feed(self, text: str) -> Iterable[Part]:
        """The pieces that are sure by now; what may be a part of a tag is held back."""
        return (Part("text", text),) if self.passes(text) else self._read(text)

    def passes(self, text: str) -> bool:
        """Whether the next piece is text and nothing else, so that it need not be fed."""
        plain = not (self._held or self._closer or self._fresh or self._indented)
        return plain and not _MARKS.search(text)

    def end(self) -> Iterator[Part]:
        """What was held back; no tag has come of it."""
        held, self._held = self._held, ""
        if held.strip() or (held and not self._fresh):
            yield Part("thought" if self._closer else "text", held)

    def _read(self, text: str) -> Iterator[Part]:
        self._held += text
        while self._held:
            before = self._held
            yield from self._thinking() if self._closer else self._speaking()
            if self._held == before:
                return

    def _thinking(self) -> Iterator[Part]:
        self.tagged = True
        thought, closer, rest = self._held.partition(self._closer)
        if closer:
            self._held, self._closer = rest, ""
            self._begin()
        else:
            keep = _overlap(thought, (self._closer,))
            thought, self._held = thought[: len(thought) - keep], thought[len(thought) - keep :]
        self.taken += thought + closer
        if thought:
            yield Part("thought", thought)

    def _speaking(self) -> Iterator[Part]:
        """One line, or what there is of it."""
        if self._fresh and self.tagged:
            self._held = self._held.lstrip()
        if self._indented and not self._fenced and (self._opens() or self._may_open()):
            return
        if self._fresh and not self.tagged and (closer := self._first_end()):
            self._closer = closer
            yield from self._thinking()
            return
        line, newline, rest = self._held.partition("\n")
        if (ends := self._stray_end(line)) is not None:
            before, after = ends
            self._held, self.tagged = after + newline + rest, True
            self._begin()
            yield from (Part("text", before), Part("break")) if before else (Part("break"),)
            return
        keep = 0 if newline else _overlap(line, _CLOSERS)
        certain = line[: len(line) - keep] + newline
        self._held = line[len(line) - keep :] + rest
        if certain:
            self._note(certain)
            yield Part("text", certain)

    def _opens(self) -> bool:
        """Whether the text goes on with a tag, which is taken away."""
        text = self._ahead()
        start = text[:20].lower()
        tag = next((tag for tag in _OPENERS if start.startswith(tag)), None)
        if tag is not None:
            self._held, self._closer, self.tagged = text[len(tag) :], _OPENERS[tag], True
            self.taken += text[: len(tag)]
        return tag is not None

    def _may_open(self) -> bool:
        text = self._ahead()
        return len(text) < 20 and any(tag.startswith(text.lower()) for tag in _OPENERS)

    def _ahead(self) -> str:
        """The text to judge: blank lines at its start do not count."""
        return self._held.lstrip() if self._fresh else self._held.lstrip(" \t")

    def _first_end(self) -> str:
        """The end of the reasoning with which the answer begins, where all of that is here."""
        before = {tag: self._held.partition(tag)[0] for tag in _CLOSERS if tag in self._held}
        ends = [tag for tag, text in before.items() if text.strip() and not _is_code(text)]
        return min(ends, key=lambda tag: len(before[tag]), default="")

    def _stray_end(self, line: str) -> tuple[str, str] | None:
        """What stands before and behind an end that nothing has opened, on this line."""
        if self._fenced or self.tagged:
            return None
        places = ((line.find(tag), tag) for tag in _CLOSERS if tag in line)
        at, tag = min(places, default=(-1, ""))
        if at < 0 or (self._ticks + line[:at].count("`")) % 2:
            return None
        return line[:at], line[at + len(tag) :]

    def _begin(self) -> None:
        self._fresh = self._indented = True
        self._head, self._ticks = "", 0

    def _note(self, text: str) -> None:
        blank = not text.strip()
        self._fresh = self._fresh and blank
        self._indented = self._indented and blank
        self._ticks += text.count("`")
        self._head = (self._head + text)[:_LONGEST_FENCE] if len(self._head) < 6 else self._head
        if text.endswith("\n"):
            self._fenced ^= bool(_FENCE.match(self._head))
            self._head, self._ticks, self._indented = "", 0, True


def _is_code(text: str) -> bool:
    """Whether what follows the text is code, or behind a tag that the text writes about."""
    fences = sum(bool(_FENCE.match(line)) for line in text.split("\n"))
    opened = any(opener in text.lower() for opener in _OPENERS)
    return opened or fences % 2 == 1 or text.count("`") % 2 == 1


def _overlap(text: str, tags: tuple[str, ...]) -> int:
    """How many characters at the end of the text may be the beginning of one of the tags."""
    longest = min(len(text), max(map(len, tags)) - 1)
    sizes = (n for n in range(longest, 0, -1) if any(t.startswith(text[-n:]) for t in tags))
    return next(sizes, 0)
