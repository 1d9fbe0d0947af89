"""Takes the reasoning out of a text in which a server has left it, between `<think>` tags. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from agui_runtime.connectors.chat.dialects import TAGS

Kind: TypeAlias = Literal["text", "thought", "break"]

_CLOSERS = tuple(TAGS.values())
_FENCE = re.compile(r"^ {0,3}(```|~~~)", re.MULTILINE)


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
        self._closer = next(iter(_CLOSERS)) if inside else ""
        self._held = ""
        self._line = ""
        self._fenced = False
        self._fresh = True

    def feed(self, text: str) -> Iterator[Part]:
        """The pieces that are sure by now; what may be a part of a tag is held back."""
        self._held += text
        while self._held:
            before = self._held
            yield from self._thinking() if self._closer else self._speaking()
            if self._held == before:
                return

    def end(self) -> Iterator[Part]:
        """What was held back; no tag has come of it."""
        held, self._held = self._held, ""
        if held and (held.strip() or not self._fresh):
            yield Part("thought" if self._closer else "text", held)

    def _thinking(self) -> Iterator[Part]:
        self.tagged = True
        thought, closer, rest = self._held.partition(self._closer)
        if closer:
            self._held, self._closer, self._fresh, self._line = rest, "", True, ""
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
        starts = not self._line.strip() and not self._fenced
        if starts and (self._opens() or self._may_open()):
            return
        line, newline, rest = self._held.partition("\n")
        if (place := self._stray_end(line)) is not None:
            yield from self._broken(*place, newline + rest)
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
        tag = next((tag for tag in TAGS if text.lower().startswith(tag.lower())), None)
        if tag is not None:
            self._held, self._closer, self.tagged = text[len(tag) :], TAGS[tag], True
            self.taken += text[: len(tag)]
        return tag is not None

    def _may_open(self) -> bool:
        text = self._ahead().lower()
        return any(tag.lower().startswith(text) for tag in TAGS)

    def _ahead(self) -> str:
        """What is to be judged: before anything was said, blank lines do not count."""
        return self._held.lstrip() if self._fresh else self._held.lstrip(" \t")

    def _stray_end(self, line: str) -> tuple[str, str] | None:
        """What stands before and behind an end that nothing has opened, on this line."""
        if self._fenced or self.tagged or (self._line + line).count("`") % 2:
            return None
        places = ((line.find(tag), tag) for tag in _CLOSERS if tag in line)
        at, tag = min(places, default=(-1, ""))
        return None if at < 0 or "`" in line[:at] else (line[:at], line[at + len(tag) :])

    def _broken(self, before: str, after: str, rest: str) -> Iterator[Part]:
        if before:
            yield Part("text", before)
        self._held, self._line, self._fresh, self.tagged = after + rest, "", True, True
        yield Part("break")

    def _note(self, certain: str) -> None:
        self._fresh = False
        self._line += certain
        if certain.endswith("\n"):
            self._fenced ^= bool(_FENCE.match(self._line))
            self._line = ""


def _overlap(text: str, tags: tuple[str, ...]) -> int:
    """How many characters at the end of the text may be the beginning of one of the tags."""
    longest = min(len(text), max(map(len, tags)) - 1)
    sizes = (n for n in range(longest, 0, -1) if any(t.startswith(text[-n:]) for t in tags))
    return next(sizes, 0)
