"""Where a chat is drawn: plain text, Markdown and colours in a terminal, or one event a line."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, TextIO

from agui_runtime.commands.chat.narrator import View
from agui_runtime.core.terminal_text import safe

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.markdown import Markdown
    from rich.text import Text

_FENCE = re.compile(r"^ {0,3}(```|~~~)", re.MULTILINE)

MARKS = {"user": "> ", "tool": "* ", "result": "= ", "step": "- ", "question": "? "}
STYLES = {"user": "bold", "tool": "cyan", "result": "dim", "step": "dim", "note": "dim"}
STYLES |= {"error": "bold red", "question": "bold yellow"}


def view_for(out: TextIO, *, colours: bool) -> View:
    """Colours and Markdown where somebody looks at them and `rich` is there."""
    if colours and out.isatty() and find_spec("rich") is not None:
        from rich.console import Console

        console = Console(file=out, highlight=False, markup=False)
        if not console.is_dumb_terminal:
            return RichView(console)
    return PlainView(out, sys.stderr)


class PlainView:
    """Answers go to one stream as they come, all else to the other, line by line."""

    def __init__(self, out: TextIO, notes: TextIO) -> None:
        self._out, self._notes = out, notes
        self._safe = safe if out.isatty() else str
        self._open: TextIO | None = None
        self._last = ""

    def answer(self, piece: str) -> None:
        self._write(self._out, self._safe(piece))

    def reasoning(self, piece: str) -> None:
        self._write(self._notes, safe(piece))

    def line(self, kind: str, text: str) -> None:
        self.close()
        self._notes.write(f"{MARKS.get(kind, '')}{safe(text)}\n")
        self._notes.flush()

    def close(self) -> None:
        if self._open is not None:
            if not self._last.endswith("\n"):
                self._open.write("\n")
                self._open.flush()
            self._open = None

    def _write(self, stream: TextIO, text: str) -> None:
        if self._open is not stream:
            self.close()
        self._open, self._last = stream, text or self._last
        stream.write(text)
        stream.flush()


class Silent:
    """For programs: they get the events themselves."""

    def answer(self, piece: str) -> None: ...

    def reasoning(self, piece: str) -> None: ...

    def close(self) -> None: ...

    def line(self, kind: str, text: str) -> None:
        if kind in {"error", "question"}:
            sys.stderr.write(f"{MARKS.get(kind, '')}{safe(text)}\n")


class RichView:
    """A terminal. Paragraphs that are complete stay; the one that grows is drawn anew."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._growing = ""
        self._thinks = False

    def answer(self, piece: str) -> None:
        from rich.live import Live

        if self._thinks:
            self.close()
        self._growing += safe(piece)
        if self._live is None:
            self._live = Live(
                console=self._console,
                transient=True,
                get_renderable=self._drawn,
                refresh_per_second=12,
            )
            self._live.start()
        self._print_complete()

    def reasoning(self, piece: str) -> None:
        if not self._thinks:
            self.close()
        self._thinks = True
        self._console.print(safe(piece), style="dim italic", end="", soft_wrap=True)

    def line(self, kind: str, text: str) -> None:
        self.close()
        self._console.print(f"{MARKS.get(kind, '')}{safe(text)}", style=STYLES.get(kind))

    def close(self) -> None:
        if self._live is not None:
            rest, self._growing = self._growing, ""
            self._live.stop()
            self._live = None
            self._print(rest)
        if self._thinks:
            self._thinks = False
            self._console.print()

    def _print_complete(self) -> None:
        complete, self._growing = split_paragraphs(self._growing)
        if complete.strip():
            self._print(complete)
            self._console.print()

    def _print(self, text: str) -> None:
        from rich.markdown import Markdown

        if text.strip():
            self._console.print(Markdown(text, hyperlinks=False))

    def _drawn(self) -> Markdown | Text:
        """As much of the growing paragraph as the screen can hold."""
        from rich.markdown import Markdown
        from rich.text import Text

        lines = self._growing.splitlines()
        height = max(self._console.height - 3, 1)
        if len(lines) > height:
            return Text("\n".join(lines[-height:]))
        return Markdown(self._growing, hyperlinks=False)


def split_paragraphs(text: str) -> tuple[str, str]:
    """The paragraphs that nothing can change any more, and the rest; blocks of code stay whole."""
    place = text.rfind("\n\n")
    while place > 0:
        before = text[:place]
        if len(_FENCE.findall(before)) % 2 == 0:
            return before, text[place + 2 :]
        place = text.rfind("\n\n", 0, place)
    return "", text
